"""Rows replay and rebuild: the whole log read back, and read models made of it anew."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from bench import peers
from bench.figures import Goal, Row, Run
from bench.ground import Ground, Meter
from bench.ledger import (
    LEDGER,
    MANDANT,
    Count,
    Counted,
    Note,
    executor,
    keep_tally,
    ledger,
    registry,
)
from events.database import Database
from events.ids import new_id
from events.recording import recalled
from events.store.postgres import PostgresStore
from events.stream import Cause, Change, Order, Recorded
from events.testing.postgres import Urls
from events.vault import Vault

_EVENTS = 20_000
_PER_STREAM = 50
_STREAMS_AT_ONCE = 20


def replay_rows() -> list[Row]:
    return [
        Row("replay", "events/s", Goal("ratio", least=1), "eventsourcing replay"),
        Row("replay-sealed", "events/s", Goal()),
    ]


async def replay(ground: Ground, rows: Sequence[Row]) -> None:
    """Read, decode and open the seals; without personal data, and with it in every event."""
    size = ground.size(_EVENTS)
    with ground.database() as urls:
        rows[0].add(await _replayed(ground, urls, await _filled(ground, urls, size), size), None)
    with ground.database() as urls:
        streams = await _filled(ground, urls, size, sealed=True)
        rows[1].add(await _replayed(ground, urls, streams, size))
    rows[0].peer.append(await asyncio.to_thread(peers.eventsourcing, ground, "replay", 0, size))


def rebuild_rows() -> list[Row]:
    return [Row("rebuild", "events/s", Goal(least=50_000))]


async def rebuild(ground: Ground, rows: Sequence[Row]) -> None:
    """Read, decode, fold and project anew, beside nothing else."""
    size = ground.size(_EVENTS)
    with ground.database() as urls:
        streams = await _filled(ground, urls, size)
        meter = Meter(ground)
        async with Database(urls.app) as database:
            store = PostgresStore(database)
            with meter.running():
                for some in _portions(streams):
                    async with store.transaction([MANDANT]) as transaction:
                        read = [events async for events in _streams(ground, store, some)]
                        await keep_tally(transaction.connection, [_folded(e) for e in read])
    rows[0].add(meter.rate(size))


async def _filled(ground: Ground, urls: Urls, size: int, *, sealed: bool = False) -> Sequence[UUID]:
    """Streams of fifty events; each about a person of its own, where they are sealed."""
    streams = [new_id() for _ in range(max(1, size // _PER_STREAM))]
    command = (lambda s: Note(s, "Brühl, Mario")) if sealed else Count
    async with ledger(ground, urls, keep_tally) as commands:
        for some in _portions(streams):
            for _ in range(_PER_STREAM // 5):
                await commands.run(
                    [Order(LEDGER, s, MANDANT, command(s), Cause(s)) for s in some] * 5
                )
    ground.settle()
    return streams


async def _replayed(ground: Ground, urls: Urls, streams: Sequence[UUID], size: int) -> Run:
    meter, read = Meter(ground), 0
    async with Database(urls.app) as database:
        with meter.running():
            for some in _portions(streams):
                async for events in _streams(ground, PostgresStore(database), some):
                    read += len(events)
    assert read >= min(size, _PER_STREAM), f"{read} of {size} events"
    return meter.rate(read)


async def _streams(
    ground: Ground, store: PostgresStore, streams: Sequence[UUID]
) -> AsyncIterator[Sequence[Recorded]]:
    async with store.transaction([MANDANT]) as transaction:
        vault = Vault(transaction, ground.keyring)
        loaded = await transaction.load(streams)
        await vault.fetch(b.key for rows in loaded.values() for row in rows for b in row.sealed)
        source = executor(ground).origin.source
        for rows in loaded.values():
            yield [recalled(row, registry, vault, source) for row in rows]


def _folded(events: Sequence[Recorded]) -> Change:
    before = after = LEDGER.decider.initial
    for recorded in events:
        assert isinstance(recorded.event, Counted)
        after = LEDGER.decider.evolve(after, recorded.event)
    return Change(LEDGER, events[0].stream, MANDANT, before, after, tuple(events))


def _portions(streams: Sequence[UUID]) -> Sequence[Sequence[UUID]]:
    return [
        streams[first : first + _STREAMS_AT_ONCE]
        for first in range(0, len(streams), _STREAMS_AT_ONCE)
    ]
