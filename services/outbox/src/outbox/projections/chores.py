"""Leaves word of what has to be done again or later."""

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from events.database import Connection

# Whoever is at it meanwhile sees that it was stirred, and leaves it in the queue.
_LEAVE = """
insert into chore (kind, mandant, subject)
select %s, mandant, subject from unnest(%s::uuid[], %s::uuid[]) as c (mandant, subject)
order by mandant, subject
on conflict (kind, mandant, subject) do update set
    stirred = chore.stirred + 1, attempts = 0, due_at = clock_timestamp()
"""


class ChoreKind(StrEnum):
    """What there is to do, and about what."""

    INSPECT = "inspect"
    """A document was announced: inspect its file and file it."""
    RECIPIENT = "recipient"
    """A contact has changed: rearrange and check his deliveries."""
    SENDER = "sender"
    """A mandant has a sender now: check the deliveries that lacked one."""


async def leave(
    connection: Connection, kind: ChoreKind, subjects: Iterable[tuple[UUID, UUID]]
) -> None:
    """Put (mandant, subject) pairs into the queue, each once."""
    pairs = sorted(set(subjects))
    if pairs:
        columns = [[mandant for mandant, _ in pairs], [subject for _, subject in pairs]]
        await connection.execute(_LEAVE, (kind.value, *columns))
