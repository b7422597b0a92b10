"""Erasure in one service: a fence is put up at once, and what stands behind it is destroyed soon.

A fence says of one subject and category that its key is gone for ever. Whoever looks for the key
from then on goes on without. The destruction is a transaction of its own: the key, which waits
for everybody who still reads with it, then all that was sealed or shown with its help. It locks
one key and no stream, so that it can be part of no circle of locks (docs/adr/0006).
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from events import metrics
from events.contracts.keys import ErasureConfirmed, Tick
from events.contracts.topics import SUBJECT_KEYS
from events.database import TRANSIENT, Connection, Database, see
from events.execute import Executor
from events.ids import new_id
from events.inbox import waiting_name
from events.personal import Category, KeyId
from events.recording import Telling, told
from events.store import Record
from events.store.postgres import (
    PostgresTransaction,
    key_lock_number,
    lock_against_erasure,
)
from events.stream import Cause, Recorded
from events.subject_keys import Fence, IssuedKey, fence_record
from events.vault import Vault

Erase = Callable[[Connection, UUID, KeyId], Awaitable[Collection[KeyId]]]
"""Takes out of the read models of a mandant what this key has ever opened.

Returns the keys that go with it and still hold something: they are fenced and destroyed first,
then it is called again. It may lock rows of read models, and no stream and no key.
"""

_FENCE = """
insert into erasure_fence (mandant, subject, category, fingerprint, at)
select * from unnest(%s::uuid[], %s::uuid[], %s::text[], %s::bytea[], %s::timestamptz[])
    as f (mandant, subject, category, fingerprint, at)
order by subject, category on conflict do nothing
"""
_DEMAND = """
insert into erasure_due (mandant, subject, category, at, tell, confirm)
select mandant, subject, category, at, %s, %s
from unnest(%s::uuid[], %s::uuid[], %s::text[], %s::timestamptz[])
    with ordinality as d (mandant, subject, category, at, n) order by n
"""
_KEEP_KEYS = """
insert into subject_key (mandant, subject, category, wrapped, kek, fingerprint, own)
select k.*, false from unnest(%s::uuid[], %s::uuid[], %s::text[], %s::bytea[], %s::text[],
    %s::bytea[]) as k (mandant, subject, category, wrapped, kek, fingerprint)
where not exists (
    select from erasure_fence f
    where f.subject = k.subject and f.category = k.category and f.mandant = k.mandant)
order by k.subject, k.category on conflict do nothing
"""
_LATE = """
select f.mandant, f.subject, f.category, f.at from erasure_fence f
where (f.mandant, f.subject, f.category)
    in (select * from unnest(%s::uuid[], %s::uuid[], %s::text[]))
order by f.subject, f.category
"""
# What is being rebuilt may hold the name too, and nobody has seen to it that it goes along: whoever
# confirms must wait until the new tables are in place, or given up.
_CLAIM = """
select seq, mandant, subject, category, at, tell, confirm from erasure_due
where due_at <= clock_timestamp() and not exists (
    select from pg_namespace where nspname = 'rebuilding')
order by due_at, seq limit 1 for update skip locked
"""
_LOCK = "select pg_advisory_xact_lock(%s)"
_DELETE_KEY = """
delete from subject_key where subject = %s and category = %s returning fingerprint
"""
_DELETE_DEAD_KEY = "delete from dead where topic = %s and key = %s"
_DELETE_BLOCKS = "delete from event_personal where subject = %s and category = %s"
_NAME_KEY = """
insert into erasure_fence as f (mandant, subject, category, fingerprint, at)
values (%s, %s, %s, %s, %s)
on conflict (subject, category, mandant) do update set fingerprint = excluded.fingerprint
where f.fingerprint is null and excluded.fingerprint is not null
"""
_FINGERPRINT = "select fingerprint from erasure_fence where subject = %s and category = %s"
_NOT_DUE_YET = """
select k.subject, k.category, exists (
    select from subject_key s where s.subject = k.subject and s.category = k.category and not s.own)
