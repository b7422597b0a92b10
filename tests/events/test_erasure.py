"""Erasure in one service: what a fence destroys, what it answers, and that nothing comes back."""

import json
from dataclasses import replace
from uuid import UUID

import ormsgpack
import psycopg
import pytest
from tests.events.erasing import PERSONAL, Showing, count, fence, identity, left
from tests.events.hearing import Listener
from tests.events.ledger import MANDANT, NOON, STRANGER, Note, order, said

from events.contracts.keys import ErasureConfirmed
from events.contracts.topics import SUBJECT_KEYS
from events.database import Database
from events.envelope import read
from events.ids import new_id
from events.inlet import Inlet
from events.personal import Category, KeyId
from events.store import Record
from events.store.postgres import PostgresStore
from events.subject_keys import Fence, read_record, tick_record
from events.testing.orders import every_order
from events.wake import Wake


@pytest.fixture
def showing(listener: Listener) -> Showing:
    return Showing(listener)


def relayed(owner: psycopg.Connection, topic: str) -> list[Record]:
    rows = owner.execute(
        "select topic, key, headers, value from relay where topic = %s order by seq", (topic,)
    )
    return [Record(t, k, tuple(ormsgpack.unpackb(h)), v) for t, k, h, v in rows.fetchall()]


def confirmed(owner: psycopg.Connection) -> list[tuple[UUID, Category, str | None]]:
    records = relayed(owner, ErasureConfirmed.__name__)
    events = [ErasureConfirmed.model_validate_json(record.value) for record in records]
    return [(event.subject, event.category, event.fingerprint) for event in events]


@pytest.mark.spec("CON-43")
async def test_a_fence_destroys_key_blocks_and_rows_and_is_confirmed(
    showing: Showing, listener: Listener, owner: psycopg.Connection
) -> None:
    gone, stays = new_id(), new_id()
    await listener.take(*listener.say(said("Groß", gone)), *listener.say(said("Klein", stays)))
    await showing.work()
    assert (count(owner, "shown"), count(owner, "event_personal")) == (2, 2)
    (mark,) = owner.execute(
        "select fingerprint from subject_key where subject = %s", (gone,)
    ).fetchall()[0]

    await listener.take(fence(identity(gone)))
    assert await showing.eraser.work() == 1

    for table, column in (("subject_key", "subject"), ("event_personal", "subject")):
        rows = owner.execute(f"select {column} from {table}".encode()).fetchall()  # noqa: S608 - two names
        assert rows == [(stays,)]
    assert owner.execute("select name from shown").fetchall() == [("Klein",)]
    assert owner.execute("select subject, fingerprint from erasure_fence").fetchall() == [
        (gone, b"\x01\x02")
    ]
    assert confirmed(owner) == [(gone, Category.IDENTITY, "0102")]
    assert mark != b"\x01\x02", "what the fence says stands, our own copy may have been another"
    assert (len(listener.events()), showing.told_to_commit) == (2, 1)
    envelope = read(*_read_args(relayed(owner, ErasureConfirmed.__name__)[0]))
    assert envelope.attributes.source == "ledger"
    assert envelope.attributes.mandant == MANDANT


def _read_args(record: Record) -> tuple[tuple[tuple[str, bytes], ...], bytes]:
    return record.headers, record.value


@pytest.mark.spec("CON-43")
async def test_only_the_category_of_the_fence_goes(
    showing: Showing, listener: Listener, owner: psycopg.Connection
) -> None:
    person = new_id()
    await listener.take(*listener.say(said("Groß", person)))
    await showing.work()
    await listener.take(fence(KeyId(person, Category.BANKING)))
    await showing.settle()
    assert (count(owner, "subject_key"), count(owner, "event_personal")) == (1, 1)
    assert confirmed(owner) == [(person, Category.BANKING, "0102")]


@pytest.mark.spec("CON-43", "PLT-33")
async def test_late_repeated_and_replayed_records_revive_nothing(
    showing: Showing, listener: Listener, owner: psycopg.Connection
) -> None:
    """In every order, with repetitions, with deduplication off: the fence has the last word."""
    contact = new_id()
    key, first = listener.say(said("Groß", contact))
    (second,) = listener.say(said("Groß-Klein", contact), version=2)
    for story in every_order([key, first, second, fence(identity(contact))]):
        owner.execute("delete from erasure_fence")
        for record in story:
            owner.execute("delete from inbox_seen")
            await listener.take(record)
            listener.make_due()
            await showing.work()
            await showing.eraser.work()
        await showing.settle()
        listener.make_due()
        await showing.work()
        assert left(owner, PERSONAL) == {}, [record.topic for record in story]


async def test_a_tick_says_nothing(listener: Listener, owner: psycopg.Connection) -> None:
    await listener.take(tick_record(NOON))
    assert left(owner, ("subject_key", "erasure_fence", "erasure_due", "inbox", "dead")) == {}


async def test_a_fence_wakes_who_waits_for_the_key(listener: Listener) -> None:
    contact = new_id()
    _, record = listener.say(said("Groß", contact))
    await listener.take(record)
    await listener.work()
    assert listener.inbox() == [(0, f"{contact}:identity")]
    await listener.take(fence(identity(contact)))
    assert await listener.work() == 1
    assert (listener.inbox(), listener.events()) == ([], [(MANDANT, 1)])


