"""How far a rebuild has come, written in the transactions of what it has made."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from events.database import Connection

_FOUND = "select from pg_namespace where nspname = 'rebuilding'"
# The view is for projections and erasure, which look at fences; they see no other live table.
_MAKE: LiteralString = """
create schema rebuilding;
create schema rebuilt;
create view rebuilt.erasure_fence as select * from public.erasure_fence;
create table rebuilding.model (name text primary key, definition text[] not null);
create table rebuilding.mandant (mandant uuid primary key);
create table rebuilding.run (
    cut bigint not null,
    reached bigint not null default 0,
    total bigint,
    done bigint not null default 0,
    swapped boolean not null default false
);
"""
_ADD_MODEL = "insert into rebuilding.model values (%s, %s)"
_MODELS = "select name, definition from rebuilding.model order by name"
_BEGIN = "insert into rebuilding.run (cut) select coalesce(max(position), 0) from public.event"
_COUNT = """
update rebuilding.run set total = (select count(*) from public.event where position <= cut)
where total is null
"""
_STATE = "select cut, reached, coalesce(total, 0), done, swapped from rebuilding.run"
_REACHED = "update rebuilding.run set reached = %s, done = done + %s"
_SWAPPED = "update rebuilding.run set swapped = true"
_ADD_MANDANTS = """
insert into rebuilding.mandant select m from unnest(%s::uuid[]) m order by m on conflict do nothing
"""
_MANDANTS = "select mandant from rebuilding.mandant order by mandant"
_CLEAR: LiteralString = """
drop schema if exists rebuilt cascade;
drop schema if exists rebuilding cascade;
"""


@dataclass(frozen=True, slots=True)
class State:
    """`cut`: the log's last position that is read from it; what came later is in the queue.

    `reached`: streams that begin up to this position are done. `done` of `total` events are.
    """

    cut: int
    reached: int
    total: int
    done: int
    swapped: bool


async def exists(connection: Connection) -> bool:
    """Whether a rebuild was begun and not cleared up."""
    return await (await connection.execute(_FOUND)).fetchone() is not None


async def make_room(connection: Connection) -> None:
    """Make the schemas: `rebuilt` for the new tables, `rebuilding` for what we remember."""
    await connection.execute(_MAKE)


async def begin(connection: Connection) -> None:
    """The log up to now is to be read; to be called when all older writers have ended."""
    await connection.execute(_BEGIN)


async def count(connection: Connection) -> None:
    """Count what is to be read, once."""
    await connection.execute(_COUNT)


async def current(connection: Connection) -> State:
    """Where the rebuild stands."""
    row = await (await connection.execute(_STATE)).fetchone()
    assert row is not None
    return State(*row)


async def reach(connection: Connection, position: int, events: int) -> None:
    """So many more events are done, and the streams up to there."""
    await connection.execute(_REACHED, (position, events))


async def note_swapped(connection: Connection) -> None:
    """From here on only clearing up is left."""
    await connection.execute(_SWAPPED)


async def add_model(connection: Connection, name: str, definition: Sequence[str]) -> None:
    """Remember what the live table looked like."""
    await connection.execute(_ADD_MODEL, (name, list(definition)))


async def models(connection: Connection) -> dict[str, list[str]]:
    """The tables that are made, and what the live ones looked like."""
    return dict(await (await connection.execute(_MODELS)).fetchall())


async def add_mandants(connection: Connection, mandants: Collection[UUID]) -> None:
    """Remember whose rows there are: isolation shows them to who names them only."""
    await connection.execute(_ADD_MANDANTS, (list(mandants),))


async def mandants(connection: Connection) -> list[UUID]:
    """Everybody whose rows there are."""
    return [row[0] for row in await (await connection.execute(_MANDANTS)).fetchall()]


async def clear(connection: Connection) -> None:
    """Drop all of it; harmless where there is nothing."""
    await connection.execute(_CLEAR)
