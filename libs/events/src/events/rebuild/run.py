"""One rebuild from its beginning to the swap; it goes on where an earlier one was killed.

The order is: start the queue, which waits once for every older writer; read the log up to that
point; drain the queue; then, with the live tables locked for a moment, drain what is left and
swap. How far it came is written with what it has made, so nothing is done twice or left out.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg

from events.adapters import ADAPTERS
from events.database import Connection, Database, see
from events.erasure import Erase
from events.execute import Project
from events.keyring import Keyring
from events.rebuild import queue, shadow, state
from events.rebuild.history import Span, Teller
from events.store.postgres import PostgresStore
from events.stream import Change
from events.vault import Vault

# Nobody may wait longer for us than PostgreSQL waits before it looks for a deadlock, one second.
_LOCK_WAIT = "set local lock_timeout = '400ms'"
_MOMENT_S = 0.8
_PAUSE_S = 0.3
# No statement of ours may hold a snapshot longer than a minute. New tables are seen, live ones not.
_WRITES = (
    "-c search_path=rebuilt -c synchronous_commit=off -c statement_timeout=60s"
    " -c lock_timeout=10s -c jit=off"
)
_READS = "-c statement_timeout=60s -c lock_timeout=10s -c jit=off"

PAGE_EVENTS = 5000
_PAGE_STREAMS = 2000
_BATCH = 1000
_NEARLY_EMPTY = 100

_ALONE = "select pg_try_advisory_lock(hashtext('rebuild'))"
# The events of a stream are read at the place of its first one.
_PAGE = """
select first.position, first.stream, first.mandant, (
    select e.version from event e
    where e.stream = first.stream and e.position <= %(cut)s order by e.version desc limit 1)
from event first
where first.position > %(reached)s and first.position <= %(cut)s and first.version = 1
order by first.position limit %(limit)s
"""

# What a projection demands to be erased has been demanded long since.
_DEMANDS = "erasure_due"


class RebuildError(Exception):
    """The rebuild can't go on, for the reason in the text; the live tables are as before."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What is being done, and how many events of the log are done, of how many."""

    step: str
    done: int
    total: int


Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Service:
    """What a rebuild needs to know of a service.

    Its one projection makes all `models` together. `effects` are tables of things to do: what
    it leaves there is thrown away. `database` is in the app's role and reads the log.
    """

    database: Database
    keyring: Keyring
    teller: Teller
    project: Project
    erase: Erase | None
    models: Sequence[str]
    effects: Sequence[str]


@asynccontextmanager
async def opened(url: str, service: Service, report: Report) -> AsyncIterator["Rebuild"]:
    """The only rebuild of this database; `url` is in the role of the tables' owner.

    Raises `RebuildError` where another one is running.
    """
    async with await _connected(url, _WRITES) as owner, await _connected(url, _READS) as log:
        row = await (await owner.execute(_ALONE)).fetchone()
        if row is None or not row[0]:
            raise RebuildError("another rebuild of this service is running")
        yield Rebuild(service, owner, log, report)


async def _connected(url: str, options: str) -> Connection:
    """Never prepared: a plan made for an empty table would be kept until it holds millions."""
    return await psycopg.AsyncConnection.connect(
        url, autocommit=True, prepare_threshold=None, context=ADAPTERS, options=options
    )


