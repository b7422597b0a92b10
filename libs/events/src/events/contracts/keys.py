"""What is said about subjects' keys: the records of the topic SubjectKeys, and that one is gone.

SubjectKeys is compacted and kept for ever: the last record under each key is its last word, first
the wrapped key, after an erasure the fence. A null is never written: compaction drops it, and who
was away then would never hear of the erasure.
"""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Base64Bytes, BaseModel, ConfigDict

from events.contracts import published
from events.personal import Category
from events.registry import PublishedEvent


class _KeyRecord(BaseModel):
    """What every record of the topic does: it is frozen, and ignores what it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _AboutSubject(_KeyRecord):
    """Whose data, and which kind of it."""

    mandant: UUID
    subject: UUID
    category: Category

    @property
    def key(self) -> str:
        """The record's key: compaction keeps the last word on each subject and category."""
        return f"{self.subject}:{self.category}"


class SubjectKey(_AboutSubject):
    """A wrapped key. `fingerprint` names the key that sealed blocks were made with."""

    kind: Literal["key"] = "key"
    wrapped: Base64Bytes
    kek: str
    fingerprint: str
    issued_at: AwareDatetime


class SubjectFence(_AboutSubject):
    """The fence: this key is gone for ever, and none will come after it.

    `fingerprint` names the key that was destroyed; None: there never was one.
    """

    kind: Literal["fence"]
    fingerprint: str | None = None
    erased_at: AwareDatetime


class Tick(_KeyRecord):
    """Says nothing: without new records Kafka closes no segment, and compacts only closed ones."""

    kind: Literal["tick"]
    at: AwareDatetime

    @property
    def key(self) -> str:
        """One for all ticks, so that compaction keeps the last one only."""
        return "tick"


@published.event("ErasureConfirmed")
class ErasureConfirmed(PublishedEvent):
    """The speaking service has destroyed its copy of this key, and all that it kept of this kind.

    It answers each fence that it hears, a repeated one too. `fingerprint` as in the fence.
    """

    subject: UUID
    category: Category
    fingerprint: str | None = None
    confirmed_at: AwareDatetime
