"""Documents of the DMS: their files are fetched, inspected, and the documents filed."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from documents.rejections import DocumentRejected
from documents.store import (
    DocumentDamagedError,
    DocumentMissingError,
    DocumentStore,
    Reference,
)
from documents.workshop import Workshop
from events import tracing
from events.clock import Clock
from events.contracts.deliveries import FileReference
from events.database import Database
from events.ids import new_id
from events.stream import Cause
from outbox.application.announced import Announcement, announcement
from outbox.application.filing import Entry, Filing, Paper, inspected

_WAITED_FOR = timedelta(hours=24)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Inspecting:
    """Files what was announced. A file that cannot be read is filed as such: a person must see it.

    A file that is not in the store yet is waited for, for a day.
    """

    filing: Filing
    database: Database
    store: DocumentStore
    workshop: Workshop
    clock: Clock

    async def announced(self, mandant: UUID, document: UUID) -> None:
        """File an announced document. Raises what the store raises: try again later."""
        async with self.database.working([mandant]) as connection:
            told = await announcement(connection, mandant, document)
        if told is None:
            return
        entry = Entry(
            mandant=mandant,
            document=document,
            name=told.name,
            kind=told.kind,
            origin=told.origin,
            property=told.property,
            recipients=tuple(told.recipients),
            created_by=told.created_by,
            created_at=told.created_at,
            cause=Cause(new_id(), traceparent=tracing.here()),
        )
        await self.filing.file(entry, await self._look_at(mandant, told))

    async def _look_at(self, mandant: UUID, told: Announcement) -> Paper:
        reference = Reference(mandant, told.sha256, told.size_bytes)
        try:
            content = await self.store.get(reference)
            inspection = await self.workshop.inspect(content)
        except DocumentMissingError:
            if self.clock() - told.announced_at < _WAITED_FOR:
                raise
            return self._unreadable(told, "missing")
        except (DocumentDamagedError, DocumentRejected) as error:
            return self._unreadable(told, getattr(error, "slug", "damaged"))
        sound = inspection.repaired or content
        stored = await self.store.put(mandant, sound)
        file = FileReference(
            sha256=stored.sha256, size_bytes=stored.size_bytes, pages=inspection.pages
        )
        return Paper(file.size_bytes, file, inspected(inspection))

    def _unreadable(self, told: Announcement, slug: str) -> Paper:
        log.warning("document.unreadable", document=str(told.document), reason=slug)
        return Paper(told.size_bytes)
