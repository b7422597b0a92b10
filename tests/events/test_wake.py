"""A notice reaches who waits, in this process and in others, also after a broken connection."""

import asyncio
import time
from collections.abc import AsyncIterator

import psycopg
import pytest
from tests.events.conditions import until

from events.testing.postgres import Urls
from events.wake import Wake

LONG_S = 600.0
HANGS_S = 60.0


@pytest.fixture
async def wakes(
    urls: Urls, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Wake, Wake]]:
    """Two processes of one service, both of them listening."""
    monkeypatch.setattr("events.wake._RECONNECT_S", 0.05)
    one, other = (Wake(urls.machinery, ["inbox", "relay"]) for _ in range(2))
    async with one.running(), other.running():
        await listening(owner, 2)
        for wake in (one, other):
            await clear(wake)
        yield one, other


async def listening(owner: psycopg.Connection, count: int) -> None:
    await until(lambda: len(backends(owner)) == count, pause_s=0.02)


def backends(owner: psycopg.Connection) -> list[int]:
    """The connections on which somebody listens, past their last LISTEN."""
    rows = owner.execute(
        "select pid from pg_stat_activity where datname = current_database()"
        " and lower(query) = 'listen \"relay\"'"
    )
    return [pid for (pid,) in rows.fetchall()]


async def clear(wake: Wake) -> None:
    """Forget what was told so far: who begins to listen is woken once to be sure."""
    for channel in ("inbox", "relay"):
        await asyncio.wait_for(wake.wait(channel, LONG_S), HANGS_S)


async def test_a_notice_crosses_processes(wakes: tuple[Wake, Wake]) -> None:
    one, other = wakes
    waiting = asyncio.create_task(other.wait("relay", LONG_S))
    one.tell("relay")
    await asyncio.wait_for(waiting, HANGS_S)


async def test_a_notice_reaches_its_own_process_at_once() -> None:
    wake = Wake("", ["inbox"])
    waiting = [asyncio.create_task(wake.wait("inbox", LONG_S)) for _ in range(3)]
    await asyncio.sleep(0)
    wake.tell("inbox")
    await asyncio.wait_for(asyncio.gather(*waiting), HANGS_S)
    wake.tell("inbox")
    await asyncio.wait_for(wake.wait("inbox", LONG_S), HANGS_S)  # told before anybody waited


async def test_another_channel_wakes_nobody(wakes: tuple[Wake, Wake]) -> None:
    one, other = wakes
    one.tell("inbox")
    await asyncio.wait_for(other.wait("inbox", LONG_S), HANGS_S)
    assert not other._events["relay"].is_set()


async def test_without_a_notice_the_time_runs_out() -> None:
    begun = time.monotonic()
    await Wake("", ["inbox"]).wait("inbox", 0.02)
    assert time.monotonic() - begun >= 0.02


async def test_a_lost_connection_is_listened_on_again(
    wakes: tuple[Wake, Wake], owner: psycopg.Connection
) -> None:
    one, other = wakes
    old = backends(owner)
    owner.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and usename = 'hausbote_machinery'"
    )
    await until(lambda: len(set(backends(owner)) - set(old)) == 2, pause_s=0.02)
    await clear(other)

    waiting = asyncio.create_task(other.wait("relay", LONG_S))

    async def told() -> bool:
        one.tell("relay")
        await asyncio.sleep(0.02)
        return waiting.done()

    await until(told)
