"""The right to be the only one who works on something outside, for a while, with a fence.

The lease lives in the database and by the database's clock. The holder trusts a deadline on its
own monotonic clock, taken before it asked, so a paused process knows that its time is over; and
a commit under a guard proves inside the transaction that nobody has taken over.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

from events.commands import Guard
from events.database import TRANSIENT, Database
from events.ids import new_id
from events.store import Transaction
from events.store.postgres import PostgresTransaction

_TAKE = """
insert into lease (name, holder, fence, until)
values (%(name)s, %(holder)s, 1, clock_timestamp() + %(ttl)s * interval '1 second')
on conflict (name) do update set
    holder = excluded.holder,
    until = excluded.until,
    fence = lease.fence + case when lease.holder = excluded.holder then 0 else 1 end
where lease.until < clock_timestamp() or lease.holder = excluded.holder
returning fence
"""
# The lock makes whoever takes over wait until this transaction is visible to him.
_CHECK = "select from lease where name = %s and holder = %s and fence = %s for share"
_GIVE_BACK = "update lease set until = '-infinity' where name = %s and holder = %s"

_RENEWALS = 3  # within the time of a lease: two of them may fail


class LeaseLostError(Exception):
    """Somebody else holds the lease now: stop taking work. Results may still be reported."""


@dataclass(slots=True)
class Lease:
    """A lease in hand. `fence` grows with every new holder; `deadline` is monotonic time."""

    name: str
    holder: UUID
    fence: int
    deadline: float = field(repr=False)

    def held(self) -> bool:
        """Whether the lease is certainly still ours; asks nobody."""
        return time.monotonic() < self.deadline

    def guard(self) -> Guard:
        """Lets a transaction commit only while no other holder has come."""

        async def still_ours(transaction: Transaction) -> None:
            assert isinstance(transaction, PostgresTransaction)
            if not self.held():
                raise LeaseLostError(self.name)
            found = await transaction.connection.execute(
                _CHECK, (self.name, self.holder, self.fence)
            )
            if await found.fetchone() is None:
                raise LeaseLostError(self.name)

        return still_ours


class Leases:
    """Takes, renews and gives back leases. `database` must be in the machinery's role."""

    def __init__(self, database: Database, *, ttl_s: float = 15.0) -> None:
        self._database = database
        self._ttl_s = ttl_s
        self._holder = new_id()

    async def take(self, name: str) -> Lease | None:
        """The lease, if it is free or already ours; None while another one holds it."""
        asked_at = time.monotonic()
        async with self._database.plain() as connection:
            wanted = {"name": name, "holder": self._holder, "ttl": self._ttl_s}
            row = await (await connection.execute(_TAKE, wanted)).fetchone()
        return None if row is None else Lease(name, self._holder, row[0], asked_at + self._ttl_s)

    async def give_back(self, name: str) -> None:
        """Let others have it at once; harmless where it is not ours."""
        async with self._database.plain() as connection:
            await connection.execute(_GIVE_BACK, (name, self._holder))

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncIterator[Lease | None]:
        """Hold the lease, renewed in the background; None where another one holds it."""
        lease = await self.take(name)
        if lease is None:
            yield None
            return
        renewal = asyncio.create_task(self._renew(lease))
        try:
            yield lease
        finally:
            renewal.cancel()
            with suppress(asyncio.CancelledError):
                await renewal
            with suppress(*TRANSIENT):
                await self.give_back(name)

    async def _renew(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(self._ttl_s / _RENEWALS)
            with suppress(*TRANSIENT):
                renewed = await self.take(lease.name)
                if renewed is None or renewed.fence != lease.fence:
                    lease.deadline = 0.0
                    return
                lease.deadline = renewed.deadline
