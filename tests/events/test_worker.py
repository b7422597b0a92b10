"""Records become facts, each once, whoever handles them."""

import asyncio
from uuid import UUID

import psycopg
import pytest
from tests.events.conditions import until
from tests.events.hearing import Listener, name_of
from tests.events.ledger import (
    MANDANT,
    Count,
    executor,
    ledger_of,
    order,
    said,
)

from events.commands import Commands
from events.ids import new_id
from events.store import Record
from events.store.postgres import PostgresStore
from events.testing.orders import every_order


async def test_what_is_heard_becomes_a_fact(listener: Listener) -> None:
    await listener.take(*listener.say(said("Groß, Jürgen")), *listener.say(said("Klein")))
    assert await listener.work() == 2

    assert [name_of(one) for one in listener.heard] == ["Groß, Jürgen", "Klein"]
    assert listener.events() == [(MANDANT, 1)] * 2
    assert (listener.inbox(), listener.dead()) == ([], [])


@pytest.mark.parametrize("seen_before", [True, False])
async def test_repeats_lead_to_one_fact(
    listener: Listener, owner: psycopg.Connection, *, seen_before: bool
) -> None:
    """Also with deduplication switched off: correctness lies in the streams."""
    contact = new_id()
    story = [record for n in "ab" for record in listener.say(said(n, contact))]
    for told in every_order(story, at_most=6):
        if not seen_before:
            owner.execute("delete from inbox_seen")
        await listener.take(*told)
        await listener.work()
        listener.make_due()
        await listener.work()

    async with PostgresStore(listener.app).transaction([MANDANT]) as transaction:
        state = await executor(listener.keyring).state(
            transaction, order(Count(), ledger_of(contact))
        )
    assert sorted(state.names) == ["a", "b"]
    assert (listener.inbox(), listener.dead()) == ([], [])


async def test_a_worker_that_is_cancelled_in_mid_transaction_has_done_nothing(
    listener: Listener, owner: psycopg.Connection
) -> None:
    await listener.take(*listener.say(said("a")), *listener.say(said("b")))
    with owner.transaction():
        owner.execute("lock table event in exclusive mode")
        working = asyncio.create_task(listener.worker.work())
        await until(
            lambda: owner.execute(
                "select 1 from pg_locks where not granted and relation = 'event'::regclass"
            ).fetchone(),
            pause_s=0.01,
        )
        working.cancel()
        with pytest.raises(asyncio.CancelledError):
            await working
    assert (listener.inbox(), listener.events()) == ([(0, None)] * 2, [])
    assert await listener.work() == 2
    assert listener.events() == [(MANDANT, 1)] * 2


async def test_two_workers_share_without_doubling(listener: Listener) -> None:
    """Three records for each of forty streams, in small batches, next to an API."""
    listener.batch_max = 5
    contacts = [new_id() for _ in range(40)]
    records = [r for n in "abc" for c in contacts for r in listener.say(said(n, c))]
    await listener.take(*records)
    workers = [listener.another_worker() for _ in range(3)]
    commands = Commands(PostgresStore(listener.app), executor(listener.keyring))

    async def work(number: int) -> int:
        claimed = 0
        while some := await workers[number].work():
            claimed += some
        return claimed

    async def ask() -> None:
        for contact in contacts:
            await commands.one(order(Count(), ledger_of(contact)))

    async with commands.running():
        asking = asyncio.create_task(ask())
        claimed = await asyncio.gather(*(work(number) for number in range(3)))
        await asking
    await listener.work()

    assert sum(claimed) >= 100
    assert len(listener.heard) == 120
    assert sorted(version for _, version in listener.events()) == sorted([1, 2, 3, 4] * 40)
    assert (listener.inbox(), listener.dead()) == ([], [])


def mandants(count: int) -> list[UUID]:
    """As they are in production: UUIDv7, which all begin alike."""
    return sorted(new_id() for _ in range(count))


async def test_one_mandant_starves_no_other(listener: Listener) -> None:
    """A thousand records of one lie before one each of ninety others, early and late ones."""
    everyone = mandants(91)
    loud = everyone.pop(45)
    listener.batch_max = 100
    listener.worker = listener.another_worker()
    await listener.take(*(r for _ in range(1000) for r in listener.say(said(None), loud)))
    await listener.take(*(r for one in everyone for r in listener.say(said(None), one)))
    for _ in range(5):
        await listener.worker.work()

    assert {one.mandant for one in listener.heard} == {loud, *everyone}
    assert [one.mandant for one in listener.heard].count(loud) >= 250


async def test_many_loud_mandants_starve_no_other(listener: Listener) -> None:
    """More of them than have their turn in one batch: the turn goes round."""
    *loud, late = mandants(11)
    listener.batch_max = 20
    listener.worker = listener.another_worker()
    await listener.take(
        *(r for _ in range(40) for one in loud for r in listener.say(said(None), one))
    )
    await listener.take(*listener.say(said(None), late))
    for _ in range(4):
        await listener.worker.work()

    assert late in {one.mandant for one in listener.heard}


async def test_unreadable_records_have_their_turn_too(listener: Listener) -> None:
    """They belong to no mandant."""
    listener.batch_max = 10
    listener.worker = listener.another_worker()
    await listener.take(Record("ContactChanged", b"", (), b"{}"))
    await listener.take(*(r for _ in range(50) for r in listener.say(said(None))))
    await listener.worker.work()
    assert len(listener.dead()) == 1
