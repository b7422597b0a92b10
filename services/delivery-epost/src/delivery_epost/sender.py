"""Calls the provider at our own pace: one process hands letters over, one asks about them.

All calls for one access go through the holder of its lease, so the pace is kept however many
processes run.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from delivery_epost.application.desk import LetterDesk, rest_after
from delivery_epost.domain.pace import Task
from delivery_epost.ports import PostError
from delivery_epost.projections import LANE
from documents.store import StoreUnavailableError
from events.lease import Lease
from events.service import Machinery
from events.work import Due, Lane, put_off

_STORE_AWAY = timedelta(seconds=30)
_NO_ANSWER = timedelta(seconds=30)
_ASKED_AT_ONCE = 200

log = structlog.get_logger()


@dataclass(slots=True)
class Sender:
    """Hands over planned letters, a few at a time, and lets a troubled account rest."""

    desk: LetterDesk
    machinery: Machinery
    letters_at_once: int
    _rests_until: float = 0.0

    async def run(self, stopping: asyncio.Event) -> None:
        lane = Lane(self.machinery, LANE, frozenset({Task.SUBMIT}), self._submit_all)
        await lane.run(stopping)

    async def _submit_all(self, items: Sequence[Due], lease: Lease) -> None:
        turn = asyncio.Semaphore(self.letters_at_once)
        works = (self._one(item, lease, turn) for item in items)
        # Trouble with one letter must not leave another one's call behind.
        for result in await asyncio.gather(*works, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _one(self, item: Due, lease: Lease, turn: asyncio.Semaphore) -> None:
        async with turn:
            if not lease.held():
                return
            rest_s = self._rests_until - time.monotonic()
            if rest_s > 0:
                await self._later(item, timedelta(seconds=rest_s))
            else:
                await self._submit(item, lease)

    async def _submit(self, item: Due, lease: Lease) -> None:
        try:
            rest = await self.desk.submit(item, lease)
        except StoreUnavailableError as error:
            log.warning("store.trouble", error=type(error).__name__)
            await self._later(item, _STORE_AWAY)
            return
        if rest is not None:
            log.warning("account.resting", rest_s=rest.total_seconds())
            self._rests_until = max(self._rests_until, time.monotonic() + rest.total_seconds())

    async def _later(self, item: Due, pause: timedelta) -> None:
        await put_off(self.machinery.database, [item.stream], Task.SUBMIT, pause)


@dataclass(slots=True)
class Poller:
    """Asks about letters in doubt and letters under way, never faster than the provider wants."""

    desk: LetterDesk
    machinery: Machinery
    questions_apart_s: float
    poll_every: timedelta
    _answered_at: float = field(default_factory=time.monotonic)

    async def run(self, stopping: asyncio.Event) -> None:
        tasks = frozenset({Task.RECONCILE, Task.POLL})
        lane = Lane(self.machinery, LANE, tasks, self._ask_all, batch_max=_ASKED_AT_ONCE)
        await lane.run(stopping)

    async def _ask_all(self, items: Sequence[Due], lease: Lease) -> None:
        doubtful = [item for item in items if item.task == Task.RECONCILE]
        under_way = [item for item in items if item.task == Task.POLL]
        for item in doubtful:
            async with self._turn():
                if not lease.held():
                    return
                await self._reconcile(item)
        if under_way and lease.held():
            async with self._turn():
                await self._poll(under_way)

    async def _reconcile(self, item: Due) -> None:
        try:
            await self.desk.reconcile(item)
        except PostError as error:
            await self.desk.no_answer(item)
            await self._ask_later([item], error)

    async def _poll(self, items: Sequence[Due]) -> None:
        try:
            mentioned = await self.desk.poll(items)
        except PostError as error:
            await self._ask_later(items, error)
        else:
            # Where something has happened the next look is due later anyway.
            streams = [item.stream for item in mentioned]
            await put_off(self.machinery.database, streams, Task.POLL, self.poll_every)

    async def _ask_later(self, items: Sequence[Due], error: PostError) -> None:
        log.warning("provider.silent", error=type(error).__name__, reason=error.slug)
        pause = rest_after(error) or _NO_ANSWER
        for item in items:
            await put_off(self.machinery.database, [item.stream], item.task, pause)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """One question, begun when the provider lets this access ask again.

        It counts from when a question reaches it, which may be late, but is before its answer.
        """
        await asyncio.sleep(self._answered_at + self.questions_apart_s - time.monotonic())
        try:
            yield
        finally:
            self._answered_at = time.monotonic()
