"""One holder at a time, a fence that grows, and a guard that no late commit gets past."""

import asyncio
import time

import psycopg
import pytest
from tests.events.conditions import until
from tests.events.ledger import Count, executor, order

from events.commands import Commands
from events.database import Database
from events.ids import new_id
from events.keyring import Keyring
from events.lease import Lease, LeaseLostError, Leases
from events.store.postgres import PostgresStore


def run_out(owner: psycopg.Connection) -> None:
    """Let the time of all leases pass, by the database's clock alone."""
    owner.execute("update lease set until = clock_timestamp() - interval '1 second'")


async def taken(by: Leases, name: str = "account") -> Lease:
    lease = await by.take(name)
    assert lease is not None
    return lease


async def test_a_lease_has_one_holder(own: Database, owner: psycopg.Connection) -> None:
    one, other = Leases(own), Leases(own)
    first = await taken(one)
    assert await other.take("account") is None
    assert (await taken(other, "another")).fence == 1
    assert (await taken(one)).fence == first.fence == 1

    run_out(owner)
    second = await taken(other)
    assert second.fence == 2
    assert await one.take("account") is None
    run_out(owner)
    assert (await taken(one)).fence == 3


async def test_of_many_who_ask_at_once_one_gets_it(own: Database) -> None:
    asked = await asyncio.gather(*(Leases(own).take("account") for _ in range(12)))
    assert len([lease for lease in asked if lease is not None]) == 1


async def test_who_comes_back_in_time_keeps_the_fence(
    own: Database, owner: psycopg.Connection
) -> None:
    leases = Leases(own)
    await taken(leases)
    run_out(owner)
    assert (await taken(leases)).fence == 1


async def test_what_was_given_back_is_free_at_once(own: Database) -> None:
    one, other = Leases(own), Leases(own)
    await taken(one)
    await other.give_back("account")
    assert await other.take("account") is None
    await one.give_back("account")
    assert (await taken(other)).fence == 2


async def test_a_holder_knows_by_its_own_clock_that_its_time_is_over(own: Database) -> None:
    assert (await taken(Leases(own, ttl_s=60))).held()
    assert not (await taken(Leases(own, ttl_s=0), "other")).held()


async def test_a_lease_is_renewed_while_it_is_held(
    own: Database, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.lease._RENEWALS", 600)
    leases, other = Leases(own, ttl_s=60.0), Leases(own)
    async with leases.hold("account") as lease:
        assert lease is not None
        deadline = lease.deadline
        await until(lambda: lease.deadline > deadline, pause_s=0.02)
        assert lease.held()
        assert await other.take("account") is None
        async with other.hold("account") as none:
            assert none is None
    assert (await taken(other)).fence == 2
    assert owner.execute("select count(*) from lease").fetchone() == (1,)


async def test_a_holder_learns_that_somebody_has_taken_over(
    own: Database, owner: psycopg.Connection
) -> None:
    other = Leases(own)
    async with Leases(own, ttl_s=30.0).hold("account") as lease:
        assert lease is not None
        run_out(owner)
        new = await taken(other)
        lease.deadline = time.monotonic() + 30  # it was paused, and believes in itself
        renewing = asyncio.create_task(Leases(own, ttl_s=0.1)._renew(lease))
        await until(lambda: not lease.held(), pause_s=0.02)
        await renewing
    assert await Leases(own).take("account") is None  # the new holder's, still
    assert new.fence == 2


async def test_a_guard_lets_only_the_holder_commit(
    app: Database, own: Database, owner: psycopg.Connection, keyring: Keyring
) -> None:
    commands = Commands(PostgresStore(app), executor(keyring))
    one, other = Leases(own), Leases(own)
    stream = new_id()
    async with commands.running():
        lease = await taken(one)
        await commands.one(order(Count(), stream), guard=lease.guard())

        run_out(owner)
        new = await taken(other)
        assert lease.held()  # paused: its own clock says that all is well
        with pytest.raises(LeaseLostError):
            await commands.one(order(Count(), stream), guard=lease.guard())
        done = await commands.one(order(Count(), stream), guard=new.guard())

        new.deadline = time.monotonic()
        with pytest.raises(LeaseLostError):
            await commands.one(order(Count(), stream), guard=new.guard())
    assert done.state.count == 2
    assert owner.execute("select count(*) from event").fetchone() == (2,)


async def test_who_takes_over_waits_for_a_commit_under_guard(
    app: Database, own: Database, owner: psycopg.Connection
) -> None:
    """He must see what the former holder has written."""
    lease = await taken(Leases(own))
    async with PostgresStore(app).transaction(()) as transaction:
        await lease.guard()(transaction)
        waiting = asyncio.create_task(Leases(own).take("account"))
        await until(
            lambda: owner.execute(
                "select 1 from pg_stat_activity"
                " where datname = current_database() and wait_event_type = 'Lock'"
            ).fetchone(),
            pause_s=0.02,
        )
        assert not waiting.done()
    assert await waiting is None
