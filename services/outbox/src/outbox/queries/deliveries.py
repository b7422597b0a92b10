"""Deliveries as rows of a document's detail, and one with its timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import class_row, dict_row

from events.contracts.deliveries import Channel
from events.database import Database
from outbox.domain.checks import Reason
from outbox.domain.states import State

_ONE = """
select d.*, r.short_name as recipient
from delivery d left join recipient r on r.contact = d.contact and r.mandant = d.mandant
where d.mandant = %(mandant)s and d.delivery = %(delivery)s and not d.dropped
"""
# First the page, then its recipients: a fresh table has no statistics to find that out by.
_PAGE = """
select d.*, r.short_name as recipient from (
    select * from delivery
    where mandant = %(mandant)s and document = %(document)s and not dropped
        and (slot, channel) > (%(slot)s, %(channel)s)
    order by slot, channel limit %(limit)s
) d left join recipient r on r.contact = d.contact and r.mandant = d.mandant
order by d.slot, d.channel
"""
_TIMELINE = """
select at, recorded_at, what, attempt, source, reason, text, code, reference
from delivery_timeline where mandant = %s and delivery = %s order by at, version
"""


class DeliveryPlace(NamedTuple):
    """Where a page ended."""

    slot: int
    channel: str


_BEGINNING = DeliveryPlace(-1, "")


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A delivery; `recipient` is None where he is not chosen, not known yet, or erased."""

    delivery: UUID
    document: UUID
    slot: int
    contact: UUID | None
    recipient: str | None
    channel: Channel
    state: State
    since: datetime
    attempt: int
    withdrawable: bool
    withdrawing: bool
    needs_decision: bool
    by_hand: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """An entry of the timeline: when it happened, when we learned of it, and from whom."""

    at: datetime
    recorded_at: datetime
    what: str
    attempt: int | None
    source: str
    reason: str | None
    text: str | None
    code: str | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class DeliveryQueries:
    """Answers about the deliveries of one mandant at a time."""

    database: Database

    async def of_document(
        self, mandant: UUID, document: UUID, after: DeliveryPlace | None, limit: int
    ) -> list[DeliveryLine]:
        """Up to `limit` deliveries in the order of the recipients, or those after a place."""
        place = (after or _BEGINNING)._asdict()
        wanted = {"mandant": mandant, "document": document, "limit": limit, **place}
        return await self._lines(mandant, _PAGE, wanted)

    async def line(self, mandant: UUID, delivery: UUID) -> DeliveryLine | None:
        """One delivery, if the mandant has it and it was not dropped."""
        wanted = {"mandant": mandant, "delivery": delivery}
        return next(iter(await self._lines(mandant, _ONE, wanted)), None)

    async def timeline(self, mandant: UUID, delivery: UUID) -> Sequence[Fact]:
        """All that is known of a delivery, by the instants at which it happened."""
        async with self.database.working([mandant]) as connection:
            cursor = connection.cursor(row_factory=class_row(Fact))
            return await (await cursor.execute(_TIMELINE, (mandant, delivery))).fetchall()

    async def _lines(
        self, mandant: UUID, query: str, wanted: Mapping[str, Any]
    ) -> list[DeliveryLine]:
        async with self.database.working([mandant]) as connection:
            cursor = connection.cursor(row_factory=dict_row)
            rows = await (await cursor.execute(query.encode(), wanted)).fetchall()
        return [_line(row) for row in rows]


def _line(row: Mapping[str, Any]) -> DeliveryLine:
    return DeliveryLine(
        delivery=row["delivery"],
        document=row["document"],
        slot=row["slot"],
        contact=row["contact"],
        recipient=row["recipient"],
        channel=Channel(row["channel"]),
        state=State(row["state"]),
        since=row["since"],
        attempt=row["attempt"],
        withdrawable=row["withdrawable"],
        withdrawing=row["withdrawing"],
        needs_decision=row["needs_decision"],
        by_hand=row["by_hand"],
        reasons=tuple(Reason(**reason) for reason in row["reasons"]),
    )
