"""How a subject's key travels on the topic SubjectKeys: wrapped, one record per key."""

from uuid import UUID

from pydantic import AwareDatetime, Base64Bytes, BaseModel, ConfigDict

from events.personal import Category


class SubjectKey(BaseModel):
    """A wrapped key. `fingerprint` names the key that sealed blocks were made with."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    mandant: UUID
    subject: UUID
    category: Category
    wrapped: Base64Bytes
    kek: str
    fingerprint: str
    issued_at: AwareDatetime

    @property
    def key(self) -> str:
        """The record's key: compaction keeps the last word on each subject and category."""
        return f"{self.subject}:{self.category}"
