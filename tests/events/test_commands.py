"""Callers who come together share a transaction, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Collection
from contextlib import asynccontextmanager
from uuid import UUID

import psycopg
import pytest
from psycopg_pool import PoolTimeout
from tests.events.conditions import until
from tests.events.ledger import (
    MANDANT,
    STRANGER,
    Break,
    Count,
    Ledger,
    Nonsense,
    Refuse,
    executor,
    order,
)

from events.commands import BusyError, Commands
from events.database import Database
from events.ids import new_id
from events.keyring import Keyring
from events.store import ForeignMandantError, StreamConflictError, Transaction
from events.store.memory import MemoryStore
from events.store.postgres import PostgresStore, check_owners


class Watched(MemoryStore):
    """Counts its transactions, and may be held up or out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.transactions = 0
        self.open = asyncio.Event()
        self.open.set()
        self.trouble: list[Exception] = []

    @asynccontextmanager
    async def transaction(self, mandants: Collection[UUID]) -> AsyncIterator[Transaction]:  # type: ignore[override] # a Transaction will do
        self.transactions += 1
        await self.open.wait()
        if self.trouble:
            raise self.trouble.pop(0)
        async with super().transaction(mandants) as transaction:
            yield transaction


@pytest.fixture
def store() -> Watched:
    return Watched()


@pytest.fixture
async def commands(store: Watched, keyring: Keyring) -> AsyncIterator[Commands]:
    running = Commands(store, executor(keyring))
    async with running.running():
        yield running


async def until_waiting(commands: Commands, count: int) -> None:
    """Until so many calls stand in the queue behind the one under way."""
    await until(lambda: commands._calls.qsize() >= count)


async def count_of(commands: Commands, stream: UUID, mandant: UUID = MANDANT) -> int:
    state = await commands.state(order(Count(), stream, mandant))
    assert isinstance(state, Ledger)
    return state.count


async def test_callers_who_come_together_share_a_transaction(
    store: Watched, commands: Commands
) -> None:
    store.open.clear()
    first = asyncio.create_task(commands.one(order(Count())))
    await until(lambda: store.transactions)
    stream = new_id()
    others = [asyncio.create_task(commands.one(order(Count(), stream))) for _ in range(40)]
    await until_waiting(commands, 40)
    store.open.set()
    done = await asyncio.gather(first, *others)

    assert store.transactions == 2
    assert [one.state.count for one in done[1:]] == list(range(1, 41))


async def test_a_transaction_does_not_grow_without_end(store: Watched, keyring: Keyring) -> None:
    commands = Commands(store, executor(keyring), together_max=10)
    calls = [asyncio.create_task(commands.one(order(Count()))) for _ in range(30)]
    await until_waiting(commands, 30)
    async with commands.running():
        await asyncio.gather(*calls)
    assert store.transactions == 3


async def together(commands: Commands, store: Watched, *calls: Awaitable[object]) -> list[object]:
    """What becomes of calls that stand in the queue together."""
    store.open.clear()
    started = store.transactions
    first = asyncio.create_task(commands.one(order(Count())))
    await until(lambda: store.transactions > started)
    tasks = [asyncio.ensure_future(call) for call in calls]
    await until_waiting(commands, len(calls))
    store.open.set()
    await first
    return list(await asyncio.gather(*tasks, return_exceptions=True))


async def test_a_rejection_is_the_callers_own(store: Watched, commands: Commands) -> None:
    stream = new_id()
    refused, done = await together(
        commands, store, commands.one(order(Refuse(), stream)), commands.one(order(Count(), stream))
    )
    assert isinstance(refused, Nonsense)
    assert getattr(done, "state", None) == Ledger(1)
    assert store.transactions == 2


async def test_an_error_is_the_callers_own(store: Watched, commands: Commands) -> None:
    streams = [new_id() for _ in range(9)]
    calls = [commands.one(order(Count(), stream)) for stream in streams]
    calls.insert(4, commands.one(order(Break())))
    results = await together(commands, store, *calls)

    assert [type(one).__name__ for one in results].count("RuntimeError") == 1
    assert isinstance(results[4], RuntimeError)
    assert [await count_of(commands, stream) for stream in streams] == [1] * 9


async def test_the_orders_of_one_call_are_written_together_or_not_at_all(
    store: Watched, commands: Commands
) -> None:
    stream, other = new_id(), new_id()
    broken, done = await together(
        commands,
        store,
        commands.run([order(Count(), stream), order(Break())]),
        commands.run([order(Count(), other), order(Refuse(), other), order(Count(), other)]),
    )
    assert isinstance(broken, RuntimeError)
    assert [type(one).__name__ for one in done] == ["Done", "Nonsense", "Done"]  # type: ignore[attr-defined] # a list
    assert (await count_of(commands, stream), await count_of(commands, other)) == (0, 2)


async def test_a_guard_stops_its_own_call_only(store: Watched, commands: Commands) -> None:
    stream, other = new_id(), new_id()
    inside: list[Transaction] = []

    async def refuse(transaction: Transaction) -> None:
        inside.append(transaction)
        raise PermissionError

    async def allow(transaction: Transaction) -> None:
        inside.append(transaction)

    refused, done, allowed = await together(
        commands,
        store,
        commands.run([order(Count(), stream)], guard=refuse),
        commands.run([order(Count(), other)]),
        commands.one(order(Count(), other), guard=allow),
    )
    assert isinstance(refused, PermissionError)
    assert isinstance(done, list)
    assert getattr(allowed, "state", None) == Ledger(2)
    assert (len(inside), await count_of(commands, stream)) == (2, 0)


