"""Keeps the counters of documents: one aggregated update per document and batch."""

from collections import Counter as Bag
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from psycopg import sql

from events.contracts.deliveries import Channel
from events.database import Connection
from outbox.domain.states import LOOKS, Counter, State

COLUMNS = (*(counter.value for counter in Counter), *(f"by_{channel}" for channel in Channel))

_LOCK = "select from document where document = any (%s) order by document for no key update"

_ADD = sql.SQL("""
update document set {sums}
from unnest(%s::uuid[], {arrays}) as delta (document, {names})
where document.document = delta.document
""").format(
    sums=sql.SQL(", ").join(
        sql.SQL("{0} = document.{0} + delta.{0}").format(sql.Identifier(name)) for name in COLUMNS
    ),
    arrays=sql.SQL(", ").join(sql.SQL("%s::int[]") for _ in COLUMNS),
    names=sql.SQL(", ").join(map(sql.Identifier, COLUMNS)),
)


@dataclass(frozen=True, slots=True)
class Counted:
    """How a delivery counts for its document; without state, not at all."""

    document: UUID
    channel: Channel
    state: State | None

    def columns(self) -> tuple[str, ...]:
        """The columns in which it counts."""
        if self.state is None:
            return ()
        return (LOOKS[self.state].counter.value, f"by_{self.channel}")


async def recount(connection: Connection, moves: Iterable[tuple[Counted | None, Counted]]) -> None:
    """Count deliveries no longer as before, but as after."""
    deltas: dict[UUID, Bag[str]] = {}
    for before, after in moves:
        delta = deltas.setdefault(after.document, Bag())
        delta.subtract(before.columns() if before else ())
        delta.update(after.columns())
    changed = sorted(document for document, delta in deltas.items() if any(delta.values()))
    if changed:
        await connection.execute(_LOCK, (changed,))
        columns = [[deltas[document][name] for document in changed] for name in COLUMNS]
        await connection.execute(_ADD, (changed, *columns))
