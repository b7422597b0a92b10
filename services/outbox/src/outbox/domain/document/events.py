"""What happened to a document."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from events.contracts.deliveries import FileReference, LetterOptions, MailOptions
from events.personal import Category, Personal
from events.registry import Event, Registry

registry = Registry()


class Inspected(BaseModel):
    """What the inspection of a PDF found, beyond its pages and bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repaired: bool = False
    encrypted: bool = False
    landscape_pages: int = 0
    not_a4_pages: int = 0
    fonts_not_embedded: int = 0


@registry.event("document.announced")
class DocumentAnnounced(Event):
    """The DMS told of a document. Its file has yet to be inspected, then it is filed.

    The name is sealed under a key of the document's own: a recipient may not be known yet.
    """

    document: UUID
    kind: str | None
    origin: str
    property: UUID | None
    recipients: tuple[UUID, ...]
    sha256: str
    size_bytes: int
    created_by: str
    created_at: AwareDatetime
    announced_at: AwareDatetime
    name: Annotated[str | None, Personal("document", Category.NOTES, own=True)] = None


@registry.event("document.filed")
class DocumentFiled(Event):
    """The document stands in the outbox. Its recipients live in its deliveries.

    `file` is what was inspected, or None where the DMS's file cannot be read. `asked_sha256`
    tells an upload from any other: the bytes as they came, the recipients, the chosen channels.
    """

    document: UUID
    kind: str | None
    origin: str
    property: UUID | None
    recipients: int
    deliveries: int
    size_bytes: int
    file: FileReference | None
    inspected: Inspected | None
    letter: LetterOptions
    mail: MailOptions
    created_by: str
    created_at: AwareDatetime
    filed_at: AwareDatetime
    asked_sha256: str | None = None
    name: Annotated[str | None, Personal("document", Category.NOTES, own=True)] = None


DocumentEvent = DocumentAnnounced | DocumentFiled
