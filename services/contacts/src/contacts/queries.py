"""Read models -> answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import class_row, dict_row
from pydantic import TypeAdapter

from contacts.domain.details import ContactDetails
from events.database import Database

_DETAILS = TypeAdapter(ContactDetails)

_ONE = """
select version, changed_at, names, salutation_override, postal_address, mail_address,
    preferred_channels
from contact where mandant = %s and contact = %s
"""

_PAGE = """
select contact, version, kind, short_name, sort_name, preferred_channels from contact
where mandant = %(mandant)s and (sort_name, contact) > (%(sort_name)s, %(contact)s)
order by sort_name, contact limit %(limit)s
"""


@dataclass(frozen=True, slots=True)
class SavedContact:
    """A contact as it stands in the book."""

    contact: UUID
    version: int
    changed_at: datetime
    details: ContactDetails


@dataclass(frozen=True, slots=True)
class ContactLine:
    """A contact as one line of a list."""

    contact: UUID
    version: int
    kind: str
    short_name: str
    sort_name: str
    preferred_channels: Sequence[str]


class Place(NamedTuple):
    """Where a page ended; the next one begins after it."""

    sort_name: str
    contact: UUID


BEGINNING = Place("", UUID(int=0))


@dataclass(frozen=True, slots=True)
class ContactQueries:
    """Looks into the address books. Isolation would hide foreign rows even without the filter."""

    database: Database

    async def saved(self, mandant: UUID, contact: UUID) -> SavedContact | None:
        """The contact, if the mandant has one and it was not erased."""
        async with self.database.working([mandant]) as connection:
            cursor = connection.cursor(row_factory=dict_row)
            row = await (await cursor.execute(_ONE, (mandant, contact))).fetchone()
        if row is None:
            return None
        version, changed_at = row.pop("version"), row.pop("changed_at")
        return SavedContact(contact, version, changed_at, _DETAILS.validate_python(row))

    async def lines(self, mandant: UUID, after: Place, limit: int) -> list[ContactLine]:
        """Up to `limit` contacts that follow a place, in the order of German lists of names."""
        wanted = {"mandant": mandant, "limit": limit, **after._asdict()}
        async with self.database.working([mandant]) as connection:
            cursor = connection.cursor(row_factory=class_row(ContactLine))
            return await (await cursor.execute(_PAGE, wanted)).fetchall()
