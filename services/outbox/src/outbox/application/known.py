"""Deliveries as the use cases need them: the plan, and how far it has come."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from events.contracts.deliveries import Channel, FileReference, LetterOptions, MailOptions
from events.database import Connection
from outbox.domain.delivery.plan import Plan
from outbox.domain.slots import Planned
from outbox.domain.states import State

_SELECTED = """
select d.*, f.name from delivery d join document f using (document)
where d.mandant = %(mandant)s and not d.dropped
    and (d.document = any (%(documents)s) or d.delivery = any (%(deliveries)s))
order by d.document, d.slot, d.channel
"""
_SLOTS = """
select d.*, null as name from (
    select distinct document, slot from delivery
    where mandant = %(mandant)s and contact = any (%(contacts)s)
        and state is distinct from 'delivered' and (document, slot) > (%(document)s, %(slot)s)
    order by document, slot limit %(limit)s
) s join delivery d using (document, slot)
order by d.document, d.slot, d.channel
"""
_OF_DOCUMENT = """
select d.*, null as name from delivery d
where mandant = %(mandant)s and document = %(document)s order by slot, channel
"""
_WITHOUT_SENDER = """
select d.*, null as name from delivery d
where mandant = %(mandant)s and sender_missing and not dropped and delivery > %(after)s
order by delivery limit %(limit)s
"""

_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class KnownDelivery:
    """A delivery in the read model; without state it is dropped. `name` is its document's."""

    plan: Plan
    state: State | None
    attempt: int
    name: str | None

    @property
    def planned(self) -> Planned:
        """As one of its slot."""
        plan = self.plan
        dropped = self.state is None
        return Planned(plan.delivery, plan.channel, dropped, plan.by_hand, self.attempt)


async def selected(
    connection: Connection,
    mandant: UUID,
    documents: Collection[UUID],
    deliveries: Collection[UUID],
) -> list[KnownDelivery]:
    """All deliveries of these documents, and these deliveries; each once, without the dropped."""
    wanted = {"mandant": mandant, "documents": [*documents], "deliveries": [*deliveries]}
    return await _known(connection, _SELECTED, wanted)


async def of_document(connection: Connection, mandant: UUID, document: UUID) -> list[KnownDelivery]:
    """All deliveries of a document by slot, the dropped ones too."""
    return await _known(connection, _OF_DOCUMENT, {"mandant": mandant, "document": document})


async def slots_of_contacts(
    connection: Connection,
    mandant: UUID,
    contacts: Collection[UUID],
    after: tuple[UUID, int] | None,
    limit: int,
) -> list[KnownDelivery]:
    """The deliveries in the next `limit` slots of these contacts where not all is delivered."""
    document, slot = after or (_NOBODY, -1)
    wanted = {"contacts": [*contacts], "document": document, "slot": slot, "limit": limit}
    return await _known(connection, _SLOTS, {"mandant": mandant, **wanted})


async def without_sender(
    connection: Connection, mandant: UUID, after: UUID | None, limit: int
) -> list[KnownDelivery]:
    """The next `limit` deliveries that lack a sender, by id."""
    wanted = {"mandant": mandant, "after": after or _NOBODY, "limit": limit}
    return await _known(connection, _WITHOUT_SENDER, wanted)


async def _known(
    connection: Connection, query: str, wanted: Mapping[str, Any]
) -> list[KnownDelivery]:
    cursor = connection.cursor(row_factory=dict_row)
    rows: Sequence[Mapping[str, Any]] = await (
        await cursor.execute(query.encode(), wanted)
    ).fetchall()
    return [_delivery(row) for row in rows]


def _delivery(row: Mapping[str, Any]) -> KnownDelivery:
    plan = Plan(
        delivery=row["delivery"],
        document=row["document"],
        slot=row["slot"],
        contact=row["contact"],
        channel=Channel(row["channel"]),
        file=FileReference.model_validate(row["file"]) if row["file"] else None,
        encrypted=row["encrypted"],
        letter=LetterOptions.model_validate(row["letter_options"]),
        mail=MailOptions.model_validate(row["mail_options"]),
        by_hand=row["by_hand"],
    )
    return KnownDelivery(
        plan, State(row["state"]) if row["state"] else None, row["attempt"], row["name"]
    )