async def test_a_repeated_fence_is_confirmed_again(
    showing: Showing, listener: Listener, owner: psycopg.Connection
) -> None:
    """Who has lost the first answer asks once more."""
    person = new_id()
    for _ in range(2):
        await listener.take(fence(identity(person)))
        await showing.settle()
    assert len(confirmed(owner)) == 2
    assert count(owner, "erasure_fence") == 1


async def test_who_issues_keys_answers_a_late_one_with_the_fence(
    showing: Showing, listener: Listener, owner: psycopg.Connection
) -> None:
    person = new_id()
    key, _ = listener.say(said("Groß", person))
    issuer = Inlet(listener.own, Wake("", ["inbox"]), answers_late_keys=True)
    await issuer.take(listener.consumed(key, fence(identity(person))))
    await showing.settle()
    owner.execute("delete from relay")

    await listener.take(key)
    await showing.settle()
    assert relayed(owner, SUBJECT_KEYS) == [], "this one issues no keys"

    await issuer.take(listener.consumed(key))
    await showing.settle()
    (again,) = relayed(owner, SUBJECT_KEYS)
    assert again.key == f"{person}:identity".encode()
    told = read_record(again.value)
    assert isinstance(told, Fence)
    assert (told.mandant, told.key, told.fingerprint) == (MANDANT, identity(person), b"\x01\x02")
    assert json.loads(again.value).keys().isdisjoint({"wrapped", "kek"})
    assert count(owner, "subject_key") == 0

    await issuer.take(listener.consumed(again))
    await showing.settle()
    assert len(relayed(owner, SUBJECT_KEYS)) == 1, "a fence is not answered with a fence"


async def test_what_goes_with_a_key_is_erased_before_that_is_confirmed(
    showing: Showing, listener: Listener, owner: psycopg.Connection, app: Database
) -> None:
    """A document of our own is called after the person."""
    person, ours, theirs = new_id(), new_id(), new_id()
    showing.first[identity(person)] = {identity(ours), identity(theirs)}
    async with PostgresStore(app).transaction([MANDANT]) as transaction:
        await showing.executor.execute(transaction, [order(Note(ours, "Brief an Groß"))])
    their_key, _ = listener.say(said("Akte Groß", theirs))
    await listener.take(their_key, fence(identity(person)))
    owner.execute("delete from relay")

    await showing.settle()

    assert left(owner, PERSONAL) == {}
    fences = owner.execute("select subject from erasure_fence").fetchall()
    assert {subject for (subject,) in fences} == {person, ours, theirs}
    assert [record.key for record in relayed(owner, SUBJECT_KEYS)] == [
        f"{theirs}:identity".encode()
    ], "nobody else has ever had the key of what is ours"
    assert [subject for subject, *_ in confirmed(owner)] == [person]
    order_told = owner.execute("select topic from relay order by seq").fetchall()
    assert order_told == [(SUBJECT_KEYS,), (ErasureConfirmed.__name__,)]


@pytest.mark.spec("PLT-21")
async def test_a_fence_of_another_mandant_erases_nothing_and_stands_in_nobodys_way(
    showing: Showing, listener: Listener, owner: psycopg.Connection
) -> None:
    person = new_id()
    await listener.take(
        *listener.say(said("Groß", person)), fence(identity(person), mandant=STRANGER)
    )
    await showing.settle()
    await showing.work()
    assert (count(owner, "subject_key"), count(owner, "shown")) == (1, 1)

    await listener.take(fence(identity(person)))
    await showing.settle()
    assert left(owner, ("subject_key", "event_personal", "shown")) == {}


async def test_a_key_in_a_record_that_nobody_can_read_goes_too(
    showing: Showing, listener: Listener, owner: psycopg.Connection
) -> None:
    person = new_id()
    key, _ = listener.say(said("Groß", person))
    spoilt = replace(key, value=key.value.replace(b'"issued_at"', b'"issued"'))
    await listener.take(spoilt)
    assert count(owner, "dead") == 1
    await listener.take(fence(identity(person)))
    await showing.settle()
    assert count(owner, "dead") == 0


async def test_an_erasure_that_fails_is_tried_again_and_stops_no_other(
    showing: Showing, listener: Listener, owner: psycopg.Connection
) -> None:
    stuck, other = new_id(), new_id()
    await listener.take(fence(identity(stuck)), fence(identity(other)))
    erase = showing._erase

    async def fail(connection: object, mandant: UUID, key: KeyId) -> object:
        if key.subject == stuck:
            raise ZeroDivisionError
        return await erase(connection, mandant, key)  # type: ignore[arg-type] # handed on

    await replace(showing.eraser, erase=fail).work()  # type: ignore[arg-type] # handed on
    assert [subject for subject, *_ in confirmed(owner)] == [other]
    assert count(owner, "erasure_due") == 1
    await showing.settle()
    assert [subject for subject, *_ in confirmed(owner)] == [other, stuck]
