"""What a service has published, told again from its own log.

The log is read in pages by position; each page's streams are folded and their events published
anew, so that ids come out the same and what was erased since is left out. The records bear a mark
(`envelope.REPLAY`): who remembers their ids drops them, and nobody acts on them outside.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from events.database import Connection, Database
from events.envelope import REPLAY
from events.epoch import Epochs
from events.keyring import Keyring
from events.personal import sealing_keys
from events.recording import Origin, Telling, recalled, told
from events.registry import Json
from events.store import Record, Stored, Transaction
from events.store.postgres import PostgresStore
from events.stream import Recorded, StreamKind
from events.topic import Kind
from events.vault import Vault

_PAGE_ROWS = 500

_LOG = """
select position, mandant, stream, version, at from event
where position > %(after)s order by position limit %(limit)s
"""

_LOG_OF_STREAMS = """
select position, mandant, stream, version, at from event
where stream = any (%(streams)s) and position > %(after)s order by position limit %(limit)s
"""

Kinds = Mapping[str, StreamKind[Any, Any, Any]]


@dataclass(frozen=True, slots=True)
class Selection:
    """What is to be told again: recorded from `since` to before `until`; empty sets mean all."""

    until: datetime
    since: datetime | None = None
    topics: frozenset[str] = frozenset()
    streams: frozenset[UUID] = frozenset()
    mandants: frozenset[UUID] = frozenset()

    def wants(self, mandant: UUID, at: datetime) -> bool:
        """Whether the topics have a say about an event."""
        if self.mandants and mandant not in self.mandants:
            return False
        return at < self.until and (self.since is None or at >= self.since)


@dataclass(frozen=True, slots=True)
class Again:
    """One record that is told again."""

    position: int
    of: Recorded
    id: UUID
    record: Record


@dataclass(frozen=True, slots=True)
class Page:
    """What one step through the log has led to; `reached` is where the next one goes on."""

    reached: int
    told: tuple[Again, ...]


Deliver = Callable[[Transaction, Sequence[Again]], Awaitable[None]]
"""Called inside the transaction that holds the keys of what is told."""


def kinds_by_event(kinds: Collection[StreamKind[Any, Any, Any]]) -> Kinds:
    """Which kind of stream an event belongs to, by its stored name; raises `ValueError`."""
    found: dict[str, StreamKind[Any, Any, Any]] = {}
    for kind in kinds:
        for name in kind.registry.names():
            if name in found:
                raise ValueError(f"{name} belongs to {found[name].name} and to {kind.name}")
            found[name] = kind
    return found


@dataclass(frozen=True, slots=True)
class Replay:
    """One run. `log` reads all mandants' rows of the table `event`, `database` is the app's.

    `newest_only`: of a state, only the last one is told. Kafka keeps the record that came last, so
    an older snapshot told again would be all that a new service ever learns.
    """

    log: Connection
    database: Database
    keyring: Keyring
    origin: Origin
    kinds: Kinds
    epochs: Epochs
    run: str
    newest_only: bool = True

    async def pages(
        self, selection: Selection, deliver: Deliver, *, after: int = 0
    ) -> AsyncIterator[Page]:
        """Tell it page by page, in the order of the log; between two of them nothing is held.

        Raises `KeyMissingError` where a key has not arrived yet, `UnreadableError` and
        `TooNewError` where this release can't read an event.
        """
        query = _LOG_OF_STREAMS if selection.streams else _LOG
        while True:
            parameters = {"after": after, "limit": _PAGE_ROWS, "streams": list(selection.streams)}
            rows = await (await self.log.execute(query, parameters)).fetchall()
            if not rows:
                return
            after = rows[-1][0]
            wanted = {
                (stream, version): (position, mandant)
                for position, mandant, stream, version, at in rows
                if selection.wants(mandant, at)
            }
            yield Page(after, await self._tell(wanted, selection.topics, deliver))

    async def _tell(
        self,
        wanted: Mapping[tuple[UUID, int], tuple[int, UUID]],
        topics: Collection[str],
        deliver: Deliver,
    ) -> tuple[Again, ...]:
        if not wanted:
            return ()
        mandants = {mandant for _, mandant in wanted.values()}
        async with PostgresStore(self.database).transaction(mandants) as transaction:
            vault = Vault(transaction, self.keyring)
            streams = {stream for stream, _ in wanted}
            # Nobody tells anything newer between what we read and what we say.
            await transaction.lock(streams)
            rows = await transaction.load(streams)
            published = await published_of(rows, vault, self.kinds, self.origin.source)
            tellings = [
                telling
                for telling in (self._newest(published) if self.newest_only else published)
                if (telling.of.stream, telling.of.version) in wanted
                and (not topics or self._topic(telling) in topics)
            ]
            await vault.fetch(key for one in tellings for key in sealing_keys(one.event))
            again = [self._again(telling, vault, wanted) for telling in tellings]
            again.sort(key=lambda one: one.position)
            await deliver(transaction, again)
        return tuple(again)

    def _newest(self, tellings: Sequence[Telling]) -> list[Telling]:
        last = {(one.of.stream, self._topic(one)): one.of.version for one in tellings}
        return [
            one
            for one in tellings
            if self.origin.topics[self._topic(one)].kind is not Kind.STATE
            or last[one.of.stream, self._topic(one)] == one.of.version
        ]

    def _topic(self, telling: Telling) -> str:
        return self.origin.published.name_of(type(telling.event)).type

    def _again(
        self,
        telling: Telling,
        vault: Vault,
        wanted: Mapping[tuple[UUID, int], tuple[int, UUID]],
    ) -> Again:
        """An old version must not outrank a newer one: it is told in the epoch of its time."""
        of = telling.of
        origin = replace(self.origin, epoch=self.epochs.at(of.at))
        record = told(telling, origin, vault)
        marked = replace(record, headers=(*record.headers, (REPLAY, self.run.encode())))
        position, _ = wanted[of.stream, of.version]
        return Again(position, of, telling.id, marked)


async def published_of(
    rows: Mapping[UUID, Sequence[Stored]], vault: Vault, kinds: Kinds, source: str
) -> list[Telling]:
    """All that was ever published of these streams, stream by stream."""
    await vault.fetch(
        block.key for history in rows.values() for row in history for block in row.sealed
    )
    tellings = []
    for history in rows.values():
        kind = kinds[history[0].name.type]
        state = kind.decider.initial
        for row in history:
            recorded = recalled(row, kind.registry, vault, source)
            after = kind.decider.evolve(state, recorded.event)
            events = kind.publish(state, recorded.event, after)
            tellings += [Telling(recorded, rank, event) for rank, event in enumerate(events)]
            state = after
    return tellings


def as_line(record: Record) -> bytes:
    """The record in CloudEvents' JSON format, its place in Kafka as `partitionkey`."""
    headers = {name: value.decode() for name, value in record.headers}
    attributes: Json = {
        name.removeprefix("ce_"): text
        for name, text in headers.items()
        if name.startswith("ce_") or name == "traceparent"
    }
    attributes["datacontenttype"] = headers["content-type"]
    attributes["partitionkey"] = record.key.decode()
    return orjson.dumps({**attributes, "data": orjson.loads(record.value)}) + b"\n"
