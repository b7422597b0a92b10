"""Turns records in the inbox into facts of our own: in batches, one transaction each."""

import random
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog

from events import inbox, metrics, tracing
from events.batch import WAIT, Batch, key_name
from events.database import TRANSIENT, Connection, Database
from events.envelope import header
from events.execute import Executor
from events.hearing import Hears, reaction
from events.inbox import Row
from events.keyring import KeyMissingError
from events.log import frames
from events.personal import KeyId
from events.registry import Registry, TooNewError
from events.store import ForeignMandantError, StreamConflictError
from events.store.postgres import check_owners

_ATTEMPTS_MAX = 8
_CONFLICTS_MAX = 5
_PAUSE_MAX_S = 300.0
_FIRST = UUID(int=0)

log = structlog.get_logger()


class TooManyDeadError(Exception):
    """So many records died at once that the fault is ours: stop before more are buried."""


class Worker:
    """Claims due records, lets the policies translate them into orders, and executes these.

    A transient error puts the whole batch back and counts against nobody. A record that needs a
    newer release or a key that has not arrived waits. When anything else goes wrong the batch is
    halved until one record is left: that one is tried again later, and buried in the end.
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
    ) -> None:
        self._database = database
        self._executor = executor
        self._registry = registry
        self._reactions = {registry.name_of(c).type: reaction(r) for c, r in hears.items()}
        self._committed = committed
        self._batch_max = batch_max
        self._deaths = _Deaths()
        self._next_mandant = _FIRST
        self._is_fresh = True

    async def work(self) -> int:
        """Handle one batch; returns how many records were claimed (0: nothing is due).

        Raises the transient errors of the database, and `TooManyDeadError`.
        """
        if self._is_fresh:
            async with self._database.plain() as connection:
                await inbox.wake_newer(connection)
            self._is_fresh = False
        return await self._attempt(None)

    async def _attempt(self, only: Sequence[Row] | None, conflicts: int = 0) -> int:
        rows: Sequence[Row] = only or ()
        try:
            async with self._database.working(()) as connection:
                rows = await self._claim(connection, only)
                batch = self._batch(connection, rows)
                if rows:
                    await batch.handle()
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
        most = self._batch_max // 4
        turn = await inbox.waiting_mandants(connection, self._next_mandant, most)
        # After the last of them comes the first again.
        self._next_mandant = UUID(int=turn[-1].int + 1) if turn and len(turn) == most else _FIRST
        return await inbox.claim(connection, self._batch_max, turn)

    def _batch(self, connection: Connection, rows: Sequence[Row]) -> Batch:
        return Batch(connection, self._executor, self._registry, self._reactions, rows)

    async def _blame(self, rows: Sequence[Row], error: Exception) -> int:
        """Find the record that can't be handled, and put off only that one."""
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
        died = row.attempts + 1 >= _ATTEMPTS_MAX or isinstance(error, ForeignMandantError)
        waits = isinstance(error, KeyMissingError | TooNewError)
        async with self._database.plain() as connection:
            if isinstance(error, KeyMissingError):
                await inbox.wait_for(connection, row, key_name(error), WAIT)
            elif isinstance(error, TooNewError):
                await inbox.wait_for(connection, row, inbox.NEWER_RELEASE, WAIT)
            elif died:
                await inbox.bury(connection, row, _reason(error), "\n".join(frames(error)))
            else:
                await inbox.try_later(connection, row, _pause(row.attempts))
        if isinstance(error, KeyMissingError) and row.mandant is not None:
            await self._look_again({(row.mandant, error.key)})
        dead = died and not waits
        trace = tracing.trace_id(header(row.headers, "traceparent"))
        log.error(
            "record.failed",
            topic=row.topic,
            off=row.off,
            reason=_reason(error),
            died=dead,
            trace_id=trace,
        )
        self._deaths.count(1, int(dead))

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
        metrics.RECORDS_BURIED.inc(batch.buried)
        log.info("batch.handled", records=len(batch.rows), buried=batch.buried)
        self._deaths.count(len(batch.rows), batch.buried)


@dataclass(slots=True)
class _Deaths:
    """How many records were handled and how many died within the last minute."""

    limit: int = 20
    share: float = 0.05
    window_s: float = 60.0
    _seen: deque[tuple[float, int, int]] = field(default_factory=deque)

    def count(self, handled: int, died: int) -> None:
        """Raise `TooManyDeadError` when more died than records can be blamed for."""
        now = time.monotonic()
        self._seen.append((now, handled, died))
        while self._seen[0][0] < now - self.window_s:
            self._seen.popleft()
        all_handled = sum(handled for _, handled, _ in self._seen)
        all_died = sum(died for _, _, died in self._seen)
        if all_died > self.limit and all_died > self.share * all_handled:
            raise TooManyDeadError(f"{all_died} of {all_handled} records died within a minute")


def _pause(attempts: int) -> timedelta:
    """Twice as long after each failure, up to five minutes, and never the same for all."""
    jitter = random.uniform(0.5, 1.5)  # noqa: S311 - spread, not secrecy
    return timedelta(seconds=min(2.0**attempts, _PAUSE_MAX_S) * jitter)


def _reason(error: Exception) -> str:
    """A slug or a class name: the text of an error may quote what nobody should read."""
    return getattr(error, "slug", type(error).__name__)
