"""What is to be done outside, and when: one row per stream, without any personal data.

A projection writes the rows together with the events. The holder of a lane's lease is the only
one who takes them; what he does leads to new events, and these to the next row or to none.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from events.database import TRANSIENT, Connection, Database
from events.execute import Project
from events.lease import Lease, LeaseLostError
from events.service import WORK, Machinery, ReadModel
from events.stream import Change

_NET_S = 1.0

_SCHEDULE = """
insert into work (stream, mandant, lane, task, due_at)
select stream, mandant, lane, task, due_at - greatest(planned_at - clock_timestamp(), interval '0')
from unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
    as w (stream, mandant, lane, task, due_at, planned_at)
on conflict (stream) do update
set lane = excluded.lane, task = excluded.task, due_at = excluded.due_at,
    attempts = 0, failed = null
"""
_DUE = """
select stream, mandant, lane, task, due_at, attempts from work
where lane = %s and task = any (%s) and due_at <= clock_timestamp() order by due_at limit %s
"""
_PUT_OFF = """
update work set due_at = clock_timestamp() + %s, attempts = 0, failed = null
where stream = any (%s) and task = %s
"""
# Half a minute after the first failure, twice as long after each further one, an hour at most.
_TROUBLE = """
update work set attempts = attempts + 1, failed = %s,
    due_at = clock_timestamp() + least(interval '30 seconds' * 2 ^ least(attempts, 10), '1 hour')
where stream = any (%s) and task = %s
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Due:
    """A task for one stream, not to be begun before its instant.

    `attempts`: how often in a row our own bug has kept it from being done. `planned_at`: when it
    was planned, by the clock of who did; by so much as that clock is ahead of the database's, the
    task is due earlier, or a clock that was wrong for a minute would hold a letter for an hour.
    """

    stream: UUID
    mandant: UUID
    lane: str
    task: str
    due_at: datetime
    attempts: int = field(default=0, compare=False)
    planned_at: datetime | None = field(default=None, compare=False)


async def schedule(
    connection: Connection, wanted: Sequence[Due], done: Collection[UUID] = ()
) -> None:
    """Set the one next task of some streams, and take out streams that have none."""
    rows = [
        (one.stream, one.mandant, one.lane, one.task, one.due_at, one.planned_at)
        for one in sorted(wanted, key=_by_stream)
    ]
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        await connection.execute(_SCHEDULE, columns)
    if done:
        await connection.execute("delete from work where stream = any (%s)", (sorted(done),))


async def due(database: Database, lane: str, tasks: Collection[str], limit: int) -> list[Due]:
    """What the lane has to do now, the longest due first."""
    async with database.plain() as connection:
        found = await connection.execute(_DUE, (lane, list(tasks), limit))
        return [Due(*row) for row in await found.fetchall()]


async def put_off(
    database: Database, streams: Collection[UUID], task: str, pause: timedelta
) -> None:
    """Do the task later, where it is still the next one of the stream."""
    async with database.plain() as connection:
        await connection.execute(_PUT_OFF, (pause, list(streams), task))


NEXT_STEPS = ReadModel("work", drifting=("due_at", "attempts", "failed"))
"""What `keep_next_step` keeps; whoever could not do a task now has put it off without an event."""

NextStep = Callable[[Any], tuple[str, datetime] | None]


def keep_next_step(lane: str, next_step: NextStep) -> Project:
    """The projection of a channel: one next task per stream, none where nothing more happens.

    `next_step(state)` names the task and when it is due.
    """

    async def project(connection: Connection, changes: Sequence[Change]) -> None:
        wanted, done = [], []
        for change in changes:
            step = next_step(change.after)
            if step is None:
                done.append(change.stream)
            else:
                at = change.recorded[-1].at if change.recorded else None
                wanted.append(Due(change.stream, change.mandant, lane, *step, planned_at=at))
        await schedule(connection, wanted, done)

    return project


Handle = Callable[[Sequence[Due], Lease], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Lane:
    """Work for one account outside, done by one process at a time, batch by batch."""

    machinery: Machinery
    name: str
    tasks: frozenset[str]
    handle: Handle
    batch_max: int = 20

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until stopping is set; the batch under way is finished first."""
        role = f"{self.name}:{'+'.join(sorted(self.tasks))}"
        try:
            while not stopping.is_set():
                self.machinery.health.beat(role)
                with suppress(*TRANSIENT, LeaseLostError):
                    async with self.machinery.leases.hold(role) as lease:
                        if lease is not None:
                            await self._work(role, lease, stopping)
                if not stopping.is_set():
                    await self.machinery.wake.wait(WORK, _NET_S)
        finally:
            self.machinery.health.forget(role)

    async def _work(self, role: str, lease: Lease, stopping: asyncio.Event) -> None:
        database = self.machinery.database
        while lease.held() and not stopping.is_set():
            self.machinery.health.beat(role)
            items = await due(database, self.name, self.tasks, self.batch_max)
            if items:
                # Calls outside may take long and are bounded by themselves: no sign of being stuck.
                self.machinery.health.forget(role)
                for together in _apart(items):
                    await self._handle(together, lease)
            else:
                await self.machinery.wake.wait(WORK, _NET_S)

    async def _handle(self, items: Sequence[Due], lease: Lease) -> None:
        try:
            await self.handle(items, lease)
        except (*TRANSIENT, LeaseLostError):
            raise
        except Exception as error:
            # Our bug, or an outside world that nobody thought of: later and later, and visibly.
            log.exception("work.failed", lane=self.name, items=len(items))
            async with self.machinery.database.plain() as connection:
                for item in items:
                    await connection.execute(
                        _TROUBLE, (type(error).__name__, [item.stream], item.task)
                    )


def _apart(items: Sequence[Due]) -> Iterator[Sequence[Due]]:
    """What has failed before is tried alone, so that it stands in nobody's way."""
    together = [item for item in items if not item.attempts]
    if together:
        yield together
    for item in items:
        if item.attempts:
            yield [item]


def _by_stream(item: Due) -> UUID:
    return item.stream
