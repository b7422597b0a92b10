"""Documents that were announced or filed before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from events.database import Connection

_DELIVERIES = "select count(*) from delivery where mandant = %s and document = %s"
_ANNOUNCEMENT = """
select document, name, kind, origin, property, recipients, sha256, size_bytes, created_by,
    created_at, announced_at
from announcement where mandant = %s and document = %s
"""


@dataclass(frozen=True, slots=True)
class Announcement:
    """A document of the DMS that waits to be inspected."""

    document: UUID
    name: str | None
    kind: str | None
    origin: str
    property: UUID | None
    recipients: Sequence[UUID]
    sha256: str
    size_bytes: int
    created_by: str
    created_at: datetime
    announced_at: datetime


async def deliveries_of(connection: Connection, mandant: UUID, document: UUID) -> int:
    """How many deliveries were ever planned for a document; 0 where there is no such document."""
    row = await (await connection.execute(_DELIVERIES, (mandant, document))).fetchone()
    return int(row[0]) if row else 0


async def announcement(
    connection: Connection, mandant: UUID, document: UUID
) -> Announcement | None:
    """The document, while it waits."""
    cursor = connection.cursor(row_factory=class_row(Announcement))
    return await (await cursor.execute(_ANNOUNCEMENT, (mandant, document))).fetchone()
