"""Turns records in the inbox into facts of our own: in batches, one transaction each."""

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from uuid import UUID

import structlog

from events import inbox, metrics, tracing
from events.batch import WAIT, Batch, key_name
from events.burial import SetAside, orders_after
from events.database import NOT_TRANSIENT, TRANSIENT, Connection, Database, see
from events.deaths import HOLD, Deaths
from events.envelope import header
from events.execute import Executor
from events.hearing import Hears, reaction
from events.inbox import Row
from events.keyring import KekMissingError, KeyMissingError
from events.log import frames
from events.personal import KeyId
from events.registry import PublishedEvent, Registry, TooNewError, UnreadableError
from events.store import ForeignMandantError, StreamConflictError
from events.store.postgres import PostgresTransaction, check_owners

_ATTEMPTS_MAX = 8
_CONFLICTS_MAX = 5
_PAUSE_MAX_S = 300.0
_FIRST = UUID(int=0)
_NOBODY_WAITS: Mapping[type[PublishedEvent], SetAside] = MappingProxyType({})

log = structlog.get_logger()


class Worker:
    """Claims due records, lets the policies translate them into orders, and executes these.

    A transient error puts the whole batch back and counts against nobody. A record that needs a
    newer release, or a key that has not arrived or can't be opened yet, waits. When anything else
    goes wrong the batch is halved until one record is left: that one is tried again later, and
    buried in the end. When records die in crowds the fault is ours: they are held, not buried,
    and the others go on.

    `set_aside` answers for buried records that somebody waits for.
    """

    def __init__(
        self,
        database: Database,
        executor: Executor,
        registry: Registry,
        hears: Hears,
        *,
        committed: Callable[[], None] = lambda: None,
        batch_max: int = 500,
        set_aside: Mapping[type[PublishedEvent], SetAside] = _NOBODY_WAITS,
    ) -> None:
        self._database = database
        self._executor = executor
        self._registry = registry
        self._reactions = {registry.name_of(c).type: reaction(r) for c, r in hears.items()}
        self._committed = committed
        self.batch_max = batch_max
        self._deaths = Deaths()
        self._set_aside = {registry.name_of(c).type: answer for c, answer in set_aside.items()}
        self._next_mandant = _FIRST
        self._is_fresh = True

    async def work(self) -> int:
        """Handle one batch; returns how many records were claimed (0: nothing is due).

        Raises the transient errors of the database.
        """
        if self._is_fresh:
            await self._look_again_after_start()
            self._is_fresh = False
        return await self._attempt(None)

    async def _look_again_after_start(self) -> None:
        """Make due what a process may have been restarted for: with a key, or a better release."""
        names = [inbox.kek_name(name) for name in self._executor.keyring.names()]
        async with self._database.plain() as connection:
            woken = await inbox.wake_named(connection, [*names, inbox.NEWER_RELEASE])
            woken += await inbox.wake_held(connection)
        log.info("worker.started", woken=woken)

    async def _attempt(self, only: Sequence[Row] | None, conflicts: int = 0) -> int:
        rows: Sequence[Row] = only or ()
        try:
            async with self._database.working(()) as connection:
                rows = await self._claim(connection, only)
                batch = self._batch(connection, rows)
                if rows:
                    await batch.handle()
        except NOT_TRANSIENT as error:
            return await self._blame(rows, error)
        except TRANSIENT:
            raise
        except StreamConflictError as error:
            if conflicts < _CONFLICTS_MAX:
                return await self._attempt(rows, conflicts + 1)
            return await self._blame(rows, error)
        except Exception as error:  # noqa: BLE001 - one of the records, or our bug: find out
            return await self._blame(rows, error)
        await self._look_again(batch.lacking)
        self._report(batch)
        return len(rows)

    async def _claim(self, connection: Connection, only: Sequence[Row] | None) -> list[Row]:
        if only is not None:
            return await inbox.claim_these(connection, only)
        most = self.batch_max // 4
        turn = await inbox.waiting_mandants(connection, self._next_mandant, most)
        # After the last of them comes the first again.
        self._next_mandant = UUID(int=turn[-1].int + 1) if turn and len(turn) == most else _FIRST
        return await inbox.claim(connection, self.batch_max, turn)

    def _batch(self, connection: Connection, rows: Sequence[Row]) -> Batch:
        return Batch(
            connection,
            self._executor,
            self._registry,
            self._reactions,
            rows,
            self._deaths,
            self._set_aside,
        )

    async def _blame(self, rows: Sequence[Row], error: Exception) -> int:
        """Find the record that can't be handled, and put off only that one."""
        if not rows:
            raise error  # Nothing could even be claimed: no record's fault, and nobody else tells.
        if len(rows) > 1:
            middle = len(rows) // 2
            return await self._attempt(rows[:middle]) + await self._attempt(rows[middle:])
        for row in rows:
            await self._put_off(row, await self._explain(row, error))
        return len(rows)

    async def _explain(self, row: Row, error: Exception) -> Exception:
        """Isolation hides a foreign mandant's stream, so that it looks like a conflict."""
        if isinstance(error, StreamConflictError) and row.mandant is not None:
            try:
                await check_owners(self._database, dict.fromkeys(error.streams, row.mandant))
            except ForeignMandantError as foreign:
                return foreign
        return error

    async def _put_off(self, row: Row, error: Exception) -> None:
        async with self._database.plain() as connection:
            match error:
                case KeyMissingError():
                    await inbox.wait_for(connection, row, key_name(error), WAIT)
                case KekMissingError():
                    await inbox.wait_for(connection, row, inbox.kek_name(error.kek), WAIT)
                case TooNewError():
                    await inbox.wait_for(connection, row, inbox.NEWER_RELEASE, WAIT)
                case _ if not _is_final(row, error):
                    await inbox.try_later(connection, row, _pause(row.attempts))
                case _:
                    await self._end(connection, row, error)
        _log_error("record.failed", row, _reason(error))
        if isinstance(error, KeyMissingError) and row.mandant is not None:
            await self._look_again({(row.mandant, error.key)})

    async def _end(self, connection: Connection, row: Row, error: Exception) -> None:
        reason = _reason(error)
        if self._deaths.too_many(1, 1):
            await inbox.wait_for(connection, row, inbox.held_name(reason), HOLD)
            _log_error("record.held", row, reason)
        else:
            await inbox.bury(connection, row, reason, "\n".join(frames(error)))
            if not isinstance(error, ForeignMandantError):
                await self._answer_for(connection, row)
            metrics.RECORDS_BURIED.inc()
            _log_error("record.buried", row, reason)
        self._deaths.count(1, 1)

    async def _answer_for(self, connection: Connection, row: Row) -> None:
        """Tell who waits for an answer; whatever fails here, the record is buried."""
        orders = orders_after(self._set_aside, row, self._executor.clock())
        if not orders:
            return
        try:
            async with connection.transaction():
                await see(connection, {order.mandant for order in orders})
                await self._executor.execute(PostgresTransaction(connection), orders)
        except TRANSIENT:
            raise
        except Exception:
            log.exception("record.unanswered", topic=row.topic, off=row.off)

    async def _look_again(self, lacking: Collection[tuple[UUID, KeyId]]) -> None:
        """A key may have come while its records were put off: then they need not wait."""
        if lacking:
            async with self._database.working({mandant for mandant, _ in lacking}) as connection:
                await inbox.wake_with_key(connection, {key for _, key in lacking})

    def _report(self, batch: Batch) -> None:
        if not batch.rows:
            return
        self._committed()
        metrics.RECORDS_HANDLED.inc(len(batch.handled))
        metrics.RECORDS_BURIED.inc(len(batch.buried))
        log.info("batch.handled", records=len(batch.rows), buried=len(batch.buried))
        if batch.held:
            log.error("worker.holding", held=batch.held)
        self._deaths.count(len(batch.rows), batch.died)


def _log_error(event: str, row: Row, reason: str) -> None:
    trace = tracing.trace_id(header(row.headers, "traceparent"))
    log.error(event, topic=row.topic, off=row.off, reason=reason, trace_id=trace)


def _is_final(row: Row, error: Exception) -> bool:
    """Whether no further attempt would change anything, or enough have been made."""
    for_ever = isinstance(error, ForeignMandantError | UnreadableError)
    return for_ever or row.attempts + 1 >= _ATTEMPTS_MAX


def _pause(attempts: int) -> timedelta:
    """Twice as long after each failure, up to five minutes, and never the same for all."""
    jitter = random.uniform(0.5, 1.5)  # noqa: S311 - spread, not secrecy
    return timedelta(seconds=min(2.0**attempts, _PAUSE_MAX_S) * jitter)


def _reason(error: Exception) -> str:
    """A slug or a class name: the text of an error may quote what nobody should read."""
    if isinstance(error, UnreadableError):
        return f"{error.slug}: {error}"
    return getattr(error, "slug", f"failed: {type(error).__name__}")