from unnest(%s::uuid[], %s::text[]) as k (subject, category)
where not exists (
    select from erasure_due d where d.subject = k.subject and d.category = k.category)
order by k.subject, k.category
"""
_AGAIN = "update erasure_due set due_at = clock_timestamp() + %s where seq = %s"
_DONE = "delete from erasure_due where seq = %s"

_PUT_OFF = timedelta(seconds=5)
_FIRST_THE_OTHERS = timedelta(seconds=0.2)

log = structlog.get_logger()


async def demand(
    connection: Connection, fences: Sequence[Fence], *, tell: bool = False, confirm: bool = False
) -> None:
    """Put up fences, and have what stands behind them destroyed; repeating it is harmless.

    The transaction must see the fences' mandants. `tell`: the fences are published once that is
    done. `confirm`: it is told that this service has done it.
    """
    if not fences:
        return
    rows = [_row(fence) for fence in fences]
    columns = [list(column) for column in zip(*rows, strict=True)]
    mandants, subjects, categories, _, instants = columns
    await connection.execute(_FENCE, columns)
    wanted = (tell, confirm, mandants, subjects, categories, instants)
    await connection.execute(_DEMAND, wanted)


async def demand_along(
    connection: Connection, mandant: UUID, keys: Collection[KeyId], at: datetime
) -> None:
    """Have keys destroyed that go with another one, unless that is under way.

    Of a key that came from outside the others must hear too; one of our own nobody knows.
    """
    if not keys:
        return
    found = await (await connection.execute(_NOT_DUE_YET, _columns(keys))).fetchall()
    for known_outside in (False, True):
        fences = [
            Fence(mandant, KeyId(subject, Category(category)), None, at)
            for subject, category, came_from_outside in found
            if came_from_outside is known_outside
        ]
        await demand(connection, fences, tell=known_outside)


async def take_in(
    connection: Connection, heard: Iterable[IssuedKey | Fence | Tick], *, answers_late_keys: bool
) -> list[str]:
    """Keep the keys and fences of some records; returns the names that records may wait for.

    Who `answers_late_keys` publishes the fence again when a key comes after it, so that the fence
    stays the last word in the topic.
    """
    about = [one for one in heard if not isinstance(one, Tick)]
    keys = [one for one in about if isinstance(one, IssuedKey)]
    fences = [one for one in about if isinstance(one, Fence)]
    await see(connection, {one.mandant for one in about})
    await demand(connection, fences, confirm=True)
    if keys:
        await _keep(connection, keys)
        if answers_late_keys:
            await demand(connection, await _late(connection, keys), tell=True)
    return [waiting_name(_id(one)) for one in about]


async def _keep(connection: Connection, keys: Sequence[IssuedKey]) -> None:
    await lock_against_erasure(connection, {one.key.id for one in keys})
    rows = [
        (
            one.mandant,
            one.key.id.subject,
            one.key.id.category.value,
            one.key.wrapped,
            one.key.kek,
            one.key.fingerprint,
        )
        for one in keys
    ]
    await connection.execute(_KEEP_KEYS, [list(column) for column in zip(*rows, strict=True)])


async def _late(connection: Connection, keys: Sequence[IssuedKey]) -> list[Fence]:
    """The fences that stand where keys have just arrived."""
    mandants = [one.mandant for one in keys]
    columns = (mandants, *_columns(one.key.id for one in keys))
    found = await (await connection.execute(_LATE, columns)).fetchall()
    return [Fence(m, KeyId(s, Category(c)), None, at) for m, s, c, at in found]


@dataclass(frozen=True, slots=True)
class _Due:
    seq: int
    mandant: UUID
    key: KeyId
    at: datetime
    tell: bool
    confirm: bool


@dataclass(frozen=True, slots=True)
class Eraser:
    """Destroys what stands behind the fences. Run as many as you like.

    `database` is in the app's role. `committed` is called after each transaction.
    """

    database: Database
    executor: Executor
    erase: Erase | None
    committed: Callable[[], None]

    async def work(self) -> int:
        """Do all that is due; returns how many steps that took. Raises what is transient."""
        steps = 0
        while await self._step():
            steps += 1
        return steps

    async def _step(self) -> bool:
        due = None
        try:
            async with self.database.working(()) as connection:
                due = await _claim(connection)
                if due is not None:
                    await self._destroy(connection, due)
        except Exception as error:
            if due is None:
                raise
            # Somebody reads with the key for long, or our bug: later, and visibly.
            tell = log.warning if isinstance(error, TRANSIENT) else log.exception
            tell("erasure.waiting", category=due.key.category, error=type(error).__name__)
            await self._put_off(due)
        if due is not None:
            self.committed()
        return due is not None

    async def _destroy(self, connection: Connection, due: _Due) -> None:
        """The one transaction. It waits for makers and readers of the key before it looks."""
        await see(connection, [due.mandant])
        key = (due.key.subject, due.key.category.value)
        await connection.execute(_LOCK, (key_lock_number(due.key),))
        gone = await (await connection.execute(_DELETE_KEY, key)).fetchone()
        fence = (due.mandant, *key, gone[0] if gone else None, due.at)
        await connection.execute(_NAME_KEY, fence)
        await connection.execute(_DELETE_BLOCKS, key)
        # Even a record that was unreadable may hold a key.
        name = waiting_name(due.key).encode()
        await connection.execute(_DELETE_DEAD_KEY, (SUBJECT_KEYS, name))
        first = await self.erase(connection, due.mandant, due.key) if self.erase else ()
        if first:
            await demand_along(connection, due.mandant, first, due.at)
            await connection.execute(_AGAIN, (_FIRST_THE_OTHERS, due.seq))
            return
        await PostgresTransaction(connection).enqueue(await self._tellings(connection, due))
        await connection.execute(_DONE, (due.seq,))
        metrics.KEYS_ERASED.inc()
        log.info("erasure.done", category=due.key.category, had_key=gone is not None)

    async def _tellings(self, connection: Connection, due: _Due) -> list[Record]:
        found = await connection.execute(_FINGERPRINT, (due.key.subject, due.key.category.value))
        row = await found.fetchone()
        mark: bytes | None = row[0] if row else None
        records = []
        if due.tell:
            records.append(fence_record(Fence(due.mandant, due.key, mark, due.at)))
        if due.confirm:
            records.append(self._confirmation(connection, due, mark))
        return records

    def _confirmation(self, connection: Connection, due: _Due, mark: bytes | None) -> Record:
        now = self.executor.clock()
        event = ErasureConfirmed(
            subject=due.key.subject,
            category=due.key.category,
            fingerprint=mark.hex() if mark else None,
            confirmed_at=now,
        )
        of = Recorded(
            id=new_id(),
            mandant=due.mandant,
            stream=due.key.subject,
            version=1,
            at=now,
            event=event,
            cause=Cause(new_id()),
        )
        nothing_personal = Vault(PostgresTransaction(connection), self.executor.keyring)
        return told(Telling(of, 0, event), self.executor.origin, nothing_personal)

    async def _put_off(self, due: _Due) -> None:
        async with self.database.plain() as connection:
            await connection.execute(_AGAIN, (_PUT_OFF, due.seq))


async def _claim(connection: Connection) -> _Due | None:
    row = await (await connection.execute(_CLAIM)).fetchone()
    if row is None:
        return None
    seq, mandant, subject, category, at, tell, confirm = row
    return _Due(seq, mandant, KeyId(subject, Category(category)), at, tell, confirm)


def _row(fence: Fence) -> tuple[Any, ...]:
    key = fence.key
    return (fence.mandant, key.subject, key.category.value, fence.fingerprint, fence.at)


def _id(told_of: IssuedKey | Fence) -> KeyId:
    return told_of.key if isinstance(told_of, Fence) else told_of.key.id


def _columns(keys: Iterable[KeyId]) -> tuple[list[UUID], list[str]]:
    named = list(keys)
    return [key.subject for key in named], [key.category.value for key in named]
