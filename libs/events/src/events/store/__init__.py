"""What a store of events must do; PostgreSQL and memory both pass the same tests."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from events.keyring import Missing, WrappedKey
from events.personal import KeyId
from events.registry import Json, Name
from events.seal import Sealed


class StreamConflictError(Exception):
    """Another transaction has added to one of the streams. Load them again and decide anew."""

    def __init__(self, streams: Collection[UUID]) -> None:
        super().__init__(f"{len(streams)} streams have moved on")
        self.streams = frozenset(streams)


class ForeignMandantError(Exception):
    """The stream belongs to another mandant than the one that it was asked for."""

    slug = "foreign-mandant"


@dataclass(frozen=True, slots=True)
class Stored:
    """An event as a row: public fields in clear, personal ones sealed beside it."""

    mandant: UUID
    stream: UUID
    version: int
    id: UUID
    name: Name
    at: datetime
    meta: Json
    fields: Json
    sealed: tuple[Sealed, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """A finished Kafka record: nothing in it needs a key or a rule any more."""

    topic: str
    key: bytes
    headers: tuple[tuple[str, bytes], ...]
    value: bytes


Keys = Mapping[KeyId, WrappedKey | Missing]


class Transaction(Protocol):
    """What happens to streams, keys and records between begin and commit."""

    async def lock(self, streams: Collection[UUID]) -> None:
        """Wait until nobody else works on these streams; held to the end of the transaction."""

    async def load(
        self, streams: Collection[UUID], opened: Collection[UUID] | None = None
    ) -> Mapping[UUID, Sequence[Stored]]:
        """The events of the streams by version. A stream without any is left out.

        Sealed blocks come with the streams that are to be opened: all, unless they are named.
        """

    async def keys(self, ids: Collection[KeyId]) -> Keys:
        """The keys of subjects, kept from erasure until the transaction ends."""

    async def add_keys(self, mandant: UUID, made: Sequence[WrappedKey]) -> frozenset[KeyId]:
        """Keep keys that this service has made; says which of them were not there before."""

    async def append(self, rows: Sequence[Stored]) -> None:
        """Add events; all or, with `StreamConflictError`, none."""

    async def enqueue(self, records: Iterable[Record]) -> None:
        """Hand records to the relay, in this order, when the transaction commits."""


class Store(Protocol):
    """Where a service keeps its events."""

    def transaction(self, mandants: Collection[UUID]) -> AbstractAsyncContextManager[Transaction]:
        """A transaction that sees these mandants only; leaving it without an error commits."""
