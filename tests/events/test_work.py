"""What is to be done outside: one task per stream, taken by one process, put off after trouble."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from pydantic import SecretStr
from tests.events.conditions import until
from tests.events.ledger import MANDANT

from events.clock import utc_now
from events.database import Database
from events.ids import new_id
from events.lease import Lease
from events.operator.queues import Queues
from events.service import WORK, Blueprint, Machinery, machinery
from events.settings import ServiceSettings
from events.testing.postgres import Urls
from events.work import Due, Lane, due, put_off, schedule

TASKS = frozenset({"ask", "send"})


def task(name: str = "send", lane: str = "account", in_s: float = -1.0) -> Due:
    return Due(new_id(), MANDANT, lane, name, utc_now() + timedelta(seconds=in_s))


async def plan(app: Database, *wanted: Due, done: Sequence[Due] = ()) -> None:
    async with app.working([MANDANT]) as connection:
        await schedule(connection, wanted, [one.stream for one in done])


async def test_what_is_due_comes_in_its_order_and_nothing_else(app: Database) -> None:
    late, early = task(in_s=-5), task("ask", in_s=-60)
    await plan(app, late, early, task(in_s=60), task(lane="other"), task("print"))
    assert await due(app, "account", TASKS, 10) == [early, late]
    assert await due(app, "account", TASKS, 1) == [early]
    assert await due(app, "account", {"send"}, 10) == [late]


async def test_a_stream_has_one_next_task_or_none(app: Database) -> None:
    first, other = task(), task()
    await plan(app, first, other)
    next_one = Due(first.stream, MANDANT, "account", "ask", utc_now() - timedelta(hours=1))
    await plan(app, next_one, done=[other])
    assert await due(app, "account", TASKS, 10) == [next_one]


async def test_what_was_put_off_comes_later_where_it_is_still_to_be_done(app: Database) -> None:
    sending, asking = task(), task("ask")
    await plan(app, sending, asking)
    await put_off(app, [sending.stream, asking.stream], "send", timedelta(minutes=1))
    assert await due(app, "account", TASKS, 10) == [asking]


@pytest.mark.spec("PLT-40")
async def test_a_clock_that_was_ahead_holds_nothing_up(app: Database) -> None:
    wrong = utc_now() + timedelta(hours=1)
    at_once = Due(new_id(), MANDANT, "account", "send", wrong, planned_at=wrong)
    later = Due(new_id(), MANDANT, "account", "send", wrong + timedelta(minutes=1), 0, wrong)
    behind = utc_now() - timedelta(hours=1)
    early = Due(new_id(), MANDANT, "account", "send", behind + timedelta(minutes=1), 0, behind)
    await plan(app, at_once, later, early)
    found = [one.stream for one in await due(app, "account", TASKS, 10)]
    assert found == [early.stream, at_once.stream]


@pytest.fixture
async def parts(urls: Urls, keks: str) -> AsyncIterator[Machinery]:
    settings = ServiceSettings(
        environment="test",
        database_url=SecretStr(urls.app),
        machinery_database_url=SecretStr(urls.machinery),
        migrator_database_url=SecretStr(urls.migrator),
        kafka_bootstrap_servers="127.0.0.1:1",
        keks=SecretStr(keks),
    )
    async with machinery(settings, Blueprint("ledger")) as running:
        yield running


@asynccontextmanager
async def running(lane: Lane) -> AsyncIterator[None]:
    stopping = asyncio.Event()
    work = asyncio.create_task(lane.run(stopping))
    try:
        yield
    finally:
        stopping.set()
        await asyncio.wait_for(work, 60)


def lane_of(machinery: Machinery, handle: object) -> Lane:
    return Lane(machinery, "account", TASKS, handle)  # type: ignore[arg-type] # a Handle


async def test_a_lane_does_what_is_due_now_and_what_comes_later(parts: Machinery) -> None:
    done: list[Due] = []

    async def handle(items: Sequence[Due], lease: Lease) -> None:
        assert lease.held()
        done.extend(items)
        await plan(parts.database, done=items)

    first, second = task(), task("ask")
    await plan(parts.database, first)
    async with running(lane_of(parts, handle)):
        await until(lambda: done == [first], pause_s=0.01)
        await plan(parts.database, second)
        parts.wake.tell(WORK)
        await until(lambda: done == [first, second], pause_s=0.01)


async def test_a_lane_is_worked_on_by_one_process(parts: Machinery, own: Database) -> None:
    from events.lease import Leases

    busy = await Leases(own).take("account:ask+send")
    assert busy is not None
    done: list[Due] = []

    async def handle(items: Sequence[Due], _: Lease) -> None:
        done.extend(items)
        await plan(parts.database, done=items)

    await plan(parts.database, task())
    async with running(lane_of(parts, handle)):
        await until(lambda: parts.health._beats, pause_s=0.01)
        with pytest.raises(TimeoutError):
            await until(lambda: done, deadline_s=0.3, pause_s=0.01)
        assert parts.health.alive()
        async with own.plain() as connection:
            await connection.execute("update lease set until = '-infinity'")
        parts.wake.tell(WORK)
        await until(lambda: done, pause_s=0.01)


async def test_an_error_of_ours_puts_the_batch_off_and_the_lane_lives_on(
    parts: Machinery, owner: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[Due] = []
    bad, good = task(), task("ask")

    async def handle(items: Sequence[Due], _: Lease) -> None:
        if bad in items:
            raise RuntimeError("Jürgen Groß broke it")
        done.extend(items)
        await plan(parts.database, done=items)

    await plan(parts.database, bad)
    async with running(lane_of(parts, handle)):
        await until(
            lambda: owner.execute("select 1 from work where due_at > clock_timestamp()").fetchone(),
            pause_s=0.01,
        )
        await plan(parts.database, good)
        parts.wake.tell(WORK)
        await until(lambda: done == [good], pause_s=0.01)
    assert "work.failed" in capsys.readouterr().out


async def test_what_fails_again_and_again_is_tried_alone_and_ever_later(
    parts: Machinery, owner: psycopg.Connection
) -> None:
    """It stands in nobody's way, is never dropped, and is seen."""
    bad, good = task(), task()
    tried: list[set[UUID]] = []

    async def handle(items: Sequence[Due], _: Lease) -> None:
        tried.append({item.stream for item in items})
        if bad.stream in tried[-1]:
            raise RuntimeError
        await plan(parts.database, done=items)

    def pauses() -> list[tuple[str, float]]:
        return owner.execute(
            "select failed, extract(epoch from due_at - clock_timestamp())::float"
            " from work where attempts > 0"
        ).fetchall()

    await plan(parts.database, bad, good)
    async with running(lane_of(parts, handle)):
        await until(lambda: len(pauses()) == 2, pause_s=0.01)
        for attempt in range(1, 10):
            await asyncio.to_thread(owner.execute, "update work set due_at = clock_timestamp()")
            parts.wake.tell(WORK)
            await until(
                lambda attempt=attempt: owner.execute(  # type: ignore[misc] # its default binds it
                    "select 1 from work where attempts = %s", (attempt + 1,)
                ).fetchone(),
                pause_s=0.01,
            )
        ((failed, pause_s),) = pauses()
    assert failed == "RuntimeError"
    assert 3000 < pause_s <= 3600
    both = {bad.stream, good.stream}
    assert [streams for streams in tried if good.stream in streams] == [both, {good.stream}]
    status = await Queues(parts.machinery_database).work()
    assert [(one.stream, one.attempts, one.error) for one in status.failing] == [
        (bad.stream, 10, "RuntimeError")
    ]


@pytest.mark.parametrize("error", [psycopg.OperationalError, ConnectionResetError])
async def test_a_lane_survives_every_error(
    parts: Machinery, owner: psycopg.Connection, error: type[Exception]
) -> None:
    tries = 0

    async def handle(items: Sequence[Due], _: Lease) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise error
        await plan(parts.database, done=items)

    await plan(parts.database, task())
    async with running(lane_of(parts, handle)):
        await until(lambda: tries, pause_s=0.01)

        async def retried() -> bool:
            # In a thread: it may have to wait for the lane's own transaction.
            await asyncio.to_thread(owner.execute, "update work set due_at = clock_timestamp()")
            parts.wake.tell(WORK)
            return tries > 1

        await until(retried, pause_s=0.02)


async def test_a_lane_that_ends_is_not_missed(parts: Machinery) -> None:
    async def handle(_: Sequence[Due], __: Lease) -> None:
        """Nothing."""

    async with running(lane_of(parts, handle)):
        await until(lambda: parts.health._beats, pause_s=0.01)
    assert not parts.health._beats
