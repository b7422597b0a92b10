"""What is said of dead records, on the command line and over HTTP."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel


class DeadGroup(BaseModel):
    """How many died of the same reason in the same topic."""

    topic: str
    reason: str
    records: int
    first_failed_at: datetime
    last_failed_at: datetime


class DeadRecord(BaseModel):
    """One of them, without its content."""

    id: UUID
    mandant: UUID | None
    topic: str
    partition: int
    offset: int
    attempts: int
    reason: str
    first_failed_at: datetime
    last_failed_at: datetime


class DeadList(BaseModel):
    """All of them counted, and the newest by themselves."""

    groups: list[DeadGroup]
    records: list[DeadRecord]


class Earlier(BaseModel):
    """What an operator did to a record before, and what it had died of then."""

    at: datetime
    actor: str
    action: str
    reason: str | None
    attempts: int | None
    first_failed_at: datetime | None
    last_failed_at: datetime | None
    why: str | None


class DeadDetails(DeadRecord):
    """All that is known of one, as far as it names nobody, and what to do about it."""

    what_to_do: str
    correlation: UUID | None
    trace: str | None
    key: str
    headers: list[tuple[str, str]]
    value: Any
    value_bytes: int | None
    stack: list[str]
    history: list[Earlier]
