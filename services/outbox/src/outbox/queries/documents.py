"""Documents as rows of the overview, and one by one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import dict_row

from events.contracts.deliveries import Channel, FileReference
from events.database import Database
from outbox.domain.document.events import Inspected
from outbox.domain.states import Counter, Tally

_ROW = """
select document, name, kind, origin, property, recipients, size_bytes, file, inspected,
    created_by, created_at, open, delivered, failed, in_progress, on_hold,
    by_epost, by_mail, by_print, by_portal, by_mailshare
from document where mandant = %(mandant)s
"""
_ONE = _ROW + " and document = %(document)s"
_FIRST_PAGE = _ROW + " order by created_at desc, document desc limit %(limit)s"
_NEXT_PAGE = _ROW + (
    " and (created_at, document) < (%(created_at)s, %(document)s)"
    " order by created_at desc, document desc limit %(limit)s"
)


class Place(NamedTuple):
    """Where a page ended."""

    created_at: datetime
    document: UUID


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A document of the overview."""

    document: UUID
    name: str | None
    kind: str | None
    origin: str
    property: UUID | None
    recipients: int
    size_bytes: int
    file: FileReference | None
    inspected: Inspected | None
    created_by: str
    created_at: datetime
    tally: Tally
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class DocumentQueries:
    """Answers about the documents of one mandant at a time."""

    database: Database

    async def lines(self, mandant: UUID, after: Place | None, limit: int) -> list[DocumentLine]:
        """Up to `limit` documents, the newest first, or those that follow a place."""
        wanted = {"mandant": mandant, "limit": limit, **(after._asdict() if after else {})}
        return await self._lines(mandant, _NEXT_PAGE if after else _FIRST_PAGE, wanted)

    async def line(self, mandant: UUID, document: UUID) -> DocumentLine | None:
        """One document, if the mandant has it."""
        wanted = {"mandant": mandant, "document": document}
        return next(iter(await self._lines(mandant, _ONE, wanted)), None)

    async def _lines(
        self, mandant: UUID, query: str, wanted: Mapping[str, Any]
    ) -> list[DocumentLine]:
        async with self.database.working([mandant]) as connection:
            cursor = connection.cursor(row_factory=dict_row)
            rows = await (await cursor.execute(query.encode(), wanted)).fetchall()
        return [_line(row) for row in rows]


def _line(row: Mapping[str, Any]) -> DocumentLine:
    fields = dict(row)
    tally = Tally(*(fields.pop(counter.value) for counter in Counter))
    counts = {channel: fields.pop(f"by_{channel}") for channel in Channel}
    file, inspected = fields.pop("file"), fields.pop("inspected")
    return DocumentLine(
        **fields,
        file=FileReference.model_validate(file) if file else None,
        inspected=Inspected.model_validate(inspected) if inspected else None,
        tally=tally,
        channels=tuple(channel for channel, count in counts.items() if count),
    )
