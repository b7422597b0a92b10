"""A rebuild among writers who never rest, and one that is killed again and again."""

import asyncio
import random
from collections.abc import AsyncIterator

import psycopg
import pytest
from tests.events.conditions import until
from tests.events.rebuilding import House, a_house, program
from tests.events.tallying import READ_MODELS

import stack
from events.database import TRANSIENT
from events.rebuild.run import Progress

pytestmark = pytest.mark.spec("PLT-03", "PLT-01")

_ROUNDS = 6


@pytest.fixture
async def house(postgres: stack.PostgresServer, keks: str) -> AsyncIterator[House]:
    async with a_house(postgres.admin_url(), keks) as house:
        yield house


async def write_until(house: House, stopping: asyncio.Event) -> int:
    """Write as fast as it goes; readers look meanwhile. Returns how many batches that were."""
    batches = 0
    while not stopping.is_set():
        await house.write(40, new=0.1)
        # In a thread, since it may have to wait for the swap.
        await asyncio.to_thread(
            house.rows, "select sum(count) from ledger join tally using (mandant)"
        )
        batches += 1
    return batches


async def test_writers_go_on_all_the_time(house: House) -> None:
    await house.write(1500)
    house.change("delete from ledger where version > 2; update tally set events = -1")
    stopping = asyncio.Event()
    writers = [asyncio.create_task(write_until(house, stopping)) for _ in range(3)]

    for _ in range(3):
        assert await house.rebuild() == 0
        await house.write(100)
    stopping.set()
    batches = await asyncio.gather(*writers)

    assert all(batches)
    house.check()


async def kill_somewhere(house: House, chance: random.Random) -> bool:
    """Start the program and kill it; returns whether it had come to its end before."""
    process = await program(house)
    assert process.stderr is not None
    # It has begun when it says something; where it is killed is up to chance.
    while line := await process.stderr.readline():
        if chance.random() < 0.6 or line.startswith(b"clearing"):
            break
    await asyncio.sleep(chance.random() * 0.4)
    if process.returncode is None:
        process.kill()
    _, rest = await process.communicate()
    assert process.returncode in (0, -9), rest.decode()
    return process.returncode == 0


async def test_killed_anywhere_it_goes_on(house: House) -> None:
    chance = random.Random(11)  # noqa: S311 - a repeatable choice
    await house.write(6000)
    house.change("update tally set events = -1; update ledger set count = 0")
    ends = 0

    for _ in range(_ROUNDS):
        ends += await kill_somewhere(house, chance)
        await house.write(200)
    assert ends < _ROUNDS
    process = await program(house)
    await process.communicate()
    assert process.returncode == 0
    # The last one may have had nothing left to do but clearing up.
    assert house.left_over() == []
    if not ends:
        house.check()
    assert await house.rebuild() == 0
    house.check()


@pytest.mark.parametrize("events", [0, 30])
async def test_killed_between_preparing_and_swapping(house: House, events: int) -> None:
    await house.write(500)
    house.change("update tally set events = -1")
    async with house.opened() as rebuild:
        assert await rebuild.prepare() == 500
    await house.write(events)

    async with house.opened() as rebuild:
        assert await rebuild.prepare() == 0
        await rebuild.swap(READ_MODELS)
    house.check()


async def test_killed_between_swapping_and_clearing_up(house: House) -> None:
    await house.write(500)
    told = list[Progress]()
    async with house.opened(told) as rebuild:
        await rebuild.prepare()
        with psycopg.connect(house.admin_url) as reader:
            reader.execute("select count(*) from event")
            swapping = asyncio.create_task(rebuild.swap(READ_MODELS))
            await until(lambda: any(one.step == "clearing up" for one in told))
            swapping.cancel()
            await asyncio.gather(swapping, return_exceptions=True)
    assert house.left_over() != []
    await house.write(100)

    assert await house.rebuild() == 0

    house.check()


async def test_a_lost_connection_loses_nothing(house: House) -> None:
    await house.write(500)
    async with house.opened() as rebuild:
        await rebuild.prepare()
        house.change(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"
            " and granted and database = (select oid from pg_database"
            " where datname = current_database())"
        )
        with pytest.raises(TRANSIENT):
            await rebuild.swap(READ_MODELS)
    await house.write(50)
    assert await house.rebuild() == 0
    house.check()
