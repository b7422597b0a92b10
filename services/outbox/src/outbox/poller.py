"""Does the chores that the read models leave, at a pace of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from documents.store import DocumentMissingError, StoreUnavailableError
from events.commands import BusyError, Guard
from events.database import TRANSIENT
from events.health import Health
from events.lease import Lease, LeaseLostError, Leases
from events.process import Process
from events.service import WORK
from events.wake import Wake
from outbox.application.chores import Chore, Chores
from outbox.projections.chores import ChoreKind

Do = Callable[[Sequence[Chore], Guard], Awaitable[None]]
"""Does chores of one kind and one mandant; all of them, or by raising none."""

_DUE_MAX = 100
_NET_S = 1.0
_PAUSE_S = 1.0
_MAY_WORK_LATER = (BusyError, DocumentMissingError, StoreUnavailableError)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Poller:
    """Works on some kinds of chores, wherever a lease lets it: one process at a time.

    Up to `together` chores of one kind and mandant are done at once; if that fails, one by one.
    """

    name: str
    doing: Mapping[ChoreKind, Do]
    together: int
    chores: Chores
    leases: Leases
    wake: Wake
    health: Health

    async def run(self, stopping: asyncio.Event) -> None:
        """Until told to stop; the chore under way is finished first."""
        while not stopping.is_set():
            self.health.beat(self.name)
            try:
                async with self.leases.hold(self.name) as lease:
                    await self._while_held(lease, stopping)
            except (LeaseLostError, *TRANSIENT) as error:
                log.warning("poller.waiting", poller=self.name, error=type(error).__name__)
                await asyncio.sleep(_PAUSE_S)

    async def _while_held(self, lease: Lease | None, stopping: asyncio.Event) -> None:
        if lease is None:
            await self.wake.wait(WORK, _NET_S)
            return
        while lease.held() and not stopping.is_set():
            self.health.beat(self.name)
            if not await self.work(lease):
                await self.wake.wait(WORK, _NET_S)

    async def work(self, lease: Lease) -> int:
        """Do what is due; returns how many chores there were."""
        due = await self.chores.due(self.doing.keys(), _DUE_MAX)
        for some in _grouped(due, self.together):
            if lease.held():
                await self._do(some, lease.guard())
        return len(due)

    async def _do(self, chores: Sequence[Chore], guard: Guard) -> None:
        kind = chores[0].kind
        try:
            await self.doing[kind](chores, guard)
        except (LeaseLostError, *TRANSIENT):
            raise
        except Exception as error:  # noqa: BLE001 - a chore that fails stays in the queue
            if len(chores) == 1:
                await self._put_off(chores[0], error)
                return
            for chore in chores:
                await self._do([chore], guard)
        else:
            await self.chores.done(chores)

    async def _put_off(self, chore: Chore, error: Exception) -> None:
        if isinstance(error, _MAY_WORK_LATER):
            log.warning("chore.waiting", kind=chore.kind, error=type(error).__name__)
        else:
            log.error("chore.failed", kind=chore.kind, about=str(chore.subject), exc_info=error)
        try:
            await self.chores.later(chore)
        except TRANSIENT:
            raise
        except Exception:
            # It stays due, and must not stop the others; without a pause it would come at once.
            log.exception("chore.stuck", kind=chore.kind, about=str(chore.subject))
            await asyncio.sleep(_PAUSE_S)


def _grouped(chores: Iterable[Chore], size: int) -> Iterator[Sequence[Chore]]:
    """Chores of one kind and mandant, in groups of at most this size."""
    alike: dict[tuple[ChoreKind, UUID], list[Chore]] = {}
    for chore in chores:
        alike.setdefault((chore.kind, chore.mandant), []).append(chore)
    for group in alike.values():
        for start in range(0, len(group), size):
            yield group[start : start + size]


def together(*pollers: Poller) -> Process:
    """All of them in one process."""

    async def run(stopping: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            for poller in pollers:
                group.create_task(poller.run(stopping))

    return run
