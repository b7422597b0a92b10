"""Takes out of the read models what an erased key has opened, and names what goes with it.

A document's name carries the surname of its only recipient, under a key of the document's own. So
a document goes with its recipients: once all of them are erased, its name is too.
"""

from collections.abc import Collection
from typing import LiteralString, assert_never
from uuid import UUID

from events.database import Connection
from events.personal import Category, KeyId
from outbox.projections.chores import ChoreKind, leave

# The block in front of a letter names the person too.
_FORGET_IDENTITY: LiteralString = """
update recipient set short_name = null, salutation = null, name_lines = null, address_lines = null
where mandant = %s and contact = %s returning contact
"""
_FORGET_COMMUNICATION: LiteralString = """
update recipient set postal_address = null, address_lines = null, mail_address = null
where mandant = %s and contact = %s returning contact
"""
_FORGET_NAME = "update document set name = null where document = %s and name is not null"
_FORGET_ANNOUNCED = "update announcement set name = null where document = %s and name is not null"

# Whoever files a document for this person holds the row until he commits: see `stale`.
_KNOWN_OR_NOT = """
insert into recipient (mandant, contact) select %(mandant)s, %(subject)s
where not exists (select from document where document = %(subject)s)
    and not exists (select from announcement where document = %(subject)s)
on conflict do nothing
"""
_WAIT_FOR_FILING = """
select from recipient where mandant = %(mandant)s and contact = %(subject)s for update
"""
_GO_ALONG = """
select document from document
where name is not null
    and document in (select document from delivery where contact = any (%(contacts)s))
    and not exists (
        select from delivery d where d.document = document.document
        and (d.contact is null or d.contact not in (
            select subject from erasure_fence where category = 'notes')))
union
select document from announcement
where name is not null and recipients && %(contacts)s
    and not exists (
        select from unnest(recipients) r where r not in (
            select subject from erasure_fence where category = 'notes'))
"""


async def erase(connection: Connection, mandant: UUID, key: KeyId) -> Collection[KeyId]:
    """Forget what is shown of this person, or this document; returns documents that go along."""
    match key.category:
        case Category.IDENTITY:
            await _forget(connection, _FORGET_IDENTITY, mandant, key.subject)
        case Category.COMMUNICATION:
            await _forget(connection, _FORGET_COMMUNICATION, mandant, key.subject)
        case Category.NOTES:
            about = {"mandant": mandant, "subject": key.subject}
            await connection.execute(_KNOWN_OR_NOT, about)
            await connection.execute(_WAIT_FOR_FILING, about)
            await connection.execute(_FORGET_NAME, (key.subject,))
            await connection.execute(_FORGET_ANNOUNCED, (key.subject,))
            return await names_going_along(connection, [key.subject])
        case Category.BANKING | Category.PRIVATE | Category.EVIDENCE:
            pass
        case _ as never:
            assert_never(never)
    return ()


async def names_going_along(
    connection: Connection, contacts: Collection[UUID]
) -> Collection[KeyId]:
    """The keys of documents that still have a name, and none but erased recipients."""
    found = await connection.execute(_GO_ALONG, {"contacts": list(contacts)})
    return {KeyId(document, Category.NOTES) for (document,) in await found.fetchall()}


async def _forget(
    connection: Connection, statement: LiteralString, mandant: UUID, contact: UUID
) -> None:
    """And have the deliveries checked again: nobody can be written to any more."""
    found = await connection.execute(statement, (mandant, contact))
    if await found.fetchone() is not None:
        await leave(connection, ChoreKind.RECIPIENT, [(mandant, contact)])
