"""What is done again, later, or at a pace of its own: the queue that the read models leave.

A chore may be done twice, or broken off: whatever it led to stands in the streams, and the rest
is found again. It leaves the queue only if nobody has stirred it meanwhile.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from events.database import Database
from outbox.projections.chores import ChoreKind

_DUE = """
select kind, mandant, subject, stirred, attempts from chore
where due_at <= clock_timestamp() and kind = any (%s) order by due_at limit %s
"""
_DONE = """
delete from chore using unnest(%s::text[], %s::uuid[], %s::uuid[], %s::int[])
    as done (kind, mandant, subject, stirred)
where (chore.kind, chore.mandant, chore.subject, chore.stirred)
    = (done.kind, done.mandant, done.subject, done.stirred)
"""
_LATER = """
update chore set attempts = attempts + 1, due_at = clock_timestamp() + %s
where kind = %s and mandant = %s and subject = %s and stirred = %s
"""
_PAUSE_MAX = timedelta(minutes=5)
_DOUBLINGS_MAX = 9  # by then the pause is at its longest


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do for one mandant, about one subject."""

    kind: ChoreKind
    mandant: UUID
    subject: UUID
    stirred: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Chores:
    """The queue, of all mandants. It holds ids only."""

    database: Database

    async def due(self, kinds: Collection[ChoreKind], limit: int) -> Sequence[Chore]:
        """The next chores of these kinds, the longest due first."""
        wanted = [kind.value for kind in kinds]
        async with self.database.plain() as connection:
            rows = await (await connection.execute(_DUE, (wanted, limit))).fetchall()
        return [Chore(ChoreKind(kind), *rest) for kind, *rest in rows]

    async def done(self, chores: Collection[Chore]) -> None:
        """Take them out, but for those that were stirred since they were read."""
        columns = [list(column) for column in zip(*map(_row, chores), strict=True)]
        async with self.database.plain() as connection:
            await connection.execute(_DONE, columns)

    async def later(self, chore: Chore) -> None:
        """It did not work out: try again, each time after a longer pause."""
        pause = min(timedelta(seconds=2 ** min(chore.attempts, _DOUBLINGS_MAX)), _PAUSE_MAX)
        async with self.database.plain() as connection:
            await connection.execute(_LATER, (pause, *_row(chore)))


def _row(chore: Chore) -> tuple[str, UUID, UUID, int]:
    return (chore.kind.value, chore.mandant, chore.subject, chore.stirred)
