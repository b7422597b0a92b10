"""Keeps the table `delivery_timeline`: every fact of a delivery, with its instant and source."""

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from psycopg.types.json import Jsonb

from events.database import Connection
from events.stream import Change, Recorded
from outbox.domain.delivery.events import (
    DeliveryAnswered,
    DeliveryChecked,
    DeliveryDropped,
    DeliveryEvent,
    DeliveryPlanned,
    DeliveryRequested,
    WithdrawalRequested,
)

_ADD = """
insert into delivery_timeline (delivery, version, mandant, at, recorded_at, what, attempt, source,
    reason, text, code, reference)
select delivery, version, mandant, at, recorded_at, what, attempt, source, reason, text, code,
    reference
from jsonb_to_recordset(%s) as new (delivery uuid, version int, mandant uuid, at timestamptz,
    recorded_at timestamptz, what text, attempt int, source text, reason text, text text,
    code text, reference text)
order by delivery, version
on conflict do nothing
"""


async def enter(connection: Connection, changes: Sequence[Change]) -> None:
    """Enter every new fact, once."""
    rows = [_row(recorded) for change in changes for recorded in change.recorded]
    await connection.execute(_ADD, (Jsonb(rows),))


def _row(recorded: Recorded) -> Mapping[str, Any]:
    event = recorded.event
    assert isinstance(event, DeliveryEvent)
    return {
        "delivery": str(recorded.stream),
        "version": recorded.version,
        "mandant": str(recorded.mandant),
        "recorded_at": recorded.at.isoformat(),
        "source": recorded.cause.actor,
        **_told(event),
    }


def _told(event: DeliveryEvent) -> Mapping[str, Any]:
    match event:
        case DeliveryPlanned(planned_at=at):
            return {"what": "planned", "at": at.isoformat()}
        case DeliveryChecked(checked_at=at):
            return {"what": "checked", "at": at.isoformat(), "reason": _slugs(event)}
        case DeliveryDropped(dropped_at=at):
            return {"what": "dropped", "at": at.isoformat()}
        case DeliveryRequested(requested_at=at):
            return {"what": "requested", "at": at.isoformat(), "attempt": event.attempt}
        case WithdrawalRequested(requested_at=at):
            what = "withdrawal-requested"
            return {"what": what, "at": at.isoformat(), "attempt": event.attempt}
        case DeliveryAnswered():
            kept = {"at", "attempt", "source", "reason", "text", "code", "reference"}
            return {"what": event.answer.value, **event.model_dump(mode="json", include=kept)}
        case _ as never:
            assert_never(never)


def _slugs(event: DeliveryChecked) -> str | None:
    return " ".join(reason.slug for reason in event.reasons) or None
