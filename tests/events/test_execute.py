"""Orders become facts: all that were not rejected, once, and with what is told of them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from tests.events.ledger import (
    LEDGER,
    MANDANT,
    STRANGER,
    Break,
    Count,
    Counted,
    Ledger,
    Nonsense,
    Note,
    Noted,
    Refuse,
    Remember,
    executor,
    order,
)

from events.contracts.topics import SUBJECT_KEYS
from events.database import Database
from events.envelope import read
from events.execute import Executor, RecordTooLargeError, Result, SubjectErased
from events.ids import derived_id, new_id
from events.keyring import Keyring
from events.personal import Category, KeyId
from events.registry import Name
from events.store import ForeignMandantError, Record, Transaction
from events.store.memory import MemoryStore
from events.store.postgres import PostgresStore
from events.stream import Cause, Change, Done, Order
from events.subject_keys import IssuedKey, read_record


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


async def carry_out(
    store: MemoryStore | PostgresStore, by: Executor, *orders: Order
) -> list[Result]:
    mandants = {one.mandant for one in orders}
    async with store.transaction(mandants) as transaction:
        return await by.execute(transaction, orders)


def state_of(result: Result) -> Ledger:
    assert isinstance(result, Done)
    assert isinstance(result.state, Ledger)
    return result.state


async def test_several_orders_on_one_stream_follow_one_another(
    store: MemoryStore, keyring: Keyring
) -> None:
    stream, other = new_id(), new_id()
    orders = [order(Count(), stream), order(Count(), other), order(Count(), stream)]
    results = await carry_out(store, executor(keyring), *orders)
    again = await carry_out(store, executor(keyring), order(Count(), stream))

    assert [state_of(result).count for result in (*results, *again)] == [1, 1, 2, 3]
    versions = [one.version for r in results if isinstance(r, Done) for one in r.recorded]
    assert versions == [1, 1, 2]


async def test_a_rejected_order_undoes_no_other(store: MemoryStore, keyring: Keyring) -> None:
    stream = new_id()
    orders = [order(Count(), stream), order(Refuse(), stream), order(Count(), stream)]
    first, rejected, last = await carry_out(store, executor(keyring), *orders)

    assert isinstance(rejected, Nonsense)
    assert (state_of(first).count, state_of(last).count) == (1, 2)


async def test_a_bug_undoes_all(store: MemoryStore, keyring: Keyring) -> None:
    stream = new_id()
    with pytest.raises(RuntimeError):
        await carry_out(store, executor(keyring), order(Count(), stream), order(Break()))
    (result,) = await carry_out(store, executor(keyring), order(Count(), stream))
    assert state_of(result).count == 1


async def test_a_state_is_looked_at_without_deciding(store: MemoryStore, keyring: Keyring) -> None:
    stream = new_id()
    by = executor(keyring)
    await carry_out(store, by, order(Count(), stream))
    async with store.transaction([MANDANT]) as transaction:
        assert await by.state(transaction, order(Break(), stream)) == Ledger(count=1)


async def test_a_name_is_stored_under_lock_and_read_again(
    store: MemoryStore, keyring: Keyring
) -> None:
    person, stream = new_id(), new_id()
    by = executor(keyring)
    await carry_out(store, by, order(Note(person, "Groß, Jürgen"), stream))
    async with store.transaction([MANDANT]) as transaction:
        (row,) = (await transaction.load([stream]))[stream]
        assert await by.state(transaction, order(Count(), stream)) == Ledger(0, ("Groß, Jürgen",))

    assert row.name == Name("ledger.noted", 1)
    assert row.fields == {"person": str(person)}
    assert [sealed.key for sealed in row.sealed] == [KeyId(person, Category.IDENTITY)]


async def test_rules_that_look_at_no_name_leave_it_under_lock(
    store: MemoryStore, keyring: Keyring
) -> None:
    stream = new_id()
    await carry_out(store, executor(keyring), order(Note(new_id(), "Groß"), stream))

    for opens, names in ((True, ("Groß",)), (False, (None,))):
        kind = replace(LEDGER, opens=opens)
        counting = replace(order(Count(), stream), kind=kind)
        (result,) = await carry_out(store, executor(keyring), counting)
        assert state_of(result).names == names


async def test_what_is_published_has_the_same_ids_for_ever(
    store: MemoryStore, keyring: Keyring
) -> None:
    """The n-th record of an event is named after the event and n."""
    cause = Cause(new_id(), actor="user:7")
    (done,) = await carry_out(store, executor(keyring), order(Note(new_id(), "Groß"), cause=cause))
    assert isinstance(done, Done)
    (event,) = done.recorded
    told = [read(record.headers, record.value).attributes for record in store.records]

    assert [one.id for one in told] == [derived_id(event.id, 0), derived_id(event.id, 1)]
    assert {(one.source, one.stream, one.version, one.mandant) for one in told} == {
        ("ledger", event.stream, 1, MANDANT)
    }
    assert {one.cause for one in told} == {replace(cause, causation=event.id)}


async def test_erasure_rejects_the_order_of_that_person_only(
    store: MemoryStore, keyring: Keyring
) -> None:
    gone, stream = new_id(), new_id()
    store.erase(KeyId(gone, Category.IDENTITY))
    orders = [
        order(Note(gone, "Groß"), stream),
        order(Note(new_id(), "Klein"), stream),
        order(Note(gone, None), stream),
    ]
    refused, kept, nameless = await carry_out(store, executor(keyring), *orders)

    assert isinstance(refused, SubjectErased)
    assert state_of(kept).names == ("Klein",)
    assert state_of(nameless).names == ("Klein", None)


async def test_a_refused_order_stays_refused_when_another_one_follows_from_that(
    app: Database, keyring: Keyring, owner: psycopg.Connection
) -> None:
    """Without the first one the second one has something to say, of a person who is gone too."""
    gone, also_gone, stream = new_id(), new_id(), new_id()
    for person in (gone, also_gone):
        owner.execute(
            "insert into erasure_fence values (%s, %s, 'identity', null, now())", (MANDANT, person)
        )
    orders = [order(Note(gone, "Groß"), stream), order(Remember(also_gone, "Groß"), stream)]
    async with asyncio.timeout(60):
        results = await carry_out(PostgresStore(app), executor(keyring), *orders)
    assert [type(result) for result in results] == [SubjectErased, SubjectErased]


async def test_after_erasure_the_facts_stay_without_the_name(
    store: MemoryStore, keyring: Keyring
) -> None:
    person, stream = new_id(), new_id()
    by = executor(keyring)
    await carry_out(store, by, order(Note(person, "Groß"), stream), order(Count(), stream))
    store.erase(KeyId(person, Category.IDENTITY))
    (result,) = await carry_out(store, by, order(Count(), stream))
    assert state_of(result) == Ledger(2, (None,))


def keys_in(records: Sequence[Record]) -> list[tuple[UUID, KeyId]]:
    found = [read_record(record.value) for record in records if record.topic == SUBJECT_KEYS]
    return [(one.mandant, one.key.id) for one in found if isinstance(one, IssuedKey)]


async def test_a_service_that_issues_keys_tells_each_before_what_needs_it(
    store: MemoryStore, keyring: Keyring
) -> None:
    issued = frozenset({Category.IDENTITY, Category.NOTES})
    by = executor(keyring, issues_keys=issued)
    person = new_id()
    await carry_out(store, by, order(Note(person, "Groß")), order(Note(person, "Groß")))
    await carry_out(store, by, order(Note(person, "Groß-Klein")))

    assert sorted(keys_in(store.records)) == [
        (MANDANT, KeyId(person, category)) for category in sorted(issued)
    ]
    assert [record.topic == SUBJECT_KEYS for record in store.records[:3]] == [True, True, False]


async def test_a_service_that_issues_no_keys_keeps_them(
    store: MemoryStore, keyring: Keyring
) -> None:
    await carry_out(store, executor(keyring), order(Note(new_id(), "Groß")))
    assert keys_in(store.records) == []


async def test_read_models_hear_all_changes_of_a_transaction_at_once(
    app: Database, keyring: Keyring, owner: psycopg.Connection
) -> None:
    heard: list[Sequence[Change]] = []

    async def project(connection: psycopg.AsyncConnection, changes: Sequence[Change]) -> None:
        heard.append(changes)
        await connection.execute(
            "insert into relay (topic, key, headers, value) values ('read model', '', '', '')"
        )

    stream, other = new_id(), new_id()
    by = executor(keyring, project=project)
    orders = [
        order(Count(), stream),
        order(Refuse()),
        order(Count(), other),
        order(Count(), stream),
    ]
    await carry_out(PostgresStore(app), by, *orders)
    await carry_out(PostgresStore(app), by, order(Refuse(), stream))

    ((first, second),) = heard
    assert (first.stream, first.before, first.after) == (stream, Ledger(), Ledger(2))
    assert [one.event for one in first.recorded] == [Counted(number=1), Counted(number=2)]
    assert (second.stream, second.kind) == (other, LEDGER)
    assert owner.execute("select count(*) from relay").fetchone() == (1,)


@asynccontextmanager
async def of_both(store: MemoryStore) -> AsyncIterator[Transaction]:
    async with store.transaction([MANDANT, STRANGER]) as transaction:
        yield transaction


async def test_a_stream_has_one_mandant(store: MemoryStore, keyring: Keyring) -> None:
    """Also where both of them come in one transaction, to a stream that is not there yet."""
    old, new = new_id(), new_id()
    by = executor(keyring)
    await carry_out(store, by, order(Count(), old))
    for orders in (
        [order(Count(), old, STRANGER)],
        [order(Count(), new), order(Count(), new, STRANGER)],
    ):
        async with of_both(store) as transaction:
            with pytest.raises(ForeignMandantError):
                await by.execute(transaction, orders)


async def test_own_keys_are_made_once_by_all_who_come_at_once(
    app: Database, keyring: Keyring, owner: psycopg.Connection
) -> None:
    """Nine transactions on nine streams of one person; all names can be read afterwards."""
    person = new_id()
    store = PostgresStore(app)
    by = executor(keyring, issues_keys=frozenset({Category.IDENTITY}))
    streams = [new_id() for _ in range(9)]
    await asyncio.gather(
        *(carry_out(store, by, order(Note(person, f"Groß {s}"), s)) for s in streams)
    )
    async with store.transaction([MANDANT]) as transaction:
        states = [await by.state(transaction, order(Count(), stream)) for stream in streams]

    assert [state.names for state in states] == [(f"Groß {s}",) for s in streams]
    topics = owner.execute("select topic, count(*) from relay group by topic").fetchall()
    assert dict(topics) == {SUBJECT_KEYS: 1, "ContactChanged": 18}


async def test_nothing_in_the_database_shows_the_name(
    app: Database, keyring: Keyring, owner: psycopg.Connection
) -> None:
    by = executor(keyring, issues_keys=frozenset({Category.IDENTITY}))
    (done,) = await carry_out(PostgresStore(app), by, order(Note(new_id(), "Großmann")))
    assert isinstance(done, Done)
    assert done.recorded[0].event == Noted(person=done.recorded[0].event.person, name="Großmann")  # type: ignore[attr-defined] # it is a Noted
    for table in ("event", "event_personal", "relay", "subject_key"):
        query = sql.SQL("select t::text from {} t").format(sql.Identifier(table))
        rows = owner.execute(query).fetchall()
        assert rows
        for (text,) in rows:
            assert "Großmann" not in text
            assert "Großmann".encode().hex() not in text


async def test_what_no_record_can_hold_is_refused_before_anything_is_written(
    store: MemoryStore, keyring: Keyring
) -> None:
    stream = new_id()
    with pytest.raises(RecordTooLargeError):
        await carry_out(store, executor(keyring), order(Note(new_id(), "x" * 1_000_000), stream))
    assert store.records == ()
    async with store.transaction([MANDANT]) as transaction:
        assert not await transaction.load([stream])
