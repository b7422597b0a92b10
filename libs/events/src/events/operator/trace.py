"""`trace ID`: what this service knows of one story, as JSON, a line each (`make trace` joins all).

The story of a document, a delivery or any other stream, of whatever names it, or of a correlation
id: the streams concerned as a whole, and what is still on its way or dead. It reads the whole log.
"""

import argparse
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
import ormsgpack
import psycopg

from events.contracts import published
from events.database import Connection, Database
from events.envelope import header
from events.keyring import KeyMissingError
from events.operator.tool import Site, Tool
from events.registry import Json
from events.replay import kinds_by_event, published_of
from events.store import Stored
from events.store.postgres import PostgresStore, PostgresTransaction
from events.tracing import trace_id
from events.vault import Vault

_STREAMS_MAX = 200

_CONCERNED = """
select stream, mandant from event
where stream = %(id)s or meta ->> 'correlation' = %(text)s
    or jsonb_path_exists(data, '$.** ? (@ == $id)', jsonb_build_object('id', %(text)s::text))
group by stream, mandant order by min(position) limit %(limit)s
"""

_UNDER_WAY = """
select 'publishing', at, topic, headers, refused, null from relay where {names}
union all
select 'waiting', arrived_at, topic, headers, waiting_for, attempts from inbox where {names}
union all
select 'dead', last_failed_at, topic, headers, reason, attempts from dead where {names}
"""
_NAMES = """exists (select from unnest(%(ids)s::bytea[]) i (id)
    where key = i.id or position(i.id in headers) > 0)"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", type=UUID, help="of a document, a delivery, or a correlation")


async def run(site: Site, chosen: argparse.Namespace) -> int:
    settings = site.settings
    owner = settings.migrator_database_url.get_secret_value()
    async with (
        await psycopg.AsyncConnection.connect(owner, autocommit=True) as log,
        Database(settings.database_url.get_secret_value(), connections=1) as app,
    ):
        found = await log.execute(
            _CONCERNED, {"id": chosen.id, "text": str(chosen.id), "limit": _STREAMS_MAX}
        )
        owners: dict[UUID, UUID] = dict(await found.fetchall())
        lines = await _facts(site, app, owners)
        lines += [line async for line in _under_way(log, {chosen.id, *owners})]
    for line in sorted(lines, key=_at):
        print(orjson.dumps({"service": site.blueprint.source, **line}).decode())
    return 0


def _at(line: Json) -> Any:
    return line["at"]


async def _facts(site: Site, app: Database, owners: Mapping[UUID, UUID]) -> list[Json]:
    async with PostgresStore(app).transaction(set(owners.values())) as transaction:
        rows = await transaction.load(owners)
        told = await _told(site, transaction, rows)
    return [_fact(row, told) for history in rows.values() for row in history]


async def _told(
    site: Site, transaction: PostgresTransaction, rows: Mapping[UUID, Sequence[Stored]]
) -> Mapping[UUID, Sequence[Json]]:
    """What was published of each event; nothing, where a key has not arrived."""
    vault = Vault(transaction, site.settings.keyring())
    kinds = kinds_by_event(site.blueprint.kinds)
    try:
        tellings = await published_of(rows, vault, kinds, site.blueprint.source)
    except KeyMissingError:
        return {}
    told: dict[UUID, list[Json]] = {}
    for one in tellings:
        name = published.name_of(type(one.event)).type
        told.setdefault(one.of.id, []).append({"id": one.id, "topic": name})
    return told


def _fact(row: Stored, told: Mapping[UUID, Sequence[Json]]) -> Json:
    return {
        "at": row.at,
        "what": "event",
        "name": row.name.type,
        "stream": row.stream,
        "version": row.version,
        "actor": row.meta["actor"],
        "correlation": row.meta["correlation"],
        "causation": row.meta.get("causation"),
        "trace": trace_id(row.meta.get("traceparent")),
        "published": told.get(row.id, []),
    }


async def _under_way(log: Connection, ids: Collection[UUID]) -> AsyncIterator[Json]:
    query = _UNDER_WAY.format(names=_NAMES).encode()
    found = await log.execute(query, {"ids": [str(one).encode() for one in ids]})
    for what, at, topic, packed, why, attempts in await found.fetchall():
        headers = [(name, value) for name, value in ormsgpack.unpackb(packed)]
        yield {
            "at": at,
            "what": what,
            "name": topic,
            "why": why,
            "attempts": attempts,
            "correlation": header(headers, "ce_correlationid"),
            "causation": header(headers, "ce_id"),
            "trace": trace_id(header(headers, "traceparent")),
        }


TOOL = Tool("trace", "what this service knows of one story, as JSON", arguments, run)