async def test_a_caller_who_goes_away_takes_nobody_along(
    store: Watched, commands: Commands
) -> None:
    store.open.clear()
    under_way = asyncio.create_task(commands.one(order(Count(), gone := new_id())))
    await until(lambda: store.transactions)
    waiting = asyncio.create_task(commands.one(order(Count(), never := new_id())))
    staying = asyncio.create_task(commands.one(order(Count(), kept := new_id())))
    await until_waiting(commands, 2)
    under_way.cancel()
    waiting.cancel()
    store.open.set()

    assert (await staying).state == Ledger(1)
    assert under_way.cancelled()
    assert waiting.cancelled()
    counts = [await count_of(commands, stream) for stream in (gone, never, kept)]
    assert counts == [1, 0, 1]


async def test_the_end_answers_who_still_waits(store: Watched, keyring: Keyring) -> None:
    commands = Commands(store, executor(keyring))
    store.open.clear()
    async with commands.running():
        calls = [asyncio.create_task(commands.one(order(Count()))) for _ in range(5)]
        await until_waiting(commands, 1)
        asyncio.get_running_loop().call_soon(store.open.set)

    async with asyncio.timeout(60):
        assert [one.state.count for one in await asyncio.gather(*calls)] == [1] * 5


@pytest.mark.parametrize("end", [ZeroDivisionError, asyncio.CancelledError])
async def test_an_end_in_error_answers_who_still_waits(
    store: Watched, keyring: Keyring, end: type[BaseException]
) -> None:
    commands = Commands(store, executor(keyring))
    calls: list[asyncio.Task[object]] = []

    async def serve() -> None:
        async with commands.running():
            store.open.clear()
            calls.extend(asyncio.create_task(commands.one(order(Count()))) for _ in range(5))
            await until_waiting(commands, 1)
            asyncio.get_running_loop().call_soon(store.open.set)
            raise end

    with pytest.raises(end):
        await serve()
    async with asyncio.timeout(60):
        await asyncio.gather(*calls)


async def test_after_the_end_nobody_waits_in_vain(store: Watched, keyring: Keyring) -> None:
    commands = Commands(store, executor(keyring))
    async with commands.running():
        pass
    with pytest.raises(BusyError):
        async with asyncio.timeout(60):
            await commands.one(order(Count()))


async def test_a_conflict_is_tried_again(store: Watched, commands: Commands) -> None:
    store.trouble = [StreamConflictError(()), StreamConflictError(())]
    done = await commands.one(order(Count()))
    assert (done.state, store.transactions) == (Ledger(1), 3)


async def test_who_never_wins_is_told(store: Watched, commands: Commands) -> None:
    store.trouble = [StreamConflictError(())] * 5
    with pytest.raises(BusyError):
        await commands.one(order(Count()))
    assert (await commands.one(order(Count()))).state == Ledger(1)


async def test_without_a_connection_all_hear_of_it_at_once(
    store: Watched, keyring: Keyring
) -> None:
    """Each further try would take as long again."""
    commands = Commands(store, executor(keyring))
    calls = [asyncio.create_task(commands.one(order(Count()))) for _ in range(20)]
    await until_waiting(commands, 20)
    store.trouble = [PoolTimeout("no connection")]
    async with commands.running():
        results = await asyncio.gather(*calls, return_exceptions=True)

    assert {type(one) for one in results} == {PoolTimeout}
    assert store.transactions == 1


async def test_sixteen_writers_leave_no_gap(
    app: Database, keyring: Keyring, owner: psycopg.Connection
) -> None:
    """Two groups of callers, as of two processes, on one stream and on streams of their own."""
    stream = new_id()
    desks = [Commands(PostgresStore(app), executor(keyring)) for _ in range(2)]

    async def write(desk: Commands) -> None:
        for _ in range(5):
            await desk.one(order(Count(), stream))
            await desk.one(order(Count()))

    async with desks[0].running(), desks[1].running():
        await asyncio.gather(*(write(desks[number % 2]) for number in range(16)))

    rows = owner.execute(
        "select version, (data->>'number')::int from event where stream = %s order by position",
        (stream,),
    ).fetchall()
    assert rows == [(number, number) for number in range(1, 81)]
    assert owner.execute("select count(*) from event").fetchone() == (160,)


async def test_a_foreign_stream_is_told_from_a_conflict(app: Database, keyring: Keyring) -> None:
    """Isolation hides it, and the caller hears of it, whoever else is in the transaction."""

    async def check(owners: dict[UUID, UUID]) -> None:
        await check_owners(app, owners)

    commands = Commands(PostgresStore(app), executor(keyring), check_owners=check)
    old, new = new_id(), new_id()
    async with commands.running():
        await commands.one(order(Count(), old))
        results = await asyncio.gather(
            commands.one(order(Count(), old, STRANGER)),
            commands.one(order(Count(), old)),
            commands.one(order(Count(), new)),
            commands.one(order(Count(), new, STRANGER)),
            return_exceptions=True,
        )
        counts = (await count_of(commands, old), await count_of(commands, new))

    assert [type(one).__name__ for one in results] == [
        "ForeignMandantError",
        "Done",
        "Done",
        "ForeignMandantError",
    ]
    assert counts == (2, 1)
    assert ForeignMandantError.slug == "foreign-mandant"
