"""The points at which a process may die: their names, who comes there, and how they are watched.

The product knows nothing of this. A point wraps a function of the machinery by its name; when the
name is gone, the process does not start, and the harness with it.
"""

import asyncio
import functools
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.faults.trap import Prey

_ON_ITS_WAY_S = 0.02

Wrap = Callable[[Any, Prey, str], Any]


@dataclass(frozen=True, slots=True)
class Point:
    """`where` is MODULE:NAME, `who` the processes that come there; `wrap` makes it a trap."""

    name: str
    where: str
    who: tuple[str, ...]
    wrap: Wrap

    def watch(self, prey: Prey) -> None:
        """Wrap the function in this process; AttributeError where there is none of this name."""
        replace(self.where, lambda real: self.wrap(real, prey, self.name))


def replace(where: str, change: Callable[[Any], Any]) -> None:
    """Put `change(real)` into the place of what MODULE:NAME names."""
    module, _, path = where.partition(":")
    *outer, name = path.split(".")
    owner: Any = functools.reduce(getattr, outer, importlib.import_module(module))
    setattr(owner, name, change(getattr(owner, name)))


def before(real: Any, prey: Prey, point: str) -> Any:
    """Die before the function begins."""
    if not inspect.iscoroutinefunction(real):

        @functools.wraps(real)
        def plain(*args: Any, **kwargs: Any) -> Any:
            prey.passes(point)
            return real(*args, **kwargs)

        return plain

    @functools.wraps(real)
    async def watched(*args: Any, **kwargs: Any) -> Any:
        prey.passes(point)
        return await real(*args, **kwargs)

    return watched


def after(real: Any, prey: Prey, point: str) -> Any:
    """Die when the function has done its work, before anybody hears of it."""
    assert inspect.iscoroutinefunction(real), real

    @functools.wraps(real)
    async def watched(*args: Any, **kwargs: Any) -> Any:
        result = await real(*args, **kwargs)
        prey.passes(point)
        return result

    return watched


def while_under_way(real: Any, prey: Prey, point: str) -> Any:
    """Die a moment later, when what was begun is on its way and the rest is not."""

    @functools.wraps(real)
    async def watched(*args: Any, **kwargs: Any) -> Any:
        result = await real(*args, **kwargs)
        if prey.is_armed(point):
            await asyncio.sleep(_ON_ITS_WAY_S)
        prey.passes(point)
        return result

    return watched


class _BeforeDeletion:
    """A connection on which a process dies before it deletes from the relay."""

    def __init__(self, real: Any, die: Callable[[], None]) -> None:
        self._real = real
        self._die = die

    async def execute(self, query: str, *rest: Any) -> Any:
        if query.startswith("delete from relay"):
            self._die()
        return await self._real.execute(query, *rest)


def acknowledged(real: Any, prey: Prey, point: str) -> Any:
    """Die when Kafka has acknowledged the records and their rows are still there."""

    @functools.wraps(real)
    async def watched(connection: Any, *rest: Any) -> Any:
        return await real(_BeforeDeletion(connection, lambda: prey.passes(point)), *rest)

    return watched


RELAYS = ("contacts.relay", "outbox.relay", "delivery_epost.relay", "delivery_mail.relay")
INTAKES = ("outbox.intake", "delivery_epost.intake", "delivery_mail.intake")
WORKERS = ("outbox.worker", "delivery_epost.worker", "delivery_mail.worker")
SENDERS = ("delivery_epost.sender", "delivery_mail.sender")
APIS = ("contacts.api", "outbox.api")
POLLERS = ("outbox.poller", "delivery_epost.poller")

_EPOST_DESK = "delivery_epost.application.desk:LetterDesk"
_MAIL_DESK = "delivery_mail.application.desk:MailDesk"
_EPOST = "delivery_epost.adapters.epost_http:EpostHttp"
_SMTP = "delivery_mail.adapters.smtp:SmtpMailServer"
_COMMANDERS = (*APIS, *SENDERS, *POLLERS)

POINTS = (
    Point(
        "append.before-commit",
        "events.store.postgres:PostgresTransaction.append",
        (*_COMMANDERS, *WORKERS),
        after,
    ),
    Point("append.committed", "events.commands:Commands._execute", _COMMANDERS, after),
    Point("relay.mid-batch", "events.relay:_send", RELAYS, while_under_way),
    Point("relay.acknowledged", "events.relay:_publish", RELAYS, acknowledged),
    Point("relay.deleted", "events.relay:_publish", RELAYS, after),
    Point("intake.before-commit", "events.inlet:_remember_offsets", INTAKES, after),
    Point("intake.before-offset", "events.inlet:Inlet._keep", INTAKES, after),
    Point("intake.assigned", "events.intake:_SeekToOurs._places", INTAKES, after),
    Point("worker.claimed", "events.worker:Worker._claim", WORKERS, after),
    Point("worker.in-transaction", "events.inbox:finish", WORKERS, after),
    Point("worker.committed", "events.worker:Worker._report", WORKERS, before),
    Point("lease.taken", "events.lease:Leases.take", (*SENDERS, *POLLERS), after),
    Point("intent.before", f"{_EPOST_DESK}._made", (SENDERS[0],), after),
    Point("intent.before", f"{_MAIL_DESK}._made", (SENDERS[1],), after),
    Point("intent.after", f"{_EPOST_DESK}._hand_over", (SENDERS[0],), before),
    Point("intent.after", f"{_MAIL_DESK}._send", (SENDERS[1],), before),
    Point("outside.accepted", f"{_EPOST}.submit", (SENDERS[0],), after),
    Point("outside.accepted", f"{_SMTP}.send", (SENDERS[1],), after),
    Point("outside.known", "events.commands:Commands.insist", SENDERS, after),
    Point("poller.found", f"{_EPOST}.find", (POLLERS[1],), after),
    Point("poller.asked", f"{_EPOST}.statuses", (POLLERS[1],), after),
    Point("chores.before-done", "outbox.application.chores:Chores.done", (POLLERS[0],), before),
    Point("document.stored", "documents.store:DocumentStore.put", ("outbox.api", *SENDERS), after),
    Point("request.claimed", "web.idempotency.postgres:PostgresIdempotency.claim", APIS, after),
)


def traps() -> Mapping[str, tuple[str, ...]]:
    """Each point's name with the processes that come there."""
    found: dict[str, tuple[str, ...]] = {}
    for point in POINTS:
        found[point.name] = (*found.get(point.name, ()), *point.who)
    return found


def watch(prey: Prey) -> None:
    """Wrap every point to which this process comes."""
    for point in POINTS:
        if prey.who in point.who:
            point.watch(prey)
