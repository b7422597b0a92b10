"""A service that shows names in a read model of its own, and erases them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import psycopg
from tests.events.hearing import Listener
from tests.events.ledger import MANDANT, NOON, executor, remember

from events.contracts import published
from events.contracts.contacts import ContactChanged
from events.database import Connection
from events.erasure import Eraser
from events.execute import Executor
from events.personal import Category, KeyId
from events.store import Record
from events.store.schema import isolate
from events.stream import Change
from events.subject_keys import Fence, fence_record
from events.worker import Worker

_SHOW = "insert into shown values (%s, %s, %s) on conflict do nothing"
_FORGET = "delete from shown where person = %s"


def identity(person: UUID) -> KeyId:
    return KeyId(person, Category.IDENTITY)


def fence(key: KeyId, mandant: UUID = MANDANT) -> Record:
    """What the address book says of an erasure."""
    return fence_record(Fence(mandant, key, b"\x01\x02", NOON))


async def show(connection: Connection, changes: Sequence[Change]) -> None:
    """The projection: one row for each name that was ever told."""
    for change in changes:
        for recorded in change.recorded:
            name = getattr(recorded.event, "name", None)
            if name is not None:
                person = recorded.event.person  # type: ignore[attr-defined] # all with a name have it
                await connection.execute(_SHOW, (change.mandant, person, name))


@dataclass
class Showing:
    """A listener with the read model `shown`; `first` are keys that the hook wants erased first."""

    listener: Listener
    first: dict[KeyId, set[KeyId]] = field(default_factory=dict)
    told_to_commit: int = 0

    def __post_init__(self) -> None:
        owner = self.listener.owner
        owner.execute("create table shown (mandant uuid, person uuid, name text)")
        owner.execute("create unique index on shown (person, name)")
        for statement in isolate("shown"):
            owner.execute(statement.encode())
        self.worker = Worker(
            self.listener.app, self.executor, published, {ContactChanged: remember}
        )
        self.eraser = Eraser(self.listener.app, self.executor, self._erase, self._committed)

    @property
    def executor(self) -> Executor:
        return executor(self.listener.keyring, project=show)

    async def work(self) -> None:
        while await self.worker.work():
            pass

    async def settle(self) -> None:
        """Erase until nothing is due any more, now or later."""
        while count(self.listener.owner, "erasure_due"):
            self.listener.owner.execute("update erasure_due set due_at = clock_timestamp()")
            await self.eraser.work()

    async def _erase(self, connection: Connection, _: UUID, key: KeyId) -> Collection[KeyId]:
        await connection.execute(_FORGET, (key.subject,))
        found = await connection.execute("select subject, category from erasure_fence")
        fenced = {KeyId(s, Category(c)) for s, c in await found.fetchall()}
        return self.first.get(key, set()) - fenced

    def _committed(self) -> None:
        self.told_to_commit += 1


def count(owner: psycopg.Connection, table: str) -> int:
    row = owner.execute(f"select count(*) from {table}".encode()).fetchone()  # noqa: S608 - names of the tests' own
    assert row is not None
    return int(row[0])


def left(owner: psycopg.Connection, tables: Iterable[str]) -> dict[str, int]:
    """Which of the tables still hold rows."""
    counts = {table: count(owner, table) for table in tables}
    return {table: rows for table, rows in counts.items() if rows}


PERSONAL = ("subject_key", "event_personal", "shown", "erasure_due", "inbox", "dead")
