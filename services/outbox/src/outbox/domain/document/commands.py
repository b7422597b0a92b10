"""What may be asked of a document's stream. Each command carries the fact that it asks for."""

from dataclasses import dataclass

from outbox.domain.document.events import DocumentAnnounced, DocumentFiled


@dataclass(frozen=True, slots=True)
class AnnounceDocument:
    """Remember a document of the DMS, to be inspected and filed."""

    announcement: DocumentAnnounced


@dataclass(frozen=True, slots=True)
class FileDocument:
    """Put an inspected document into the outbox."""

    filing: DocumentFiled


DocumentCommand = AnnounceDocument | FileDocument
