"""The machinery of one service, put together from its blueprint and its settings."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from events.burial import SetAside
from events.clock import Clock, utc_now
from events.commands import Commands
from events.contracts import published
from events.contracts.deliveries import Channel
from events.contracts.topics import SUBJECT_KEYS, TOPICS
from events.database import Database
from events.epoch import Epochs, begin
from events.erasure import Erase, Eraser
from events.execute import Executor, Project
from events.health import Health
from events.hearing import Hears
from events.inlet import Inlet
from events.lease import Leases
from events.personal import Category
from events.probe import probe
from events.recording import Origin
from events.registry import PublishedEvent
from events.relay import Relay
from events.settings import ServiceSettings
from events.store.postgres import PostgresStore, check_owners
from events.stream import StreamKind
from events.wake import Wake
from events.worker import Worker

INBOX, RELAY, WORK = "inbox", "relay", "work"


@dataclass(frozen=True, slots=True)
class ReadModel:
    """A table that a projection makes of events alone, so that a rebuild can replace it.

    `drifting`: columns that something else than an event changes too, for a while.
    """

    table: str
    drifting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What a service is, as far as the machinery cares.

    `source` names it in every event. `project` keeps its read models. `channel`: of the events
    about deliveries it wants only those of this channel. `issues_keys`: see `Executor`; who does
    also answers a key that comes after its fence. `set_aside`: see `Worker`. `kinds`: every kind
    of stream that it keeps. `read_models`: what the projection keeps; `effects`: tables of things
    to do that it also writes, and that must never be done again for a rebuild. `erase`: takes
    erased data out of read models.
    """

    source: str
    kinds: tuple[StreamKind[Any, Any, Any], ...] = ()
    hears: Hears = field(default_factory=dict)
    project: Project | None = None
    channel: Channel | None = None
    issues_keys: frozenset[Category] = frozenset()
    read_models: tuple[ReadModel, ...] = ()
    effects: tuple[str, ...] = ()
    erase: Erase | None = None
    set_aside: Mapping[type[PublishedEvent], SetAside] = field(default_factory=dict)

    def topics(self) -> tuple[str, ...]:
        """The topics that this service takes in; with any of them come the keys."""
        names = tuple(published.name_of(cls).type for cls in self.hears)
        return (*names, SUBJECT_KEYS) if names else ()


@dataclass(frozen=True, slots=True)
class Machinery:
    """The running parts that a service's own code works with."""

    blueprint: Blueprint
    settings: ServiceSettings
    clock: Clock
    database: Database
    machinery_database: Database
    wake: Wake
    commands: Commands
    worker: Worker
    eraser: Eraser
    relay: Relay
    inlet: Inlet
    leases: Leases
    health: Health
    epochs: Epochs


@asynccontextmanager
async def machinery(
    settings: ServiceSettings, blueprint: Blueprint, *, clock: Clock = utc_now
) -> AsyncIterator[Machinery]:
    """Open the databases, start what works in the background, close all of it at the end."""
    async with AsyncExitStack() as stack:
        url = settings.machinery_database_url.get_secret_value()
        size = settings.database_connections
        app = Database(settings.database_url.get_secret_value(), connections=size)
        own = Database(url, connections=size)
        await stack.enter_async_context(app)
        await stack.enter_async_context(own)
        epochs = await begin(own, settings.stream_epoch, clock())
        wake = Wake(url, (INBOX, RELAY, WORK))
        await stack.enter_async_context(wake.running())
        committed = partial(wake.tell, RELAY, WORK)
        executor = _executor(settings, blueprint, clock, epochs)
        owners = partial(check_owners, app)
        commands = Commands(PostgresStore(app), executor, committed=committed, check_owners=owners)
        await stack.enter_async_context(commands.running())
        health = _health(app)
        if settings.probe_port is not None:
            await stack.enter_async_context(probe(health, settings.http_host, settings.probe_port))
        yield Machinery(
            blueprint=blueprint,
            settings=settings,
            clock=clock,
            database=app,
            machinery_database=own,
            wake=wake,
            commands=commands,
            worker=_worker(app, executor, blueprint, committed),
            eraser=Eraser(app, executor, blueprint.erase, committed),
            relay=Relay(url, settings.kafka_bootstrap_servers, wake),
            inlet=_inlet(own, wake, blueprint),
            leases=Leases(own),
            health=health,
            epochs=epochs,
        )


def _inlet(database: Database, wake: Wake, blueprint: Blueprint) -> Inlet:
    issues_keys = bool(blueprint.issues_keys)
    return Inlet(database, wake, blueprint.channel, answers_late_keys=issues_keys)


def _worker(
    database: Database, executor: Executor, blueprint: Blueprint, committed: Callable[[], None]
) -> Worker:
    return Worker(
        database,
        executor,
        published,
        blueprint.hears,
        committed=committed,
        set_aside=blueprint.set_aside,
    )


def _executor(
    settings: ServiceSettings, blueprint: Blueprint, clock: Clock, epochs: Epochs
) -> Executor:
    origin = Origin(blueprint.source, settings.stream_epoch, published, TOPICS)
    return Executor(
        origin=origin,
        keyring=settings.keyring(),
        clock=clock,
        project=blueprint.project,
        issues_keys=blueprint.issues_keys,
        began_at=epochs.began_at,
    )


def _health(database: Database) -> Health:
    async def database_answers() -> None:
        async with database.plain() as connection:
            await connection.execute("select 1")

    return Health({"database": database_answers})
