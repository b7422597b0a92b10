"""The read model holds each contact as its newest event says, and no erased one."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from contacts.application import CONTACT
from contacts.domain.decider import Contact
from contacts.domain.events import ContactRegistered
from contacts.domain.names import Person
from contacts.projections import project
from contacts.queries import ContactQueries
from events.contracts.contacts import ContactKind
from events.service import Machinery
from events.stream import Cause, Change, Recorded

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)


def change(mandant: UUID, contact: UUID, version: int, surname: str | None) -> Change:
    names = Person(surname=surname) if surname else None
    event = ContactRegistered(
        contact=contact, at=AT, kind=ContactKind.PERSON, preferred_channels=(), names=names
    )
    recorded = Recorded(uuid4(), mandant, contact, version, AT, event, Cause(uuid4()))
    return Change(CONTACT, contact, mandant, Contact(), Contact(version), (recorded,))


async def surnames(parts: Machinery, mandant: UUID, *changes: Change) -> dict[UUID, Any]:
    async with parts.database.working([mandant]) as connection:
        for each in changes:
            await project(connection, [each])
        rows = await connection.execute("select contact, short_name from contact")
        return dict(await rows.fetchall())


async def test_a_late_or_repeated_event_changes_nothing(parts: Machinery, mandant: UUID) -> None:
    contact = uuid4()
    first, second = (change(mandant, contact, n, f"Müller {n}") for n in (1, 2))

    assert await surnames(parts, mandant, first, second, second, first) == {contact: "Müller 2"}


async def test_several_contacts_are_saved_at_once(parts: Machinery, mandant: UUID) -> None:
    contacts = [uuid4() for _ in range(50)]
    async with parts.database.working([mandant]) as connection:
        await project(connection, [change(mandant, c, 1, f"N{n}") for n, c in enumerate(contacts)])

    assert len(await surnames(parts, mandant)) == 50


async def test_a_rebuild_brings_no_erased_contact_back(parts: Machinery, mandant: UUID) -> None:
    contact = uuid4()

    assert await surnames(parts, mandant, change(mandant, contact, 1, None)) == {}
    assert await ContactQueries(parts.database).saved(mandant, contact) is None
