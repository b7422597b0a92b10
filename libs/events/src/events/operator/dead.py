"""The dead records of a service: looked at, sent back into the inbox, or given up."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import ormsgpack
import structlog
from aiokafka import ConsumerRecord

from events.contracts.topics import SUBJECT_KEYS
from events.database import Connection, Database
from events.envelope import header
from events.inlet import take_keys_again
from events.operator.advice import advice
from events.operator.dead_answers import DeadDetails, DeadGroup, DeadList, DeadRecord, Earlier
from events.operator.outline import as_id, header_outlines, key_outline, value_outline
from events.service import INBOX

_TOGETHER = 500
_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")

_CHOSEN = """
(%(topic)s::text is null or topic = %(topic)s)
and (%(reason)s::text is null or split_part(reason, ':', 1) = %(reason)s)
"""
_SUMMARY = f"""
select topic, split_part(reason, ':', 1), count(*), min(first_failed_at), max(last_failed_at)
from dead where {_CHOSEN} group by 1, 2 order by 3 desc, 1, 2
"""  # noqa: S608 - the condition is a constant
_LIST = f"""
select id, mandant, topic, part, off, attempts, reason, first_failed_at, last_failed_at
from dead where {_CHOSEN} order by seq desc limit %(limit)s
"""  # noqa: S608 - the condition is a constant
_SHOW = """
select id, mandant, topic, part, off, attempts, reason, first_failed_at, last_failed_at,
    key, headers, value, stack, trace
