"""Hands mails over at our own pace, and lets the account rest when it or its server is in trouble.

All conversations of one account go through the holder of its lease, however many processes run.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from delivery_mail.application.desk import MailDesk
from delivery_mail.domain.pace import Task
from delivery_mail.projections import LANE
from documents.store import StoreUnavailableError
from events.lease import Lease
from events.service import Machinery
from events.work import Due, Lane, put_off

_STORE_AWAY = timedelta(seconds=30)

log = structlog.get_logger()


@dataclass(slots=True)
class Sender:
    """Hands over planned mails, a few at a time, and settles handovers that were left open.

    Both go through one lane: who settles has no conversation of his own under way.
    """

    desk: MailDesk
    machinery: Machinery
    mails_at_once: int
    _rests_until: float = 0.0

    async def run(self, stopping: asyncio.Event) -> None:
        tasks = frozenset({Task.HAND_OVER, Task.SETTLE})
        await Lane(self.machinery, LANE, tasks, self._work).run(stopping)

    async def _work(self, items: Sequence[Due], lease: Lease) -> None:
        turn = asyncio.Semaphore(self.mails_at_once)
        works = (self._one(item, lease, turn) for item in items)
        # Trouble with one mail must not leave another one's conversation behind.
        for result in await asyncio.gather(*works, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _one(self, item: Due, lease: Lease, turn: asyncio.Semaphore) -> None:
        async with turn:
            if not lease.held():
                return
            if item.task == Task.SETTLE:
                await self.desk.settle(item)
            elif (rest_s := self._rests_until - time.monotonic()) > 0:
                await self._later(item, timedelta(seconds=rest_s))
            else:
                await self._hand_over(item, lease)

    async def _hand_over(self, item: Due, lease: Lease) -> None:
        try:
            rest = await self.desk.hand_over(item, lease)
        except StoreUnavailableError:
            log.warning("store.away")
            await self._later(item, _STORE_AWAY)
            return
        if rest is not None:
            log.warning("account.resting", rest_s=rest.total_seconds())
            self._rests_until = max(self._rests_until, time.monotonic() + rest.total_seconds())

    async def _later(self, item: Due, pause: timedelta) -> None:
        await put_off(self.machinery.database, [item.stream], Task.HAND_OVER, pause)
