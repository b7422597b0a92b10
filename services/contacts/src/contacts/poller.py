"""Keeps Kafka compacting the topic of keys, and looks whether erasures are complete."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog
from aiokafka.errors import KafkaError

from contacts.application import Erasures
from contacts.projections.erasure import CERTIFY, LANE
from events.database import TRANSIENT
from events.lease import Lease
from events.service import RELAY, Machinery
from events.store.postgres import PostgresTransaction
from events.subject_keys import tick_record
from events.work import Due, Lane, put_off

_TICK = "tick"
_NET_S = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Poller:
    """One process at a time ticks, and one certifies.

    `tick_every_s`: without new records Kafka closes no segment, and an erased key stays in it.
    """

    erasures: Erasures
    machinery: Machinery
    tick_every_s: float
    certify_every: timedelta

    async def run(self, stopping: asyncio.Event) -> None:
        lane = Lane(self.machinery, LANE, frozenset({CERTIFY}), self._certify)
        async with asyncio.TaskGroup() as group:
            group.create_task(lane.run(stopping))
            group.create_task(self._tick_for_ever(stopping))

    async def _certify(self, items: Sequence[Due], _: Lease) -> None:
        try:
            await self.erasures.certify([(item.mandant, item.stream) for item in items])
        except (KafkaError, TimeoutError) as error:
            log.warning("erasure.not_looked", error=type(error).__name__)
        # What was certified has no next task, and stays as it is.
        streams = [item.stream for item in items]
        await put_off(self.machinery.database, streams, CERTIFY, self.certify_every)

    async def _tick_for_ever(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            with suppress(*TRANSIENT):
                async with self.machinery.leases.hold(_TICK) as lease:
                    while lease is not None and lease.held() and not stopping.is_set():
                        await self._tick()
                        await _wait(stopping, self.tick_every_s)
            await _wait(stopping, _NET_S)

    async def _tick(self) -> None:
        async with self.machinery.database.plain() as connection:
            now = self.machinery.clock()
            await PostgresTransaction(connection).enqueue([tick_record(now)])
        self.machinery.wake.tell(RELAY)


async def _wait(stopping: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
