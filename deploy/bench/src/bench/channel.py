"""A channel whose provider takes and delivers everything at once; all else is as in a real one.

`python -m bench.channel PROCESS` starts one of its processes.
"""

from collections.abc import Sequence
from datetime import datetime

from pydantic_settings import SettingsConfigDict

from bench.parcel import PARCEL, Intend, Parcel, Plan, Planned, Tell
from events.contracts.deliveries import Channel, DeliveryRequested
from events.hearing import Translated, ordering
from events.lease import Lease
from events.process import machinery_processes, run_together, start
from events.service import Blueprint, Machinery, machinery
from events.settings import ServiceSettings
from events.stream import Heard, Order
from events.work import Due, Lane, keep_next_step

PROCESSES = ("intake", "worker", "relay", "sender")
_LANE, _TASK = "instant", "send"
_AT_ONCE = 500


def _plan(heard: Heard) -> Translated:
    event = heard.event
    assert isinstance(event, DeliveryRequested)
    plan = Planned(
        delivery=event.delivery,
        document=event.document,
        contact=event.contact,
        at=heard.heard_at,
        name_lines=event.name_lines,
        address_lines=event.address_lines,
        file_names=event.file_names,
    )
    return Translated(event.delivery, Plan(plan))


def _next_step(parcel: Parcel) -> tuple[str, datetime] | None:
    return None if parcel.delivered or not parcel.plan else (_TASK, parcel.plan.at)


class InstantSettings(ServiceSettings):
    """As every service has them, from variables that begin with INSTANT_."""

    model_config = SettingsConfigDict(env_prefix="INSTANT_")


def blueprint(_: InstantSettings) -> Blueprint:
    return Blueprint(
        source="delivery-instant",
        hears={DeliveryRequested: ordering(PARCEL, _plan)},
        project=keep_next_step(_LANE, _next_step),
        channel=Channel.EPOST,
    )


def lane(parts: Machinery) -> Lane:
    """Intent first, then what the provider said: two transactions for a batch, as real ones do."""

    async def send(items: Sequence[Due], _: Lease) -> None:
        for command in (Intend, Tell):
            now = parts.clock()
            orders = [Order(PARCEL, item.stream, item.mandant, command(now)) for item in items]
            await parts.commands.run(orders)

    return Lane(parts, _LANE, frozenset({_TASK}), send, batch_max=_AT_ONCE)


async def run_processes(settings: InstantSettings, chosen: str) -> None:
    async with machinery(settings, blueprint(settings)) as parts:
        processes = {**machinery_processes(parts), "sender": lane(parts).run}
        await run_together(processes if chosen == "all" else {chosen: processes[chosen]})


if __name__ == "__main__":
    start("bench", InstantSettings, blueprint, PROCESSES, run_processes)
