"""What operators send, and hear, when they mend something over HTTP."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

_TOGETHER_MAX = 1000


class RedriveBody(BaseModel):
    """Either some records by their ids, or all, perhaps of one topic or with one reason."""

    model_config = ConfigDict(extra="forbid")

    ids: list[UUID] = Field(default_factory=list, max_length=_TOGETHER_MAX)
    all: bool = False
    topic: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,120}$")
    reason: str | None = Field(default=None, pattern=r"^[a-z][a-z-]{0,60}$")

    @model_validator(mode="after")
    def _says_which(self) -> "RedriveBody":
        if bool(self.ids) == self.all:
            raise ValueError("either ids or all")
        if self.ids and (self.topic or self.reason):
            raise ValueError("ids need no topic and no reason")
        return self


class Redriven(BaseModel):
    """How many went back into the inbox; the others were not among the dead (any more)."""

    redriven: int


class DropBody(BaseModel):
    """Why the record is given up; kept for ever, so it names nobody."""

    model_config = ConfigDict(extra="forbid")

    why: str = Field(min_length=3, max_length=500, pattern=r"^[^\x00]*$")
