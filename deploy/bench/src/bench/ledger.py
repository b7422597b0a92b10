"""The smallest service that does what services do: it counts, tells of it, and keeps a row."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, assert_never
from uuid import UUID

import psycopg

from bench.ground import Ground, origin
from events.clock import utc_now
from events.commands import Commands
from events.contracts.deliveries import Channel, DeliveryNoted
from events.database import Connection, Database
from events.decider import Decider
from events.execute import Executor, Project
from events.hearing import Hears, Translated, ordering
from events.personal import Category, Personal
from events.registry import Event, PublishedEvent, Registry
from events.store.postgres import PostgresStore, check_owners
from events.store.schema import isolate
from events.stream import Cause, Change, Heard, Order, StreamKind
from events.testing.postgres import Urls

MANDANT = UUID("0190a000-0000-7000-8000-000000000001")
_DOCUMENT = UUID("0190a000-0000-7000-8000-0000000000d0")
_NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
_TEXT = "Das Exposé liegt der Hausverwaltung vor."

registry = Registry()


@registry.event("ledger.counted")
class Counted(Event):
    """Something of the size that facts have."""

    number: int
    by: UUID
    text: str


@registry.event("ledger.noted")
class Noted(Event):
    """The same about a person."""

    person: UUID
    name: Annotated[str | None, Personal("person", Category.IDENTITY, own=True)] = None


@dataclass(frozen=True, slots=True)
class Count:
    """Count on. `heard`: what to count is a fact of somebody else's, counted once."""

    by: UUID
    heard: UUID | None = None


@dataclass(frozen=True, slots=True)
class Note:
    person: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Tally:
    number: int = 0
    seen: frozenset[UUID] = frozenset()
    names: tuple[str | None, ...] = ()


def _decide(command: Count | Note, state: Tally) -> Sequence[Counted | Noted]:
    match command:
        case Count(by, heard):
            if heard in state.seen:
                return ()
            return (Counted(number=state.number + 1, by=heard or by, text=_TEXT),)
        case Note(person, name):
            return (Noted(person=person, name=name),)
        case _ as never:
            assert_never(never)


def _evolve(state: Tally, event: Counted | Noted) -> Tally:
    match event:
        case Counted():
            return replace(state, number=event.number, seen=state.seen | {event.by})
        case Noted():
            return replace(state, names=(*state.names, event.name))
        case _ as never:
            assert_never(never)


def _publish(_: Tally, event: Counted | Noted, __: Tally) -> Iterable[PublishedEvent]:
    if isinstance(event, Counted):
        yield noted(event.by)


def noted(delivery: UUID) -> DeliveryNoted:
    """What the ledger tells, and also what it hears."""
    return DeliveryNoted(
        delivery=delivery,
        attempt=1,
        document=_DOCUMENT,
        channel=Channel.EPOST,
        at=_NOON,
        note="counted",
        text=_TEXT,
    )


LEDGER = StreamKind("ledger", registry, Decider(Tally(), _decide, _evolve), _publish)


def _counted_by(heard: Heard) -> Translated:
    assert isinstance(heard.event, DeliveryNoted)
    return Translated(heard.event.delivery, Count(by=heard.id, heard=heard.id))


HEARS: Hears = {DeliveryNoted: ordering(LEDGER, _counted_by)}

TALLY = "create table tally (stream uuid primary key, mandant uuid not null, number int not null)"
_KEEP = """
insert into tally (stream, mandant, number)
select * from unnest(%s::uuid[], %s::uuid[], %s::int[])
on conflict (stream) do update set number = excluded.number
"""


async def keep_tally(connection: Connection, changes: Sequence[Change]) -> None:
    """The read model: one row per stream."""
    rows = sorted((c.stream, c.mandant, c.after.number) for c in changes)
    await connection.execute(_KEEP, [list(column) for column in zip(*rows, strict=True)])


def counting(stream: UUID) -> Order:
    return Order(LEDGER, stream, MANDANT, Count(stream), Cause(stream, actor="clerk:bench"))


def executor(ground: Ground, project: Project | None = None) -> Executor:
    return Executor(origin("ledger"), ground.keyring, utc_now, project)


@asynccontextmanager
async def ledger(
    ground: Ground, urls: Urls, project: Project | None = None
) -> AsyncIterator[Commands]:
    """Its commands, on a database of its own."""
    if project is not None:
        make_tally(urls)
    async with Database(urls.app) as database:
        commands = Commands(
            PostgresStore(database),
            executor(ground, project),
            check_owners=partial(check_owners, database),
        )
        async with commands.running():
            yield commands


def make_tally(urls: Urls) -> None:
    with psycopg.connect(urls.migrator) as connection:
        for statement in (TALLY, *isolate("tally")):
            connection.execute(statement.encode())
