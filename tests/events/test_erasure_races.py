"""Erasure against those who read, write or make a key at the same moment, on a real PostgreSQL.

Whoever was first, nobody writes a name after its erasure.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import UUID

import psycopg
import pytest
from tests.events.conditions import until
from tests.events.erasing import PERSONAL, Showing, count, fence, identity, left
from tests.events.hearing import Listener
from tests.events.ledger import MANDANT, Note, Remember, ledger_of, order, remember, said

from events.contracts import published
from events.contracts.contacts import ContactChanged
from events.database import Connection, Database
from events.decider import Rejected
from events.execute import SubjectErased
from events.ids import new_id
from events.keyring import WrappedKey
from events.personal import KeyId
from events.store import Record
from events.store.postgres import PostgresStore, PostgresTransaction
from events.stream import Heard, Order
from events.vault import Vault
from events.worker import Worker


@pytest.fixture
def showing(listener: Listener) -> Showing:
    return Showing(listener)


@pytest.fixture
async def known(showing: Showing, listener: Listener) -> UUID:
    """Somebody whose name was told, remembered and shown."""
    person = new_id()
    await listener.take(*listener.say(said("Groß", person)))
    await showing.work()
    assert count(listener.owner, "shown") == 1
    return person


async def until_somebody_waits(owner: psycopg.Connection) -> None:
    """Until a transaction waits for a lock of another one."""
    waiting = (
        "select exists (select from pg_stat_activity where datname = current_database()"
        " and wait_event_type = 'Lock')"
    )
    await until(lambda: owner.execute(waiting).fetchall() == [(True,)], pause_s=0.01)


def nothing_left(owner: psycopg.Connection) -> bool:
    return left(owner, PERSONAL) == {}


@pytest.mark.spec("CON-43")
async def test_a_reader_who_was_first_may_write_and_it_is_destroyed_with_the_rest(
    showing: Showing, listener: Listener, app: Database, known: UUID
) -> None:
    """He opens the name from his own streams, and seals it again for himself and for others."""
    key = identity(known)
    async with app.working([MANDANT]) as connection:
        transaction = PostgresTransaction(connection)
        vault = Vault(transaction, showing.executor.keyring)
        await vault.fetch([key])
        await listener.take(fence(key))
        erasing = asyncio.create_task(showing.eraser.work())
        await until_somebody_waits(listener.owner)
        orders = [order(Remember(known, "Groß-Klein")), order(Note(known, "Groß"))]
        results = await showing.executor.execute(transaction, orders, vault)
        assert not any(isinstance(result, Rejected) for result in results)
        assert count(listener.owner, "event_personal") == 1
    await asyncio.wait_for(erasing, 30)
    await showing.settle()

    assert nothing_left(listener.owner)
    assert count(listener.owner, "event") == 3
    assert count(listener.owner, "relay") > 0, "what was told is sealed with a key that is gone"


@pytest.mark.spec("CON-43")
async def test_a_worker_who_was_first_may_write_and_it_is_destroyed_with_the_rest(
    showing: Showing, listener: Listener, known: UUID
) -> None:
    """He has opened what he heard and seals it under his own streams."""
    opened, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(_: Connection, heard: Heard) -> Sequence[Order]:
        opened.set()
        await go_on.wait()
        return remember(heard)

    worker = Worker(listener.app, showing.executor, published, {ContactChanged: slowly})
    (later,) = listener.say(said("Groß-Klein", known), version=2)
    await listener.take(later)
    working = asyncio.create_task(worker.work())
    await asyncio.wait_for(opened.wait(), 30)
    await asyncio.wait_for(listener.take(fence(identity(known))), 30)
    erasing = asyncio.create_task(showing.eraser.work())
    await until_somebody_waits(listener.owner)
    assert not erasing.done()
    go_on.set()
    assert await asyncio.wait_for(working, 30) == 1
    await asyncio.wait_for(erasing, 30)
    await showing.settle()

    assert nothing_left(listener.owner)
    assert len(listener.events()) == 2


@pytest.mark.spec("CON-43")
async def test_who_comes_while_the_key_is_being_destroyed_waits_and_finds_it_erased(
    showing: Showing, listener: Listener, app: Database, known: UUID
) -> None:
    destroying, go_on = asyncio.Event(), asyncio.Event()
    erase = showing._erase

    async def slowly(connection: Connection, mandant: UUID, key: KeyId) -> Collection[KeyId]:
        destroying.set()
        await go_on.wait()
        return await erase(connection, mandant, key)

    async def write() -> object:
        async with PostgresStore(app).transaction([MANDANT]) as transaction:
            orders = [order(Remember(known, "Groß-Klein"), ledger_of(known))]
            return (await showing.executor.execute(transaction, orders))[0]

    await listener.take(fence(identity(known)))
    erasing = asyncio.create_task(replace(showing.eraser, erase=slowly).work())
    await asyncio.wait_for(destroying.wait(), 30)
    writing = asyncio.create_task(write())
    (later,) = listener.say(said("Groß-Klein", known), version=2)
    await listener.take(later)
    working = asyncio.create_task(showing.work())
    await until_somebody_waits(listener.owner)
    assert not writing.done()
    go_on.set()
    await asyncio.wait_for(erasing, 30)

    assert isinstance(await asyncio.wait_for(writing, 30), SubjectErased)
    await asyncio.wait_for(working, 30)
    await showing.settle()
    assert nothing_left(listener.owner)


async def make(app: Database, key: WrappedKey, committing: asyncio.Event) -> frozenset[KeyId]:
    """A transaction that makes a key of our own and takes its time."""
    async with PostgresStore(app).transaction([MANDANT]) as transaction:
        added = await transaction.add_keys(MANDANT, [key])
        await committing.wait()
        return added


async def test_a_key_that_is_being_made_while_the_fence_comes_is_destroyed(
    showing: Showing, listener: Listener, app: Database
) -> None:
    """Neither sees what the other has not committed; so the eraser waits for makers."""
    person = new_id()
    committing = asyncio.Event()
    made = listener.keyring.make(identity(person))
    making = asyncio.create_task(make(app, made, committing))
    await until(lambda: _locks(listener.owner) > 0, pause_s=0.01)
    await listener.take(fence(identity(person)))
    erasing = asyncio.create_task(showing.eraser.work())
    await until_somebody_waits(listener.owner)
    committing.set()
    assert await asyncio.wait_for(making, 30) == {made.id}
    await asyncio.wait_for(erasing, 30)
    assert nothing_left(listener.owner)


async def test_a_key_is_not_kept_while_its_erasure_is_under_way(
    showing: Showing, listener: Listener, app: Database
) -> None:
    """Made here, or arriving late, while the fence was not there yet for who looked."""
    person = new_id()
    destroying, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(_: Connection, __: UUID, ___: KeyId) -> Collection[KeyId]:
        destroying.set()
        await go_on.wait()
        return ()

    await listener.take(fence(identity(person)))
    erasing = asyncio.create_task(replace(showing.eraser, erase=slowly).work())
    await asyncio.wait_for(destroying.wait(), 30)
    now = asyncio.Event()
    now.set()
    made = listener.keyring.make(identity(person))
    making = asyncio.create_task(make(app, made, now))
    late, _ = listener.say(said("Groß", person))
    taking = asyncio.create_task(listener.take(late))
    await until_somebody_waits(listener.owner)
    go_on.set()
    await asyncio.wait_for(erasing, 30)
    assert await asyncio.wait_for(making, 30) == frozenset()
    await asyncio.wait_for(taking, 30)
    assert nothing_left(listener.owner)


def _locks(owner: psycopg.Connection) -> int:
    found = owner.execute("select count(*) from pg_locks where locktype = 'advisory'").fetchone()
    assert found is not None
    return int(found[0])


async def test_erasers_workers_and_intake_at_once_end_without_a_deadlock(
    showing: Showing, listener: Listener, owner: psycopg.Connection
) -> None:
    people = [new_id() for _ in range(12)]
    records: list[Record] = []
    for turn in range(8):
        for person in people:
            records += listener.say(said(f"Name {turn}", person), version=turn + 1)
    fences = [fence(identity(person)) for person in people]
    before = _deadlocks(owner)

    async def take() -> None:
        for number, record in enumerate(records):
            await listener.take(record)
            if number % 8 == 7:
                await listener.take(fences[number // 8 % len(fences)])

    taking = asyncio.create_task(take())

    async def until_taken(work: object) -> None:
        while not taking.done():
            await work()  # type: ignore[operator] # one of two methods

    works = [showing.worker.work, showing.worker.work, showing.eraser.work, showing.eraser.work]
    async with asyncio.timeout(120):
        await asyncio.gather(taking, *(until_taken(work) for work in works))
    await listener.take(*fences)
    listener.make_due()
    await showing.work()
    await showing.settle()
    assert nothing_left(owner)
    assert _deadlocks(owner) == before


def _deadlocks(owner: psycopg.Connection) -> int:
    owner.execute("select pg_stat_clear_snapshot()")
    row = owner.execute(
        "select deadlocks from pg_stat_database where datname = current_database()"
    ).fetchone()
    assert row is not None
    return int(row[0])
