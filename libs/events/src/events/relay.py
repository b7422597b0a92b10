"""Finished records from the database to Kafka, in order, again and again until acknowledged.

It knows no rule and holds no key. A crash between Kafka's acknowledgement and the deletion
repeats the identical record, which every consumer recognises by its id.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import ormsgpack
import psycopg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)
from psycopg.conninfo import make_conninfo

from events import metrics, tracing
from events.database import TRANSIENT, Connection
from events.envelope import header
from events.linger import linger
from events.wake import Wake

_LOCK = 0x686275726C  # One relay per service: whoever holds this advisory lock of the database.
_BATCH_MAX = 1000
_STALE_S = 10.0
_PAUSE_S = 1.0
_REQUEST_MAX_BYTES = 1_000_000

# A relay that is paused or cut off must lose its lock, so that another one can take over.
_OPTIONS = (
    "-c idle_session_timeout=10s -c idle_in_transaction_session_timeout=10s"
    " -c statement_timeout=30s"
)

_FETCH = """
select seq, topic, key, headers, value from relay
where refused is null and topic <> all (%s) order by seq limit %s
"""
_MISSING_FOR_S = 10.0
_REFUSED_FOR_EVER = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidTopicError)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Row:
    seq: int
    topic: str
    key: bytes
    headers: list[tuple[str, bytes]]
    value: bytes


class Relay:
    """Publishes the rows of one service. Run as many as you like: one is active at a time."""

    def __init__(self, url: str, bootstrap_servers: str, wake: Wake) -> None:
        self._url = url
        self._bootstrap_servers = bootstrap_servers
        self._wake = wake

    async def run(self) -> None:
        """Relay until cancelled; trouble with the database or Kafka is waited out."""
        while True:
            try:
                await self._with_connection()
            except (*TRANSIENT, KafkaError) as error:
                log.warning("relay.waiting", error=type(error).__name__)
                await asyncio.sleep(_PAUSE_S)

    async def _with_connection(self) -> None:
        connection = await psycopg.AsyncConnection.connect(
            make_conninfo(self._url, options=_OPTIONS, keepalives_idle=3, keepalives_interval=2),
            autocommit=True,
        )
        async with connection:
            if not await _is_first(connection):
                await asyncio.sleep(_PAUSE_S)
                return
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap_servers,
                enable_idempotence=True,
                max_request_size=_REQUEST_MAX_BYTES,
                linger_ms=2,
            )
            async with producer:
                await self._relay_for_ever(connection, producer)

    async def _relay_for_ever(self, connection: Connection, producer: AIOKafkaProducer) -> None:
        topics = _Topics(producer)
        while True:
            fetched_at = time.monotonic()
            rows = await topics.without_missing(await _fetch(connection, topics.missing()))
            if rows and time.monotonic() - fetched_at < _STALE_S:
                await _publish(connection, producer, rows)
            if len(rows) < _BATCH_MAX:
                await self._wake.wait("relay", _PAUSE_S)
            await linger(fetched_at, len(rows), _BATCH_MAX)


async def _is_first(connection: Connection) -> bool:
    row = await (await connection.execute("select pg_try_advisory_lock(%s)", (_LOCK,))).fetchone()
    assert row is not None
    return bool(row[0])


@dataclass(slots=True)
class _Topics:
    """Which topics Kafka has: a record for one that is missing waits, and the others go on."""

    producer: AIOKafkaProducer
    _known: set[str] = field(default_factory=set)
    _missing: dict[str, float] = field(default_factory=dict)

    def missing(self) -> list[str]:
        """What need not be tried again yet."""
        now = time.monotonic()
        return [topic for topic, until in self._missing.items() if until > now]

    async def without_missing(self, rows: list[_Row]) -> list[_Row]:
        """The rows whose topics are there. Raises `KafkaError` where Kafka does not answer."""
        wanted = {row.topic for row in rows}
        if wanted - self._known:
            self._known = set((await self.producer.client.fetch_all_metadata()).topics())
            for topic in sorted(wanted - self._known):
                self._missing[topic] = time.monotonic() + _MISSING_FOR_S
                log.error("relay.topic_missing", topic=topic)
        for topic in self._known & self._missing.keys():
            del self._missing[topic]
        metrics.RELAY_TOPICS_MISSING.set(len(self._missing))
        return [row for row in rows if row.topic in self._known]


async def _fetch(connection: Connection, missing: list[str]) -> list[_Row]:
    found = await connection.execute(_FETCH, (missing, _BATCH_MAX), binary=True)
    return [
        _Row(seq, topic, key, [(n, v) for n, v in ormsgpack.unpackb(headers)], value)
        for seq, topic, key, headers, value in await found.fetchall()
    ]


async def _publish(
    connection: Connection, producer: AIOKafkaProducer, rows: Sequence[_Row]
) -> None:
    told = ((f"publish {row.topic}", header(row.headers, "traceparent")) for row in rows)
    with tracing.spans(told, "producer"):
        await _publish_traced(connection, producer, rows)


async def _publish_traced(
    connection: Connection, producer: AIOKafkaProducer, rows: Sequence[_Row]
) -> None:
    acknowledged, trouble = [], None
    sent = [await _send(producer, row) for row in rows]
    for row, answer in zip(rows, sent, strict=True):
        try:
            if not isinstance(answer, Exception):
                await answer
                acknowledged.append(row.seq)
            else:
                raise answer
        except _REFUSED_FOR_EVER as error:
            await _set_aside(connection, row, error)
        except KafkaError as error:
            trouble = error
    await connection.execute("delete from relay where seq = any (%s)", (acknowledged,))
    metrics.RECORDS_RELAYED.inc(len(acknowledged))
    if trouble is not None:
        raise trouble


async def _send(producer: AIOKafkaProducer, row: _Row) -> "asyncio.Future[object] | Exception":
    try:
        sent: asyncio.Future[object] = await producer.send(
            row.topic, key=row.key, value=row.value, headers=row.headers
        )
    except KafkaError as error:
        return cast("Exception", error)
    return sent


async def _set_aside(connection: Connection, row: _Row, error: Exception) -> None:
    """Keep what Kafka will never take, and let the others go on."""
    reason = type(error).__name__
    await connection.execute("update relay set refused = %s where seq = %s", (reason, row.seq))
    metrics.RECORDS_REFUSED.inc()
    log.error("relay.refused", seq=row.seq, topic=row.topic, reason=reason)
