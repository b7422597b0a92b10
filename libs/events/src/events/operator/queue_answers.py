"""What is said of a service's queues, on the command line and over HTTP."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel


class TopicDepth(BaseModel):
    """The records of one topic, and since when the oldest is here."""

    topic: str
    records: int
    oldest: datetime


class Waiting(BaseModel):
    """Records that wait for the same thing: a key, a key-encryption key, a release, a person."""

    waiting_for: str
    topic: str
    records: int
    since: datetime | None


class InboxStatus(BaseModel):
    """`due` could be handled now; `retried` have failed before."""

    records: int
    oldest: datetime | None
    due: int
    retried: int
    topics: list[TopicDepth]
    waiting: list[Waiting]


class RefusedRecord(BaseModel):
    """A record that Kafka will not take as it is."""

    seq: int
    topic: str
    at: datetime
    reason: str
    value_bytes: int


class RelayStatus(BaseModel):
    """What is not in Kafka yet; refused records are counted apart."""

    records: int
    oldest: datetime | None
    topics: list[TopicDepth]
    refused: list[RefusedRecord]


class WorkGroup(BaseModel):
    """Tasks of one kind; `failing` are those that our own bug keeps from being done."""

    lane: str
    task: str
    tasks: int
    next_due: datetime
    failing: int


class FailingTask(BaseModel):
    """A task that fails, and what with; it is tried again at `due_at`."""

    stream: UUID
    mandant: UUID
    lane: str
    task: str
    due_at: datetime
    attempts: int
    error: str | None


class WorkStatus(BaseModel):
    """What is to be done outside."""

    groups: list[WorkGroup]
    failing: list[FailingTask]