from dead where id = %s
"""
_HISTORY = """
select at, actor, action, reason, attempts, first_failed_at, last_failed_at, why
from intervention where record = %s order by seq
"""
_IDS = f"""
select id from dead where {_CHOSEN} and seq <= %(last)s order by seq limit {_TOGETHER}
"""  # noqa: S608 - the condition is a constant
# Locked in one order: of two who redrive the same records, one finds them gone.
_TAKE_OUT = """
with chosen as materialized (select seq from dead where id = any (%(ids)s) order by seq for update),
gone as (delete from dead where seq in (select seq from chosen) returning *),
noted as (
    insert into intervention (actor, action, record, topic, part, off, reason, attempts,
        first_failed_at, last_failed_at, why)
    select %(actor)s, %(action)s, id, topic, part, off, reason, attempts, first_failed_at,
        last_failed_at, %(why)s
    from gone order by seq
)
"""
_REDRIVE = f"""
{_TAKE_OUT}, back as (
    insert into inbox (id, mandant, topic, part, off, key, headers, value)
    select id, mandant, topic, part, off, key, headers, value from gone
    where topic <> '{SUBJECT_KEYS}' order by seq
)
select id, topic, part, off, key, headers, value from gone order by seq
"""  # noqa: S608 - the parts are constants
_DROP = f"{_TAKE_OUT} select id from gone"  # noqa: S608 - the part is a constant
_DROPPED = "select from intervention where record = %s and action = 'drop'"

log = structlog.get_logger()


class Dead:
    """Works in the machinery's role: it sees the records of all mandants, and opens no seal.

    Each change is noted for ever in `intervention`, may be repeated, and may meet others who do
    the same, or workers, at the same time.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(
        self, topic: str | None = None, reason: str | None = None, limit: int = 50
    ) -> DeadList:
        """`reason` is a slug, such as `unreadable`."""
        chosen = {"topic": topic, "reason": reason, "limit": limit}
        async with self._database.plain() as connection:
            groups = await (await connection.execute(_SUMMARY, chosen)).fetchall()
            rows = await (await connection.execute(_LIST, chosen)).fetchall()
        names = tuple(DeadGroup.model_fields)
        return DeadList(
            groups=[DeadGroup(**dict(zip(names, row, strict=True))) for row in groups],
            records=[DeadRecord(**_fields(row)) for row in rows],
        )

    async def show(self, id_: UUID) -> DeadDetails | None:
        """One of them; None where no such record is dead."""
        async with self._database.plain() as connection:
            row = await (await connection.execute(_SHOW, (id_,))).fetchone()
            history = await (await connection.execute(_HISTORY, (id_,))).fetchall()
        if row is None:
            return None
        key, packed, value, stack, trace = row[len(DeadRecord.model_fields) :]
        headers = ormsgpack.unpackb(packed)
        found = _TRACE.fullmatch(trace or "")
        names = tuple(Earlier.model_fields)
        return DeadDetails(
            **_fields(row),
            what_to_do=advice(row[6]),
            correlation=as_id(header(headers, "ce_correlationid")),
            trace=found[1] if found else None,
            key=key_outline(key),
            headers=header_outlines(headers),
            value=value_outline(value),
            value_bytes=None if value is None else len(value),
            stack=stack.splitlines(),
            history=[Earlier(**dict(zip(names, one, strict=True))) for one in history],
        )

    async def value(self, id_: UUID) -> bytes | None:
        """The bytes as they came, for the command line only: they may name people."""
        async with self._database.plain() as connection:
            found = await connection.execute("select value from dead where id = %s", (id_,))
            row = await found.fetchone()
        return None if row is None else row[0]

    async def redrive(self, ids: Sequence[UUID], actor: str) -> list[UUID]:
        """Send these back into the inbox with no attempts against them; returns which were dead.

        A key is taken in again as when it first came. The worker is woken.
        """
        given = {"ids": list(ids), "actor": actor, "action": "redrive", "why": None}
        async with self._database.plain() as connection:
            rows = await (await connection.execute(_REDRIVE, given)).fetchall()
            keys = [_consumed(row) for row in rows if row[1] == SUBJECT_KEYS]
            await take_keys_again(connection, keys)
        redriven = [row[0] for row in rows]
        if redriven:
            log.warning("dead.redriven", records=len(redriven), actor=actor)
            await self._wake_worker()
        return redriven

    async def redrive_all(
        self, actor: str, topic: str | None = None, reason: str | None = None
    ) -> int:
        """The same for all who are dead now; who dies again meanwhile stays where he is."""
        async with self._database.plain() as connection:
            last = await _one(connection, "select coalesce(max(seq), 0) from dead")
        chosen = {"topic": topic, "reason": reason, "last": last}
        redriven = 0
        while True:
            async with self._database.plain() as connection:
                ids = [id_ for (id_,) in await (await connection.execute(_IDS, chosen)).fetchall()]
            if not ids:
                return redriven
            redriven += len(await self.redrive(ids, actor))

    async def drop(self, id_: UUID, actor: str, why: str) -> bool:
        """Give a record up: its bytes go; who, when, why and what it died of stay.

        False where it is unknown; a repeat changes nothing.
        """
        given = {"ids": [id_], "actor": actor, "action": "drop", "why": why}
        async with self._database.plain() as connection:
            dropped = await (await connection.execute(_DROP, given)).fetchone()
            before = await (await connection.execute(_DROPPED, (id_,))).fetchone()
        if dropped is not None:
            log.warning("dead.dropped", record=str(id_), actor=actor)
        return before is not None or dropped is not None

    async def _wake_worker(self) -> None:
        async with self._database.plain() as connection:
            await connection.execute("select pg_notify(%s, '')", (INBOX,))


async def _one(connection: Connection, query: str) -> int:
    row = await (await connection.execute(query.encode())).fetchone()
    assert row is not None
    return int(row[0])


def _fields(row: Sequence[Any]) -> Mapping[str, Any]:
    return dict(zip(DeadRecord.model_fields, row, strict=False))


def _consumed(row: Sequence[Any]) -> "ConsumerRecord[bytes, bytes]":
    _, topic, part, off, key, headers, value = row
    return ConsumerRecord(
        topic=topic,
        partition=part,
        offset=off,
        timestamp=0,
        timestamp_type=0,
        key=key,
        value=value,
        checksum=None,
        serialized_key_size=len(key or b""),
        serialized_value_size=len(value or b""),
        headers=tuple((name, one) for name, one in ormsgpack.unpackb(headers)),
    )
