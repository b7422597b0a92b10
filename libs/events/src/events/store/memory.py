"""The store of events in memory, for tests of rules that need no database."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID

from events.keyring import Missing, WrappedKey
from events.personal import KeyId
from events.store import ForeignMandantError, Keys, Record, Stored, StreamConflictError


@dataclass(slots=True)
class _Contents:
    events: dict[UUID, list[Stored]] = field(default_factory=dict)
    keys: dict[KeyId, tuple[UUID, WrappedKey]] = field(default_factory=dict)
    fences: set[KeyId] = field(default_factory=set)
    records: list[Record] = field(default_factory=list)


class MemoryStore:
    """Events in memory. Transactions run one after the other; an error undoes its own."""

    def __init__(self) -> None:
        self._contents = _Contents()
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self, mandants: Collection[UUID]) -> AsyncIterator["MemoryTransaction"]:
        async with self._turn:
            now = self._contents
            draft = _Contents(
                {stream: list(rows) for stream, rows in now.events.items()},
                dict(now.keys),
                set(now.fences),
                list(now.records),
            )
            yield MemoryTransaction(draft, frozenset(mandants))
            self._contents = draft

    @property
    def records(self) -> Sequence[Record]:
        """What the relay would have been given so far, in order."""
        return tuple(self._contents.records)

    def erase(self, key: KeyId) -> None:
        """Put a fence where a key was."""
        self._contents.keys.pop(key, None)
        self._contents.fences.add(key)


class MemoryTransaction:
    """One transaction on a draft of the contents."""

    def __init__(self, draft: _Contents, mandants: frozenset[UUID]) -> None:
        self._draft = draft
        self._mandants = mandants

    async def lock(self, streams: Collection[UUID]) -> None:
        """Nothing to do: transactions run one after the other."""

    async def load(
        self, streams: Collection[UUID], opened: Collection[UUID] | None = None
    ) -> Mapping[UUID, Sequence[Stored]]:
        found = {stream: self._draft.events.get(stream, ()) for stream in streams}
        wanted = streams if opened is None else opened
        return {
            stream: tuple(row if stream in wanted else replace(row, sealed=()) for row in rows)
            for stream, rows in found.items()
            if rows and rows[0].mandant in self._mandants
        }

    async def keys(self, ids: Collection[KeyId]) -> Keys:
        return {key: self._key(key) for key in ids}

    def _key(self, key: KeyId) -> WrappedKey | Missing:
        if key in self._draft.fences:
            return Missing.ERASED
        mandant, wrapped = self._draft.keys.get(key, (None, Missing.NOT_YET))
        return wrapped if mandant in self._mandants else Missing.NOT_YET

    async def add_keys(self, mandant: UUID, made: Sequence[WrappedKey]) -> frozenset[KeyId]:
        self._check(mandant)
        new = [k for k in made if k.id not in self._draft.keys and k.id not in self._draft.fences]
        self._draft.keys.update({key.id: (mandant, key) for key in new})
        return frozenset(key.id for key in new)

    async def append(self, rows: Sequence[Stored]) -> None:
        for row in rows:
            self._check(row.mandant)
            stream = self._draft.events.setdefault(row.stream, [])
            if row.version != len(stream) + 1:
                raise StreamConflictError({row.stream})
            stream.append(row)

    async def enqueue(self, records: Iterable[Record]) -> None:
        self._draft.records.extend(records)

    def _check(self, mandant: UUID) -> None:
        if mandant not in self._mandants:
            raise ForeignMandantError(f"this transaction does not work for {mandant}")
