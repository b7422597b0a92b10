"""Which life its database is in: a restore begins a new one, and so does an empty database.

What a service did in an earlier life may be missing from its log. So whatever it is told of from
before the present one *may have been done*: a channel asks, and sends nothing by itself.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime

from events.database import Connection, Database

_BEGIN = "insert into stream_epoch (number, began_at) values (%s, %s) on conflict do nothing"
_ALL = "select number, began_at from stream_epoch order by number"


class EpochOverError(Exception):
    """The setting STREAM_EPOCH names a life that is over: it is raised by a restore, only."""


@dataclass(frozen=True, slots=True)
class Epochs:
    """The lives of a database so far, the present one last."""

    numbers: tuple[int, ...]
    began: tuple[datetime, ...]

    @property
    def began_at(self) -> datetime:
        """When the present one began."""
        return self.began[-1]

    def at(self, instant: datetime) -> int:
        """The life in which something was recorded; the first one for all that is older."""
        return self.numbers[max(bisect_right(self.began, instant) - 1, 0)]


async def begin(database: Database, number: int, now: datetime) -> Epochs:
    """Begin life `number` at the first start that names it; raises `EpochOverError`.

    `now` is compared with the instants of other services' events: clocks must agree better than
    a restore takes.
    """
    async with database.plain() as connection:
        await connection.execute(_BEGIN, (number, now))
        epochs = await known(connection)
    if epochs.numbers[-1] != number:
        raise EpochOverError(f"epoch {number} is over: {epochs.numbers[-1]} has begun")
    return epochs


async def known(connection: Connection) -> Epochs:
    """The lives that have begun; every service that ever ran has one."""
    rows = await (await connection.execute(_ALL)).fetchall()
    return Epochs(tuple(number for number, _ in rows), tuple(at for _, at in rows))
