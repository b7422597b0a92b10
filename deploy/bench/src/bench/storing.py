"""Rows append and command: orders of callers who wait, one process."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from uuid import UUID

from bench import peers
from bench.figures import Goal, Row, Run
from bench.ground import Ground, Meter
from bench.ledger import counting, keep_tally, ledger
from events.ids import new_id

_CALLERS = 16
_STREAMS = 500
_SECONDS = 4.0


def append_rows() -> list[Row]:
    return [
        Row("append", "events/s", Goal("ratio", least=8), "eventsourcing save"),
        Row("append-bare", "events/s", Goal("ratio", least=0.6), "pgbench insert"),
    ]


async def append(ground: Ground, rows: Sequence[Row]) -> None:
    """One event to a new stream each: the store's public call, shared by who arrives together."""
    with ground.database() as urls:
        async with ledger(ground, urls) as commands:

            async def one(_: int) -> None:
                await commands.one(counting(new_id()))

            ours = await _repeated(ground, one)
    saving = await asyncio.to_thread(peers.eventsourcing, ground, "save", ground.seconds(_SECONDS))
    inserting = await asyncio.to_thread(peers.pgbench, ground, ground.seconds(_SECONDS))
    rows[0].add(ours, saving)
    rows[1].add(ours, inserting)


def command_rows() -> list[Row]:
    return [Row("command", "commands/s", Goal("ratio", least=5), "eventsourcing get + save")]


async def command(ground: Ground, rows: Sequence[Row]) -> None:
    """Load, decide, append, keep the read model; streams that have some events already."""
    streams = [new_id() for _ in range(ground.size(_STREAMS))]
    with ground.database() as urls:
        async with ledger(ground, urls, keep_tally) as commands:

            async def one(number: int) -> None:
                await commands.one(counting(_one_of(streams, number)))

            ours = await _repeated(ground, one)
    peer = await asyncio.to_thread(
        peers.eventsourcing, ground, "command", ground.seconds(_SECONDS), len(streams)
    )
    rows[0].add(ours, peer)


def _one_of(streams: Sequence[UUID], number: int) -> UUID:
    """Spread evenly, and never the same one twice within a moment."""
    return streams[number * 7 % len(streams)]


async def _repeated(ground: Ground, one: Callable[[int], Awaitable[None]]) -> Run:
    """As many as all callers can get done within the time."""
    numbers, seconds = count(), ground.seconds(_SECONDS)
    for _ in range(_CALLERS):
        await one(next(numbers))
    ground.settle()
    meter, first = Meter(ground), next(numbers)
    with meter.running():
        end = time.perf_counter() + seconds

        async def caller() -> None:
            while time.perf_counter() < end:
                await one(next(numbers))

        await asyncio.gather(*(caller() for _ in range(_CALLERS)))
    return meter.rate(next(numbers) - first - 1)
