"""Commands of callers who wait: those that arrive together are committed together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from psycopg_pool import PoolTimeout

from events import tracing
from events.database import TRANSIENT
from events.decider import Rejected
from events.execute import Executor, Result
from events.store import Store, StreamConflictError, Transaction
from events.stream import Done, Order

Guard = Callable[[Transaction], Awaitable[None]]
CheckOwners = Callable[[dict[UUID, UUID]], Awaitable[None]]
Committed = Callable[[], None]

_TRIES = 5
_INSIST_AGAIN_S = 1.0

log = structlog.get_logger()


class BusyError(Exception):
    """Others kept changing the same streams. Nothing was written; the caller may try again."""


@dataclass(frozen=True, slots=True)
class _Call:
    orders: tuple[Order, ...]
    guard: Guard | None
    answer: "asyncio.Future[list[Result]]"


class Commands:
    """Carries out orders for API, sender and poller.

    While one transaction is under way, the next callers queue up; they share the next one.
    All orders of one call are written together or, after an error, not at all; a call never
    suffers from the errors of another one.
    """

    def __init__(
        self,
        store: Store,
        executor: Executor,
        *,
        committed: Committed = lambda: None,
        check_owners: CheckOwners | None = None,
        together_max: int = 500,
    ) -> None:
        self._store = store
        self._executor = executor
        self._committed = committed
        self._check_owners = check_owners
        self._together_max = together_max
        self._calls: asyncio.Queue[_Call] = asyncio.Queue()
        self._closed = False

    async def run(self, orders: Sequence[Order], *, guard: Guard | None = None) -> list[Result]:
        """Carry out the orders in one transaction; each has its own result, in their order.

        `guard` is called inside the transaction and stops it by raising. Raises `BusyError`,
        `KeyMissingError`, `ForeignMandantError`, `TooNewError` where the stream holds an event of a
        later release (after a rollback: that one goes on with it), and whatever the database or
        the guard raises; then nothing was written, or, where the connection broke in the commit,
        perhaps everything: repeating is safe, because deciders decide a repeated command to
        nothing.
        """
        if self._closed:
            raise BusyError("the service is stopping")
        answer: asyncio.Future[list[Result]] = asyncio.get_running_loop().create_future()
        await self._calls.put(_Call(tuple(orders), guard, answer))
        return await answer

    async def one(self, order: Order, *, guard: Guard | None = None) -> Done:
        """Carry out one order; raises its rejection."""
        (result,) = await self.run([order], guard=guard)
        if isinstance(result, Rejected):
            raise result
        return result

    async def insist(self, order: Order) -> Done:
        """Carry out one order however long the database is away; raises its rejection.

        For what came of a call outside: nobody else knows it, so it must not be lost.
        """
        while True:
            try:
                return await self.one(order)
            except (*TRANSIENT, BusyError) as error:
                log.warning("outcome.waiting", error=type(error).__name__)
                await asyncio.sleep(_INSIST_AGAIN_S)

    async def state(self, order: Order) -> Any:
        """The state of the order's stream as it is now; the command is not decided."""
        async with self._store.transaction([order.mandant]) as transaction:
            return await self._executor.state(transaction, order)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Commit calls until the context ends; then answer those that still wait, and stop."""
        self._closed = False
        task = asyncio.create_task(self._commit_for_ever())
        try:
            yield
        finally:
            self._closed = True
            try:
                await self._calls.join()
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _commit_for_ever(self) -> None:
        while True:
            together = [await self._calls.get()]
            # A guarded call is alone: its guard must stop nobody else's work.
            while self._may_grow(together) and not self._calls.empty():
                together.append(self._calls.get_nowait())
            try:
                await self._commit_calls(together)
            finally:
                for _ in together:
                    self._calls.task_done()

    def _may_grow(self, together: Sequence[_Call]) -> bool:
        if together[-1].guard is not None:
            return False
        return sum(len(call.orders) for call in together) < self._together_max

    async def _commit_calls(self, together: Sequence[_Call]) -> None:
        await self._settle([call for call in together if call.guard is None])
        for call in together:
            if call.guard is not None:
                await self._settle([call])

    async def _settle(self, calls: Sequence[_Call]) -> None:
        """Commit the calls; after an error in halves, until only who caused it hears of it."""
        waiting = [call for call in calls if not call.answer.done()]
        if not waiting:
            return
        try:
            await self._commit(waiting)
        except Exception as error:  # noqa: BLE001 - it belongs to one of the callers
            # No connection is nobody's fault, and each further try would only take as long again.
            if len(waiting) == 1 or isinstance(error, PoolTimeout):
                _refuse(waiting, error)
            else:
                middle = len(waiting) // 2
                await self._settle(waiting[:middle])
                await self._settle(waiting[middle:])

    async def _commit(self, calls: Sequence[_Call]) -> None:
        orders = [order for call in calls for order in call.orders]
        results = await self._execute(orders, calls[0].guard)
        self._committed()
        position = 0
        for call in calls:
            mine = results[position : position + len(call.orders)]
            position += len(call.orders)
            if not call.answer.done():
                call.answer.set_result(mine)

    async def _execute(self, orders: Sequence[Order], guard: Guard | None) -> list[Result]:
        mandants = {order.mandant for order in orders}
        for _ in range(_TRIES):
            try:
                async with self._store.transaction(mandants) as transaction:
                    if guard is not None:
                        await guard(transaction)
                    with tracing.span("execute", _first_story(orders)):
                        return await self._executor.execute(transaction, orders)
            except StreamConflictError:
                if self._check_owners is not None:
                    await self._check_owners({order.stream: order.mandant for order in orders})
        raise BusyError(f"{len(orders)} orders met others {_TRIES} times")


def _first_story(orders: Sequence[Order]) -> str | None:
    """Those that share a transaction are seen in the trace of the first of them."""
    return next((order.cause.traceparent for order in orders if order.cause), None)


def _refuse(calls: Sequence[_Call], error: Exception) -> None:
    for call in calls:
        if not call.answer.done():
            call.answer.set_exception(error)
