"""A record waits for a newer release or for a key, and an erased person is left in peace."""

import json
from collections.abc import Sequence
from dataclasses import replace

import psycopg
from tests.events.hearing import Listener, changed, name_of
from tests.events.ledger import (
    MANDANT,
    executor,
    ledger_of,
    registry,
    remember,
    said,
)

from events.contracts import published
from events.contracts.contacts import ContactChanged
from events.database import Connection
from events.ids import new_id
from events.keyring import Keyring
from events.stream import Heard, Order
from events.testing.keys import random_keks
from events.worker import Worker


async def test_a_newer_version_waits_and_counts_against_nobody(listener: Listener) -> None:
    (record,) = listener.say(said(None))
    newer = changed(record, ce_schemaversion="2", ce_id=str(new_id()))
    await listener.take(newer, record)
    for _ in range(10):
        await listener.work()
        listener.make_due()

    assert listener.inbox() == [(0, "a newer release")]
    assert listener.events() == [(MANDANT, 1)]


async def test_a_fact_of_our_own_newer_release_is_waited_for(
    listener: Listener, owner: psycopg.Connection
) -> None:
    """While a release is rolled out, the old worker meets events of the new one."""
    record_of = said(None)
    (record,) = listener.say(record_of)
    stream = ledger_of(record_of.contact)
    owner.execute(
        "insert into event (mandant, stream, version, id, type, schema, at, meta, data) values"
        " (%s, %s, 1, %s, 'ledger.counted', 2, now(), '{}', '{}')",
        (MANDANT, stream, new_id()),
    )
    assert registry.knows("ledger.counted")
    await listener.take(record)
    for _ in range(10):
        await listener.work()
        listener.make_due()
    assert listener.inbox() == [(0, "a newer release")]
    assert listener.dead() == []


async def test_a_record_waits_for_its_key_and_is_woken_by_it(
    listener: Listener, owner: psycopg.Connection
) -> None:
    event = said("Groß")
    key, record = listener.say(event)
    other_key, _ = listener.say(said("Klein"))
    await listener.take(record)
    await listener.work()
    await listener.take(other_key)
    assert await listener.work() == 0
    assert listener.inbox() == [(0, f"{event.contact}:identity")]

    await listener.take(key)
    assert await listener.work() == 1
    assert [name_of(one) for one in listener.heard] == ["Groß"]
    assert listener.inbox() == []
    assert owner.execute("select count(*) from event_personal").fetchone() == (1,)


async def test_a_key_whose_own_key_is_not_mounted_is_waited_for(listener: Listener) -> None:
    """It wakes when a process starts that has it mounted, and not before its time is over."""
    key, record = listener.say(said("Groß"))
    (nameless,) = listener.say(said(None))
    mounted = listener.keyring
    listener.keyring = Keyring.from_text(random_keks().replace(":local:", ":newer:"))
    listener.worker = listener.another_worker()
    await listener.take(key, record, nameless)
    for _ in range(10):
        await listener.work()
        listener.make_due()
    listener.worker = listener.another_worker()
    await listener.work()
    assert listener.inbox() == [(0, "kek:local")]
    assert (listener.events(), listener.dead()) == ([(MANDANT, 1)], [])
    assert await listener.worker.work() == 0

    listener.keyring = mounted
    assert await listener.another_worker().work() == 1
    assert [name_of(one) for one in listener.heard] == [None, "Groß"]
    assert listener.inbox() == []


async def test_a_kek_with_a_name_like_a_novel_is_waited_for_too(listener: Listener) -> None:
    """Names are indexed: one that is too long must not stop the worker."""
    key, record = listener.say(said("Groß"))
    fields = json.loads(key.value)
    novel = replace(key, value=json.dumps(fields | {"kek": "k" * 900_000}).encode())
    await listener.take(novel, record)
    await listener.work()
    ((attempts, waits),) = listener.inbox()
    assert attempts == 0
    assert waits is not None
    assert waits.startswith("kek:kkk")


async def test_a_key_that_comes_while_its_record_is_put_off_wakes_it_too(
    listener: Listener,
) -> None:
    """It arrives after the worker has looked for it, and before the record is seen to wait."""
    key, record = listener.say(said("Groß"))
    (nameless,) = listener.say(said(None))

    async def meanwhile(_: Connection, heard: Heard) -> Sequence[Order]:
        if name_of(heard) is None:
            await listener.take(key)
        return remember(heard)

    worker = Worker(
        listener.app, executor(listener.keyring), published, {ContactChanged: meanwhile}
    )
    await listener.take(record, nameless)
    assert await worker.work() == 2
    assert await worker.work() == 1
    assert listener.inbox() == []
    assert len(listener.events()) == 2


async def test_a_late_event_about_an_erased_person_revives_nothing(
    listener: Listener, owner: psycopg.Connection
) -> None:
    contact = new_id()
    key, first, second = [
        *listener.say(said("Groß", contact)),
        *listener.say(said("Groß-Klein", contact)),
    ]
    await listener.take(key, first)
    await listener.work()
    owner.execute("delete from subject_key")
    owner.execute("delete from event_personal")
    owner.execute(
        "insert into erasure_fence values (%s, %s, 'identity', null, now())", (MANDANT, contact)
    )
    await listener.take(second, key)
    await listener.work()

    assert name_of(listener.heard[-1]) is None
    assert (listener.inbox(), listener.dead()) == ([], [])
    for table in ("subject_key", "event_personal"):
        assert owner.execute(f"select count(*) from {table}".encode()).fetchone() == (0,)  # noqa: S608 - one of two names


async def test_an_order_for_an_erased_person_is_done_with(listener: Listener) -> None:
    """A policy may know the name from elsewhere; nothing is written, and nobody is asked."""

    def insist(heard: Heard) -> Sequence[Order]:
        (wanted,) = remember(heard)
        return [replace(wanted, command=replace(wanted.command, name="Groß"))]

    listener.policy = insist
    contact = new_id()
    key, record = listener.say(said("Groß", contact))
    listener.owner.execute(
        "insert into erasure_fence values (%s, %s, 'identity', null, now())", (MANDANT, contact)
    )
    await listener.take(key, record, *listener.say(said("Klein")))
    await listener.work()
    assert listener.events() == [(MANDANT, 1)]
    assert (listener.inbox(), listener.dead()) == ([], [])
