"""The store of events in PostgreSQL: few round trips, and one order of locks."""

import hashlib
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import orjson
import ormsgpack
import psycopg

from events.database import Connection, Database
from events.keyring import Missing, WrappedKey
from events.personal import Category, KeyId
from events.registry import Name, TooNewError
from events.seal import Sealed
from events.store import ForeignMandantError, Keys, Record, Stored, StreamConflictError

_LOCK = "select pg_advisory_xact_lock(h) from unnest(%s::bigint[]) h"

_LOAD = """
select mandant, stream, version, id, type, schema, at, meta, data
from event where stream = any (%s) order by stream, version
"""

_LOAD_SEALED = """
select stream, version, subject, category, fingerprint, nonce, block
from event_personal where stream = any (%s) order by stream, version, subject, category
"""

_APPEND = """
insert into event (mandant, stream, version, id, type, schema, at, meta, data)
select * from unnest(%s::uuid[], %s::uuid[], %s::int[], %s::uuid[], %s::text[], %s::smallint[],
    %s::timestamptz[], %s::text[]::jsonb[], %s::text[]::jsonb[])
"""

_APPEND_SEALED = """
insert into event_personal (mandant, stream, version, subject, category, fingerprint, nonce, block)
select * from unnest(%s::uuid[], %s::uuid[], %s::int[], %s::uuid[], %s::text[], %s::bytea[],
    %s::bytea[], %s::bytea[])
"""

_ENQUEUE = """
insert into relay (topic, key, headers, value)
select topic, key, headers, value from unnest(%s::text[], %s::bytea[], %s::bytea[], %s::bytea[])
    with ordinality as r (topic, key, headers, value, n) order by n
"""

_KEYS = """
select mandant, subject, category, wrapped, kek, fingerprint from subject_key
where (subject, category) in (select * from unnest(%s::uuid[], %s::text[]))
order by subject, category for key share
"""

_FENCES = """
select mandant, subject, category from erasure_fence
where (subject, category) in (select * from unnest(%s::uuid[], %s::text[]))
"""

# Who puts up a fence takes the same locks alone: either he sees our key, or we see his fence.
_LOCK_AGAINST_ERASURE = "select pg_advisory_xact_lock_shared(n) from unnest(%s::bigint[]) n"

_ADD_KEYS = """
insert into subject_key (mandant, subject, category, wrapped, kek, fingerprint, own)
select k.*, true from unnest(%s::uuid[], %s::uuid[], %s::text[], %s::bytea[], %s::text[],
    %s::bytea[]) as k (mandant, subject, category, wrapped, kek, fingerprint)
where not exists (
    select from erasure_fence f
    where f.subject = k.subject and f.category = k.category and f.mandant = k.mandant)
order by k.subject, k.category on conflict do nothing returning subject, category
"""


