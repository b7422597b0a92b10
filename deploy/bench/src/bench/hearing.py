"""Rows intake and worker: from Kafka into the inbox, and from the inbox to what is told of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import cache

import psycopg
from aiokafka import AIOKafkaProducer

from bench.figures import Goal, Row
from bench.ground import Ground, Meter
from bench.ledger import HEARS, MANDANT, keep_tally, make_tally, noted
from events.ids import new_id
from events.process import relay, take_in, work
from events.service import Blueprint, Machinery, machinery
from events.settings import ServiceSettings
from events.store import Record
from events.testing.kafka import empty_topics
from events.testing.postgres import Urls
from events.testing.speaker import Speaker, as_consumed

_RECORDS = 20_000
_TAKEN = 60_000
_PER_STREAM = 4
_PAUSE_S = 0.01
_AT_ONCE = 2000

_REACHED = "select coalesce(max(seq), 0) from inbox"
_LEFT = "select (select count(*) from inbox) + (select count(*) from relay)"


def worker_rows() -> list[Row]:
    return [Row("worker", "events/s", Goal(least=10_000))]


async def worker(ground: Ground, rows: Sequence[Row]) -> None:
    """Claimed, translated, decided, appended, projected, and acknowledged by Kafka."""
    told = records(ground, ground.size(_RECORDS))
    await empty_topics(ground.servers.kafka.bootstrap_servers)
    with ground.database() as urls:
        make_tally(urls)
        async with _listener(ground, urls) as parts:
            for first in range(0, len(told), _AT_ONCE):
                some = enumerate(told[first : first + _AT_ONCE], first)
                await parts.inlet.take([as_consumed(record, n) for n, record in some])
            ground.settle()
            meter = Meter(ground)
            with meter.running():
                await _until_none(urls, _LEFT, parts, (work, relay))
    rows[0].add(meter.rate(len(told)))


def intake_rows() -> list[Row]:
    return [Row("intake", "records/s", Goal(least=20_000))]


async def intake(ground: Ground, rows: Sequence[Row]) -> None:
    """All records lie in Kafka; measured from the first one in the inbox to the last."""
    told = records(ground, ground.size(_TAKEN))
    bootstrap = ground.servers.kafka.bootstrap_servers
    await empty_topics(bootstrap)
    await _put(bootstrap, told)
    with ground.database() as urls:
        async with _listener(ground, urls) as parts:
            ground.settle()
            meter = Meter(ground)
            stopping = asyncio.Event()
            taking = asyncio.create_task(take_in(parts, stopping))
            before = await _reached(urls, 1)
            with meter.running():
                after = await _reached(urls, len(told))
            stopping.set()
            await taking
    rows[0].add(meter.rate(max(after - before, 1)))


@cache
def _told(count: int, keks: str) -> tuple[Record, ...]:
    from events.keyring import Keyring

    speaker = Speaker(Keyring.from_text(keks), "delivery-epost")
    streams = [new_id() for _ in range(max(count // _PER_STREAM, 1))]
    return tuple(
        record
        for n in range(count)
        for record in speaker.records(MANDANT, noted(streams[n % len(streams)]))
    )


def records(ground: Ground, count: int) -> Sequence[Record]:
    """What a channel tells of some deliveries, several records about each."""
    return _told(count, ground.keks)


@asynccontextmanager
async def _listener(ground: Ground, urls: Urls) -> AsyncIterator[Machinery]:
    settings = ServiceSettings(
        environment="test",
        database_url=urls.app,
        machinery_database_url=urls.machinery,
        migrator_database_url=urls.migrator,
        kafka_bootstrap_servers=ground.servers.kafka.bootstrap_servers,
        keks=ground.keks,
    )
    blueprint = Blueprint(source="ledger", hears=HEARS, project=keep_tally)
    async with machinery(settings, blueprint) as parts:
        yield parts


async def _put(bootstrap_servers: str, told: Sequence[Record]) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, linger_ms=20, max_batch_size=1 << 18
    ) as producer:
        for first in range(0, len(told), _AT_ONCE):
            sent = [
                await producer.send(r.topic, key=r.key, value=r.value, headers=list(r.headers))
                for r in told[first : first + _AT_ONCE]
            ]
            await asyncio.gather(*sent)


async def _reached(urls: Urls, count: int) -> int:
    """Wait until so many were taken in."""
    reached = 0
    async with await psycopg.AsyncConnection.connect(urls.migrator, autocommit=True) as connection:
        while reached < count:
            await asyncio.sleep(_PAUSE_S)
            (reached,) = await _row(connection, _REACHED)
    return reached


Loop = Callable[[Machinery, asyncio.Event], Coroutine[None, None, None]]


async def _until_none(urls: Urls, query: str, parts: Machinery, loops: Sequence[Loop]) -> None:
    """Run these processes until the query says that nothing is left."""
    stopping = asyncio.Event()
    running = [asyncio.create_task(loop(parts, stopping)) for loop in loops]
    async with await psycopg.AsyncConnection.connect(urls.migrator, autocommit=True) as connection:
        while (await _row(connection, query))[0]:  # noqa: ASYNC110 - a database sets no event
            await asyncio.sleep(_PAUSE_S)
    stopping.set()
    await asyncio.gather(*running)


async def _row(connection: psycopg.AsyncConnection, query: str) -> tuple[int, ...]:
    row = await (await connection.execute(query.encode())).fetchone()
    assert row is not None
    return row
