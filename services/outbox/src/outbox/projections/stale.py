"""Finds checks that rest on what is no longer so, whatever came first.

A delivery is checked against what was read before its transaction. Meanwhile the recipient may
have become known, or the mandant may have got a sender. So the rows that a check rested on are
locked here, in the transaction that records it: what was committed before is seen and leaves a
chore; whoever comes later waits for us, and leaves one himself.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from events.database import Connection
from events.stream import Change
from outbox.domain.checks import Reason
from outbox.domain.delivery.events import DeliveryChecked, DeliveryPlanned
from outbox.domain.delivery.state import Delivery
from outbox.domain.recipient.snapshot import Stamp
from outbox.projections.chores import ChoreKind, leave

_KNOWN_OR_NOT = """
insert into recipient (mandant, contact)
select * from unnest(%s::uuid[], %s::uuid[]) as c (mandant, contact) order by contact, mandant
on conflict do nothing
"""
# For somebody erased the poller looks whether a document's name has to go along.
_STAMPS = """
select mandant, contact, epoch, version, contact in (
    select subject from erasure_fence where category = 'notes')
from recipient
where (mandant, contact) in (select * from unnest(%s::uuid[], %s::uuid[]))
order by contact, mandant for share
"""
_SET_OR_NOT = """
insert into mandant_setting (mandant) select * from unnest(%s::uuid[]) as m order by m
on conflict do nothing
"""
_WITH_SENDER = """
select mandant from mandant_setting where mandant = any (%s) and sender is not null
order by mandant for share
"""


async def look_again(connection: Connection, changes: Sequence[Change]) -> None:
    """Leave a chore for each contact and mandant whose deliveries were checked too early."""
    checks = [
        (change, each.event)
        for change in changes
        for each in change.recorded
        if isinstance(each.event, DeliveryPlanned | DeliveryChecked)
    ]
    against = {
        (change.mandant, contact, event.against)
        for change, event in checks
        if (contact := _contact(change)) is not None
    }
    lacking = {change.mandant for change, event in checks if _lacks_sender(event.reasons)}
    if against:
        await _look_at_recipients(connection, against)
    if lacking:
        await _look_at_senders(connection, lacking)


async def _look_at_recipients(
    connection: Connection, against: Iterable[tuple[UUID, UUID, Stamp | None]]
) -> None:
    pairs = sorted({(mandant, contact) for mandant, contact, _ in against})
    columns = ([mandant for mandant, _ in pairs], [contact for _, contact in pairs])
    await connection.execute(_KNOWN_OR_NOT, columns)
    found = await (await connection.execute(_STAMPS, columns)).fetchall()
    now = {
        (mandant, contact): None if epoch is None else Stamp(epoch, version)
        for mandant, contact, epoch, version, _ in found
    }
    stale = {(mandant, who) for mandant, who, stamp in against if now[mandant, who] != stamp}
    erased = {(mandant, contact) for mandant, contact, *_, is_erased in found if is_erased}
    await leave(connection, ChoreKind.RECIPIENT, stale | erased)


async def _look_at_senders(connection: Connection, mandants: Iterable[UUID]) -> None:
    lacking = sorted(mandants)
    await connection.execute(_SET_OR_NOT, (lacking,))
    found = await (await connection.execute(_WITH_SENDER, (lacking,))).fetchall()
    await leave(connection, ChoreKind.SENDER, [(mandant, mandant) for (mandant,) in found])


def _contact(change: Change) -> UUID | None:
    assert isinstance(change.after, Delivery)
    return change.after.plan.contact if change.after.plan else None


def _lacks_sender(reasons: Iterable[Reason]) -> bool:
    return any(reason.slug == "sender-missing" for reason in reasons)
