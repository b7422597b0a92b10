"""Read models: told twice they say the same, and they can be made again from the log."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from uuid import uuid4

import pytest
from tests.outbox.builders import at
from tests.outbox.office import Office

from events.contracts import deliveries
from events.contracts.deliveries import Channel
from events.database import Connection
from events.service import Machinery, machinery
from events.stream import Change
from outbox.projections import project
from outbox.settings import OutboxSettings
from outbox.wiring import Outbox, blueprint

READ_MODELS = ("document", "delivery", "delivery_timeline", "recipient", "mandant_setting")


@dataclass(slots=True)
class Recorder:
    """A projection that also remembers what it was told."""

    told: list[Sequence[Change]] = field(default_factory=list)

    async def project(self, connection: Connection, changes: Sequence[Change]) -> None:
        self.told.append(changes)
        await project(connection, changes)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def parts(settings: OutboxSettings, recorder: Recorder) -> AsyncIterator[Machinery]:
    """The machinery, with a projection that remembers."""
    async with machinery(
        settings, replace(blueprint(settings), project=recorder.project)
    ) as running:
        yield running


async def a_day(office: Office) -> None:
    """Documents filed, rearranged, sent, withdrawn, answered."""
    await office.open()
    contacts = [uuid4() for _ in range(4)]
    for contact in contacts:
        await office.neighbours.contact(contact, Channel.EPOST)
    await office.settle()
    document = await office.file(*contacts)
    await office.file(uuid4(), contacts[0])
    await office.neighbours.contact(contacts[0], Channel.MAIL)
    await office.settle()
    await office.send(document)
    first, second, third, _ = office.requests()
    await office.clerk.post(f"/deliveries/{third.delivery}/withdraw")
    await office.neighbours.answer(deliveries.DeliverySucceeded, first, at(1))
    await office.neighbours.answer(deliveries.DeliveryFailed, second, at(1))
    await office.neighbours.answer(deliveries.DeliveryWithdrawn, third, at(1))
    await office.settle()


def contents(office: Office) -> dict[str, set[str]]:
    return {
        table: {row for (row,) in office.rows(f"select t::text from {table} t")}  # noqa: S608 - our own table names
        for table in READ_MODELS
    }


@asynccontextmanager
async def of_mandant(office: Office, outbox: Outbox) -> AsyncIterator[Connection]:
    async with outbox.parts.database.working([office.neighbours.mandant]) as connection:
        yield connection


@pytest.mark.spec("PLT-01", "OUT-20")
async def test_what_is_told_again_changes_nothing(
    office: Office, outbox: Outbox, recorder: Recorder
) -> None:
    await a_day(office)
    before = contents(office)
    assert all(before.values())

    async with of_mandant(office, outbox) as connection:
        for changes in [*recorder.told, *reversed(recorder.told)]:
            await project(connection, changes)

    assert contents(office) == before


@pytest.mark.spec("PLT-01", "OUT-20")
async def test_read_models_can_be_made_again(
    office: Office, outbox: Outbox, recorder: Recorder
) -> None:
    await a_day(office)
    before = contents(office)

    async with of_mandant(office, outbox) as connection:
        for table in READ_MODELS:
            await connection.execute(f"delete from {table}".encode())  # noqa: S608 - our own table names
        for changes in recorder.told:
            await project(connection, changes)

    assert contents(office) == before


@pytest.mark.spec("OUT-20")
async def test_the_counters_are_those_of_the_deliveries(office: Office) -> None:
    await a_day(office)

    counted = office.rows(
        "select document, coalesce(count(*) filter (where not dropped), 0) from delivery group by 1"
    )
    totals = office.rows(
        "select document, open + delivered + failed + in_progress + on_hold from document"
    )

    assert dict(counted) == dict(totals)
    channels = office.rows(
        "select by_epost + by_mail + by_print + by_portal + by_mailshare"
        " - open - delivered - failed - in_progress - on_hold from document"
    )
    assert set(channels) == {(0,)}
