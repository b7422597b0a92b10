"""Whole batches of raw records into the inbox, with the next offsets beside them."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import uuid5

import psycopg
import structlog
from aiokafka import ConsumerRecord

from events import erasure, metrics
from events.contracts.topics import SUBJECT_KEYS
from events.database import TRANSIENT, Connection, Database
from events.envelope import REPLAY, header
from events.inbox import Arrival, arrival
from events.registry import UnreadableError
from events.subject_keys import read_record
from events.wake import Wake

_PAUSE_S = 0.5
_PAUSE_MAX_S = 10.0

_SAME_ID_OTHER_CONTENT = """
with arrived as (select * from unnest(%(day)s::date[], %(id)s::uuid[], %(content)s::bytea[])
    as a (day, id, content))
select a.id, a.content from arrived a join inbox_seen s on s.day = a.day and s.id = a.id
where s.content <> a.content
"""

_TAKE = """
with arrived as (
    select * from unnest(%(day)s::date[], %(id)s::uuid[], %(content)s::bytea[],
        %(mandant)s::uuid[], %(topic)s::text[], %(part)s::int[], %(off)s::bigint[],
        %(key)s::bytea[], %(headers)s::bytea[], %(value)s::bytea[])
    as a (day, id, content, mandant, topic, part, off, key, headers, value)
), fresh as (
    insert into inbox_seen (day, id, content) select day, id, content from arrived order by id
    on conflict do nothing returning id
)
insert into inbox (id, mandant, topic, part, off, key, headers, value)
select a.id, a.mandant, a.topic, a.part, a.off, a.key, a.headers, a.value
from arrived a join fresh f on f.id = a.id order by a.topic, a.part, a.off
"""

_BURY = """
insert into dead (id, mandant, topic, part, off, key, headers, value, attempts, reason, stack,
    trace, first_failed_at)
values (%s, %s, %s, %s, %s, %s, %s, %s, 0, %s, '', %s, clock_timestamp())
on conflict (id) do nothing
"""

_REMEMBER = """
insert into intake_offset (topic, part, next)
select * from unnest(%s::text[], %s::int[], %s::bigint[])
on conflict (topic, part) do update set next = greatest(intake_offset.next, excluded.next)
"""

_KEY_ARRIVED = """
update inbox set due_at = clock_timestamp(), waiting_for = null where waiting_for = any (%s)
"""

Records = Sequence["ConsumerRecord[bytes, bytes]"]

log = structlog.get_logger()


class Inlet:
    """Writes batches of records into the inbox; who calls may repeat a batch at will."""

    def __init__(
        self,
        database: Database,
        wake: Wake,
        channel: str | None = None,
        *,
        answers_late_keys: bool = False,
    ) -> None:
        self._database = database
        self._wake = wake
        self._channel = channel
        self._answers_late_keys = answers_late_keys

    async def take(self, records: Records) -> None:
        """Keep a batch, however long the database is away; cancelled, nothing is kept.

        Whatever else the database objects to is no reason to drop a record either.
        """
        pause_s = _PAUSE_S
        while True:
            try:
                await self._keep(records)
            except psycopg.Error as error:
                tell = log.warning if isinstance(error, TRANSIENT) else log.error
                tell("intake.waiting", error=type(error).__name__, pause_s=pause_s)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, _PAUSE_MAX_S)
            else:
                return

    async def _keep(self, records: Records) -> None:
        keys = [record for record in records if record.topic == SUBJECT_KEYS]
        arrivals = [arrival(r) for r in records if r.topic != SUBJECT_KEYS and self._is_ours(r)]
        arrived: list[str] = []
        async with self._database.plain() as connection:
            if arrivals:
                await _keep_arrivals(connection, arrivals)
            if keys:
                arrived = await _keep_keys(
                    connection, keys, answers_late_keys=self._answers_late_keys
                )
            await _remember_offsets(connection, records)
        if arrived:
            # In a transaction of its own: a worker that has just put a record off for the key
            # looks again afterwards, so one of the two sees what the other has committed.
            async with self._database.plain() as connection:
                await connection.execute(_KEY_ARRIVED, (arrived,))
        for record in records:
            metrics.RECORDS_TAKEN.labels(record.topic).inc()
        self._wake.tell("inbox")

    def _is_ours(self, record: "ConsumerRecord[bytes, bytes]") -> bool:
        """Whether this concerns us. What can't be told is kept: the worker has a closer look."""
        channel = header(record.headers, "ce_channel")
        return self._channel is None or channel is None or channel == self._channel


async def _keep_arrivals(connection: Connection, arrivals: Collection[Arrival]) -> None:
    named = {(item.id, item.content): item for item in arrivals}
    first = {item.id: item for item in reversed(named.values())}
    in_order = sorted(first.values(), key=lambda item: item.id)
    await connection.execute(_TAKE, _columns(in_order))
    # Asked afterwards, so that it also sees what another process took in at the same time.
    found = await connection.execute(_SAME_ID_OTHER_CONTENT, _columns(list(named.values())))
    for id_, content in await found.fetchall():
        item = named[id_, content]
        # Told again it is sealed anew, or without what was erased since: there is nothing to learn
        # from it, whoever has set the mark.
        if header(item.record.headers, REPLAY) is None:
            await _bury(connection, item, "repeated-id: the same id with other content")


async def _keep_keys(
    connection: Connection, records: Records, *, answers_late_keys: bool
) -> list[str]:
    """Keep what can be read; returns the names by which records wait for these keys."""
    told = []
    for record in records:
        try:
            told.append(read_record(record.value))
        except UnreadableError as error:
            await _bury(connection, arrival(record), f"unreadable: {error}")
    return await erasure.take_in(connection, told, answers_late_keys=answers_late_keys)


async def take_keys_again(connection: Connection, records: Records) -> None:
    """Take in keys that had been set aside; those that still can't be read are buried again.

    A key behind its fence is answered in any service: nobody else may have been able to read it.
    """
    if arrived := await _keep_keys(connection, records, answers_late_keys=True):
        await connection.execute(_KEY_ARRIVED, (arrived,))


async def _remember_offsets(connection: Connection, records: Records) -> None:
    reached: dict[tuple[str, int], int] = {}
    for record in records:
        place = (record.topic, record.partition)
        reached[place] = max(reached.get(place, 0), record.offset + 1)
    rows = [(topic, part, offset) for (topic, part), offset in sorted(reached.items())]
    columns = [list(column) for column in zip(*rows, strict=True)]
    await connection.execute(_REMEMBER, columns)


async def _bury(connection: Connection, item: Arrival, reason: str) -> None:
    record = item.record
    place = (record.topic, record.partition, record.offset)
    content = (record.key, item.headers(), record.value)
    trace = (header(record.headers, "traceparent") or "").replace("\0", "") or None
    # Its own id may be another record's, which was first.
    grave = uuid5(item.id, f"{place}\x1f{item.content.hex()}")
    await connection.execute(_BURY, (grave, item.mandant, *place, *content, reason, trace))
    log.error("record.buried", topic=record.topic, part=record.partition, reason=reason)


def _columns(items: Sequence[Arrival]) -> Mapping[str, list[Any]]:
    return {
        "day": [item.day for item in items],
        "id": [item.id for item in items],
        "content": [item.content for item in items],
        "mandant": [item.mandant for item in items],
        "topic": [item.record.topic for item in items],
        "part": [item.record.partition for item in items],
        "off": [item.record.offset for item in items],
        "key": [item.record.key for item in items],
        "headers": [item.headers() for item in items],
        "value": [item.record.value for item in items],
    }
