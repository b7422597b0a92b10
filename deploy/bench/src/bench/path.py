"""Rows delivery and latency: request, channel, and back into the outbox's read model.

Real processes, one program each: outbox and channel take in, work and relay, the channel sends.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import psycopg

from bench import channel
from bench.figures import Goal, Row, Run
from bench.ground import Ground, Meter
from bench.programs import outbox_settings, programs
from bench.requests import Request, prepared
from events.commands import Commands
from events.service import machinery
from events.testing.kafka import empty_topics
from events.testing.postgres import Urls
from outbox.wiring import blueprint

_BULK = 25_000
_SINGLE = 10_000
_SINGLE_PER_S = 1_250
_SLOW = 1_000
_SLOW_PER_S = 50
_WARM = 100
_CHUNK = 500
_LOOK_S = 0.1
_WATCH_S = 0.002
_DEADLINE_S = 300.0

# One program for each process, as in production.
_OUTBOX = tuple(("outbox", process) for process in ("intake", "worker", "relay"))
_CHANNEL = tuple(("bench.channel", process) for process in channel.PROCESSES)
_CHANNEL_IN_ONE = (("bench.channel", "all"),)

_ARRIVED = "select count(*) from delivery where state = 'delivered'"
_LEFT = "select (select count(*) from inbox) + (select count(*) from relay)"
_THERE = "select delivery from delivery where delivery = any (%s) and state = 'delivered'"


def delivery_rows() -> list[Row]:
    least = Goal(least=1000)
    return [Row("delivery-bulk", "/s", least), Row("delivery-trickle", "/s", least)]


async def delivery(ground: Ground, rows: Sequence[Row]) -> None:
    """25 000 asked for at once; and one by one, each in a call of its own."""
    bulk, single = ground.size(_BULK), ground.size(_SINGLE)
    async with _path(ground, bulk + single + _WARM) as path:
        await path.warm_up()
        rows[0].add(await path.measured(bulk, path.ask_together))
        rows[1].add(await path.measured(single, path.ask_singly))


def latency_rows() -> list[Row]:
    return [
        Row("latency-p50", "ms", Goal(most=60)),
        Row("latency-p99", "ms", Goal(most=250)),
    ]


async def latency(ground: Ground, rows: Sequence[Row]) -> None:
    """From the clerk's call to the row that says delivered, at 50 deliveries a second."""
    count = ground.size(_SLOW)
    async with _path(ground, count + _WARM) as path:
        await path.warm_up()
        meter = Meter(ground, path.programs)
        with meter.running():
            took_ms = await path.watched(count)
    cuts = statistics.quantiles(took_ms, n=100, method="inclusive")
    rows[0].add(Run(statistics.median(took_ms), meter.cost(count)))
    rows[1].add(Run(cuts[98]))


@dataclass
class _Path:
    """The running programs, and requests that nobody has made yet."""

    ground: Ground
    commands: Commands
    outbox: Urls
    instant: Urls
    requests: list[Request]
    programs: Sequence[int]
    arrived: int = 0

    async def warm_up(self) -> None:
        """Everybody has joined, every statement is prepared."""
        await self._arrive(self._take(_WARM), self.ask_together)

    async def measured(
        self, count: int, ask: Callable[[Sequence[Request]], Awaitable[None]]
    ) -> Run:
        requests = self._take(count)
        self.ground.settle()
        meter = Meter(self.ground, self.programs)
        with meter.running():
            await self._arrive(requests, ask)
        return meter.rate(count)

    async def ask_together(self, requests: Sequence[Request]) -> None:
        """As the application does when a clerk sends a selection."""
        for first in range(0, len(requests), _CHUNK):
            await self.commands.run([r.order() for r in requests[first : first + _CHUNK]])

    async def ask_singly(self, requests: Sequence[Request]) -> None:
        """A call each, spread evenly, however long the calls before take."""
        async with asyncio.TaskGroup() as calls:
            async for request in _paced(requests, _SINGLE_PER_S):
                calls.create_task(self._ask(request))

    async def watched(self, count: int) -> list[float]:
        """Milliseconds from each call to the row that says delivered."""
        asked: dict[UUID, float] = {}
        took: list[float] = []
        requests = self._take(count)
        watching = asyncio.create_task(self._watch(asked, took, count))
        async for request in _paced(requests, _SLOW_PER_S):
            asked[request.delivery] = time.perf_counter()
            await self._ask(request)
        async with asyncio.timeout(_DEADLINE_S):
            await watching
        self.arrived += count
        return took

    async def _watch(self, asked: dict[UUID, float], took: list[float], count: int) -> None:
        async with await _owner(self.outbox) as connection:
            while len(took) < count:
                await asyncio.sleep(_WATCH_S)
                if asked:
                    found = await connection.execute(_THERE, (list(asked),))
                    now = time.perf_counter()
                    took += [
                        (now - asked.pop(delivery)) * 1000 for (delivery,) in await found.fetchall()
                    ]

    async def _ask(self, request: Request) -> None:
        await self.commands.one(request.order())

    async def _arrive(
        self,
        requests: Sequence[Request],
        ask: Callable[[Sequence[Request]], Awaitable[None]],
    ) -> None:
        """Ask for them, and wait until all are delivered and nothing is left on its way."""
        self.arrived += len(requests)
        asking = asyncio.ensure_future(ask(requests))
        async with (
            asyncio.timeout(_DEADLINE_S),
            await _owner(self.outbox) as outbox,
            await _owner(self.instant) as instant,
        ):
            for connection, query, wanted in (
                (outbox, _ARRIVED, self.arrived),
                (outbox, _LEFT, 0),
                (instant, _LEFT, 0),
            ):
                while await _number(connection, query) != wanted:  # noqa: ASYNC110 - a database sets no event
                    await asyncio.sleep(_LOOK_S)
            await asking

    def _take(self, count: int) -> list[Request]:
        some, self.requests = self.requests[:count], self.requests[count:]
        return some


@asynccontextmanager
async def _path(ground: Ground, count: int) -> AsyncIterator[_Path]:
    await empty_topics(ground.servers.kafka.bootstrap_servers)
    with ground.database("outbox") as outbox, ground.database() as instant:
        settings = outbox_settings(ground, outbox)
        async with machinery(settings, blueprint(settings)) as parts:
            requests = await prepared(parts.commands, ground.keyring, (outbox, instant), count)
            wanted = _OUTBOX + (_CHANNEL_IN_ONE if ground.quick else _CHANNEL)
            with programs(ground, wanted, {"OUTBOX": outbox, "INSTANT": instant}) as started:
                yield _Path(ground, parts.commands, outbox, instant, requests, started)


async def _paced(requests: Sequence[Request], per_s: float) -> AsyncIterator[Request]:
    began = time.perf_counter()
    for number, request in enumerate(requests):
        ahead_s = began + number / per_s - time.perf_counter()
        if ahead_s > 0:
            await asyncio.sleep(ahead_s)
        yield request


async def _owner(urls: Urls) -> psycopg.AsyncConnection:
    """Sees everything, past all isolation."""
    return await psycopg.AsyncConnection.connect(urls.migrator, autocommit=True)


async def _number(connection: psycopg.AsyncConnection, query: str) -> int:
    row = await (await connection.execute(query.encode())).fetchone()
    assert row is not None
    return int(row[0])
