"""What the DMS and the outbox say about documents."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from events.contracts import published
from events.personal import Category, Personal
from events.registry import PublishedEvent

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


@published.event("DocumentFiled")
class DocumentFiled(PublishedEvent):
    """The DMS has a document that is to be sent. Its bytes lie in the document store.

    The outbox keeps the DMS's id. Without recipients a clerk has to choose one. `name_subject` is
    whose key seals the name: the recipient where there is exactly one, since the name carries a
    surname then; else the document, whose key the DMS issues.
    """

    document: UUID
    kind: Slug | None = None
    origin: Slug = "dms"
    property: UUID | None = None
    recipients: tuple[UUID, ...] = Field(default=(), max_length=10_000)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int = Field(ge=1)
    filed_by: str
    filed_at: AwareDatetime
    name_subject: UUID
    name: Annotated[str | None, Personal("name_subject", Category.NOTES)] = None


@published.event("DocumentQueued")
class DocumentQueued(PublishedEvent):
    """A document stands in the outbox. It carries counts; each delivery is told on its own.

    `pages` is None where the file cannot be read: none of its deliveries can be sent then.
    """

    document: UUID
    kind: str | None = None
    origin: str
    recipients: int = Field(ge=1)
    deliveries: int = Field(ge=1)
    pages: int | None = Field(default=None, ge=1)
    size_bytes: int = Field(ge=1)
    queued_at: AwareDatetime