@dataclass(frozen=True, slots=True)
class Rebuild:
    """`owner` is the connection that writes, and holds the lock; `log` reads all of the log."""

    service: Service
    owner: Connection
    log: Connection
    report: Report

    async def prepare(self) -> int:
        """Make the new tables and bring them up to now; goes on where it was interrupted.

        Returns how many events of the log it has read.
        Raises `RebuildError`, `UnfitTableError`, what the projection raises, and, until it has
        arrived, `KeyMissingError` for a key.
        """
        if not await state.exists(self.owner):
            await self._patiently("waiting for older writers", self._begin)
        await self._check_models()
        await state.count(self.owner)
        events = await self._read_log()
        await self._drain()
        for model in self.service.models:
            await shadow.analyze(self.owner, model)
        return events

    async def swap(self, models: Sequence[str]) -> None:
        """Drain the rest, put these tables in place, drop the old ones and all that was ours.

        Nobody is kept waiting: where somebody is in the way for long, it is tried again.
        """

        async def swap() -> None:
            async with asyncio.timeout(_MOMENT_S):
                await shadow.lock(self.owner, models)
                while await self._drain_batch():
                    pass
                await self._check_definitions()
            await self.owner.execute("set local synchronous_commit = on")
            await shadow.swap(self.owner, models)
            await state.note_swapped(self.owner)

        await self._patiently("swapping", swap, between=self._drain)
        await self.clear()

    async def interrupted_after_swap(self) -> bool:
        """Whether an earlier run has done all but clearing up."""
        return await state.exists(self.owner) and (await state.current(self.owner)).swapped

    async def clear(self) -> None:
        """Take away triggers, queue and new tables; harmless where there are none."""

        async def clear() -> None:
            await queue.end(self.owner)
            await state.clear(self.owner)

        await self._patiently("clearing up", clear)

    async def at_rest(self, moment: Callable[[], Awaitable[None]]) -> None:
        """Call `moment` while nobody writes and the new tables are as far as the live ones."""

        async def rest() -> None:
            async with self.log.transaction():
                await self.log.execute(_LOCK_WAIT)
                await self.log.execute("lock table event in share mode")
                async with asyncio.timeout(_MOMENT_S):
                    while await self._drain_one():
                        pass
                await moment()

        await self._patiently("comparing", rest, between=self._drain, in_transaction=False)

    async def _begin(self) -> None:
        await state.make_room(self.owner)
        for model in self.service.models:
            await state.add_model(self.owner, model, await shadow.make(self.owner, model))
        for table in (*self.service.effects, _DEMANDS):
            await shadow.make_sink(self.owner, table)
        await queue.begin(self.owner)
        await state.begin(self.owner)

    async def _check_models(self) -> None:
        if set(await state.models(self.owner)) != set(self.service.models):
            raise RebuildError("a rebuild of other tables was begun here: --abandon it first")

    async def _check_definitions(self) -> None:
        for model, was in (await state.models(self.owner)).items():
            if await shadow.definition(self.owner, model) != was:
                raise RebuildError(f"the table {model} was changed meanwhile: --abandon this one")

    async def _read_log(self) -> int:
        """Page by page; while one is written, the next is read."""
        now = await state.current(self.owner)
        self.report(Progress("reading the log", now.done, now.total))
        reached, done = now.reached, now.done
        reading = asyncio.create_task(self._page(reached, now.cut))
        try:
            while (page := await reading)[1]:
                reached, changes = page
                reading = asyncio.create_task(self._page(reached, now.cut))
                events = sum(len(change.recorded) for change in changes)
                async with self.owner.transaction():
                    await self._apply(changes)
                    await state.reach(self.owner, reached, events)
                done += events
                self.report(Progress("reading the log", done, now.total))
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        return done - now.done

    async def _page(self, reached: int, cut: int) -> tuple[int, list[Change]]:
        """The next streams of the log, and the position up to which that is all."""
        about = {"reached": reached, "cut": cut, "limit": _PAGE_STREAMS}
        rows = await (await self.log.execute(_PAGE, about)).fetchall()
        spans: list[Span] = []
        events = 0
        for position, stream, mandant, version in rows:
            events += version
            if spans and events > PAGE_EVENTS:
                break
            spans.append(Span(stream, mandant, 1, version))
            reached = position
        return reached, await self._changes(spans)

    async def _changes(self, spans: Sequence[Span]) -> list[Change]:
        """What happened in these spans. An erasure that comes next is in the queue of fences."""
        if not spans:
            return []
        mandants = {span.mandant for span in spans}
        async with PostgresStore(self.service.database).transaction(mandants) as transaction:
            vault = Vault(transaction, self.service.keyring)
            return await self.service.teller.changes(transaction, vault, spans)

    async def _drain(self) -> None:
        """Bring in what was written meanwhile, until hardly anything is left."""
        now = await state.current(self.owner)
        self.report(Progress("catching up", now.done, now.total))
        while await self._drain_one() > _NEARLY_EMPTY:
            pass

    async def _drain_one(self) -> int:
        async with self.owner.transaction():
            return await self._drain_batch()

    async def _drain_batch(self) -> int:
        """Bring in a part of the queue, and take it out; returns how much it was."""
        batch = await queue.look(self.owner, _BATCH)
        if not len(batch):
            return 0
        await self._apply(await self._changes(batch.spans))
        for mandant, key in batch.fences:
            await see(self.owner, [mandant])
            if self.service.erase is not None:
                await self.service.erase(self.owner, mandant, key)
        await queue.done(self.owner, batch)
        return len(batch)

    async def _apply(self, changes: Sequence[Change]) -> None:
        if changes:
            mandants = {change.mandant for change in changes}
            await state.add_mandants(self.owner, mandants)
            await see(self.owner, mandants)
            await self.service.project(self.owner, changes)

    async def _patiently(
        self,
        step: str,
        attempt: Callable[[], Awaitable[None]],
        *,
        between: Callable[[], Awaitable[None]] | None = None,
        in_transaction: bool = True,
    ) -> None:
        """Try until nobody is in the way; after each try everybody else may go on for a while."""
        while True:
            try:
                if in_transaction:
                    async with self.owner.transaction():
                        await self.owner.execute(_LOCK_WAIT)
                        await attempt()
                else:
                    await attempt()
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected, TimeoutError):
                now = await state.current(self.owner) if await state.exists(self.owner) else None
                self.report(Progress(step, now.done if now else 0, now.total if now else 0))
                await asyncio.sleep(_PAUSE_S)
                if between is not None:
                    await between()
            else:
                return