class PostgresStore:
    """Events of one service in its own database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def transaction(self, mandants: Collection[UUID]) -> AsyncIterator["PostgresTransaction"]:
        async with self._database.working(mandants) as connection:
            yield PostgresTransaction(connection)


class PostgresTransaction:
    """One transaction; `connection` is for projections and queries that belong to it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def lock(self, streams: Collection[UUID]) -> None:
        await self.connection.execute(_LOCK, (sorted(_lock_number(stream) for stream in streams),))

    async def load(
        self, streams: Collection[UUID], opened: Collection[UUID] | None = None
    ) -> Mapping[UUID, Sequence[Stored]]:
        wanted = list(streams if opened is None else opened)
        async with self.connection.pipeline():
            events = await self.connection.execute(_LOAD, (list(streams),), binary=True)
            blocks = await self.connection.execute(_LOAD_SEALED, (wanted,), binary=True)
        sealed: dict[tuple[UUID, int], list[Sealed]] = {}
        for stream, version, subject, category, mark, nonce, block in await blocks.fetchall():
            key = KeyId(subject, _category(category))
            sealed.setdefault((stream, version), []).append(Sealed(key, mark, nonce, block))
        loaded: dict[UUID, list[Stored]] = {}
        for (
            mandant,
            stream,
            version,
            id_,
            type_,
            schema,
            at,
            meta,
            fields,
        ) in await events.fetchall():
            blocks_here = tuple(sealed.get((stream, version), ()))
            row = Stored(
                mandant, stream, version, id_, Name(type_, schema), at, meta, fields, blocks_here
            )
            loaded.setdefault(stream, []).append(row)
        return loaded

    async def keys(self, ids: Collection[KeyId]) -> Keys:
        wanted = _columns([(key.subject, key.category.value) for key in ids], 2)
        async with self.connection.pipeline():
            rows = await self.connection.execute(_KEYS, wanted, binary=True)
            fences = await self.connection.execute(_FENCES, wanted)
        found: dict[KeyId, WrappedKey | Missing] = dict.fromkeys(ids, Missing.NOT_YET)
        owners: dict[KeyId, UUID] = {}
        for mandant, subject, category, wrapped, kek, mark in await rows.fetchall():
            key = KeyId(subject, Category(category))
            owners[key] = mandant
            found[key] = WrappedKey(key, wrapped, kek, mark)
        for mandant, subject, category in await fences.fetchall():
            key = KeyId(subject, Category(category))
            if owners.get(key, mandant) == mandant:
                found[key] = Missing.ERASED
        return found

    async def add_keys(self, mandant: UUID, made: Sequence[WrappedKey]) -> frozenset[KeyId]:
        rows = [
            (mandant, key.id.subject, key.id.category.value, key.wrapped, key.kek, key.fingerprint)
            for key in made
        ]
        await lock_against_erasure(self.connection, {key.id for key in made})
        added = await self.connection.execute(_ADD_KEYS, _columns(rows, 6))
        return frozenset(KeyId(row[0], Category(row[1])) for row in await added.fetchall())

    async def append(self, rows: Sequence[Stored]) -> None:
        try:
            await self.connection.execute(_APPEND, _columns([_event_row(row) for row in rows], 9))
        except psycopg.errors.UniqueViolation:
            raise StreamConflictError({row.stream for row in rows}) from None
        sealed = [_sealed_row(row, block) for row in rows for block in row.sealed]
        if sealed:
            await self.connection.execute(_APPEND_SEALED, _columns(sealed, 8))

    async def enqueue(self, records: Iterable[Record]) -> None:
        rows = [(r.topic, r.key, ormsgpack.packb(r.headers), r.value) for r in records]
        if rows:
            await self.connection.execute(_ENQUEUE, _columns(rows, 4))


async def check_owners(database: Database, owners: Mapping[UUID, UUID]) -> None:
    """Raise `ForeignMandantError` where a stream is another mandant's than `owners` says.

    Isolation hides foreign streams, so the conflict that they cause looks like any other.
    """
    async with database.plain() as connection:
        rows = await connection.execute("select * from stream_owner(%s)", (list(owners),))
        for stream, mandant in await rows.fetchall():
            if owners[stream] != mandant:
                raise ForeignMandantError(f"stream {stream} is another mandant's")


def _category(text: str) -> Category:
    """Raises `TooNewError`: only a later release can have stored a category that is not ours."""
    try:
        return Category(text)
    except ValueError:
        raise TooNewError(f"the category {text} is newer than this release") from None


async def lock_against_erasure(connection: Connection, keys: Collection[KeyId]) -> None:
    """Before new keys are looked for fences and kept: an erasure of any of them waits for us.

    A statement of its own, since a statement sees only what was there when it began.
    """
    numbers = sorted(key_lock_number(key) for key in keys)
    await connection.execute(_LOCK_AGAINST_ERASURE, (numbers,))


def key_lock_number(key: KeyId) -> int:
    """The number by which makers and erasers of one key exclude each other."""
    digest = hashlib.blake2b(f"{key.subject}:{key.category}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def _lock_number(stream: UUID) -> int:
    """64 bits of the stream's id, as the signed number that PostgreSQL locks by."""
    folded = (stream.int >> 64) ^ (stream.int & 0xFFFFFFFFFFFFFFFF)
    return folded - (1 << 64) if folded >= 1 << 63 else folded


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows turned into one array per column, as unnest wants them."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def _event_row(row: Stored) -> tuple[object, ...]:
    return (
        row.mandant,
        row.stream,
        row.version,
        row.id,
        row.name.type,
        row.name.schema,
        row.at,
        orjson.dumps(row.meta).decode(),
        orjson.dumps(row.fields).decode(),
    )


def _sealed_row(row: Stored, sealed: Sealed) -> tuple[object, ...]:
    key = sealed.key
    return (
        row.mandant,
        row.stream,
        row.version,
        key.subject,
        key.category.value,
        sealed.fingerprint,
        sealed.nonce,
        sealed.block,
    )
