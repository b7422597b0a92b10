"""A process lives, is ready or not, says so to its operator, and ends when it is told to."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import psycopg
import pytest
import uvloop
from pydantic import ValidationError
from tests.events.conditions import until
from tests.events.ledger import Count, order

from events import metrics
from events.health import Health
from events.ids import new_id
from events.personal import Category
from events.probe import probe
from events.process import command_line, machinery_processes, run_together, until_stopped, watch
from events.service import Blueprint, Machinery, machinery
from events.settings import ServiceSettings
from events.testing.postgres import Urls
from stack.ports import free_port


def settings_of(urls: Urls, keks: str, **more: object) -> ServiceSettings:
    return ServiceSettings.model_validate(
        {
            "environment": "test",
            "database_url": urls.app,
            "machinery_database_url": urls.machinery,
            "migrator_database_url": urls.migrator,
            "kafka_bootstrap_servers": "127.0.0.1:1",
            "keks": keks,
            **more,
        }
    )


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, keks: str) -> None:
    for name, value in {
        "DATABASE_URL": "postgresql://app@db/x",
        "MACHINERY_DATABASE_URL": "postgresql://machinery@db/x",
        "MIGRATOR_DATABASE_URL": "postgresql://owner@db/x",
        "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
        "KEKS": keks,
        "PROBE_PORT": "8081",
    }.items():
        monkeypatch.setenv(name, value)
    settings = ServiceSettings()
    assert (settings.environment, settings.stream_epoch, settings.probe_port) == (
        "production",
        1,
        8081,
    )
    assert all(settings.keyring().entitled(category) for category in Category)
    assert keks not in repr(settings)
    with pytest.raises(ValidationError):
        settings.stream_epoch = 2  # type: ignore[misc] # that is the point


def test_a_loop_that_has_stopped_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    health = Health()
    assert health.alive()
    health.beat("worker")
    health.beat("lane")
    assert health.alive()
    monkeypatch.setattr("events.health._STUCK_AFTER_S", -1.0)
    assert not health.alive()
    health.forget("worker")
    assert not health.alive()
    health.forget("lane")
    health.forget("never")
    assert health.alive()


async def test_ready_names_what_is_wrong_and_waits_for_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("events.health._CHECK_S", 0.01)

    async def fine() -> None:
        """All is well."""

    async def broken() -> None:
        raise ConnectionRefusedError("Jürgen")

    health = Health({"fine": fine, "broken": broken, "hanging": asyncio.Event().wait})  # type: ignore[dict-item] # its answer is not looked at
    assert await health.ready() == {"broken": "ConnectionRefusedError", "hanging": "TimeoutError"}


@asynccontextmanager
async def asking(health: Health) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        probe(health, "127.0.0.1", 0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        yield client


async def test_a_probe_answers_the_operators_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: list[Exception] = []

    async def check() -> None:
        if wrong:
            raise wrong[0]

    health = Health({"database": check})
    async with asking(health) as client:
        live, ready = await client.get("/livez"), await client.get("/readyz")
        assert (live.status_code, ready.status_code, ready.json()) == (200, 200, {})
        wrong.append(ConnectionError())
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"database": "ConnectionError"})
        health.beat("worker")
        monkeypatch.setattr("events.health._STUCK_AFTER_S", -1.0)
        assert (await client.get("/livez")).status_code == 503

        numbers = await client.get("/metrics")
        assert "hausbote_inbox_records" in numbers.text
        assert numbers.headers["content-type"].startswith("text/plain")
        assert (await client.get("/")).status_code == 404
        assert (await client.post("/livez")).status_code == 405


@pytest.mark.parametrize(
    "said", [b"", b"GET", b"\xff\r\n\r\n", b"x" * 200_000, b"GET /livez\r\n\r\n"]
)
async def test_odd_questions_harm_nobody(said: bytes) -> None:
    async with probe(Health(), "127.0.0.1", 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        writer.write_eof()
        with suppress(ConnectionError):  # It may hang up before we have said all.
            await asyncio.wait_for(reader.read(), 60)
        writer.close()
        async with httpx.AsyncClient(timeout=60) as client:
            assert (await client.get(f"http://127.0.0.1:{port}/livez")).status_code == 200


async def test_a_service_answers_where_its_settings_say(urls: Urls, keks: str) -> None:
    port = free_port()
    settings = settings_of(urls, keks, probe_port=port)
    async with machinery(settings, Blueprint("ledger")), httpx.AsyncClient(timeout=60) as client:
        ready = await client.get(f"http://127.0.0.1:{port}/readyz")
    assert (ready.status_code, ready.json()) == (200, {})


async def test_a_service_that_hears_nothing_only_relays(urls: Urls, keks: str) -> None:
    async with machinery(settings_of(urls, keks), Blueprint("ledger")) as running:
        assert list(machinery_processes(running)) == ["relay"]
        assert running.blueprint.topics() == ()


async def watched(running: Machinery) -> None:
    stopping = asyncio.Event()
    task = asyncio.create_task(until_stopped(stopping, watch(running)))
    newer = metrics.INBOX_WAITING.labels("a newer release")
    await until(lambda: metrics.RELAY_DEPTH._value.get() == newer._value.get() == 1, pause_s=0.01)
    stopping.set()
    await task


async def test_the_queues_are_measured(urls: Urls, keks: str, owner: psycopg.Connection) -> None:
    for waiting_for in ("a newer release", f"{new_id()}:identity", f"{new_id()}:notes", None):
        owner.execute(
            "insert into inbox (id, topic, part, off, headers, arrived_at, waiting_for)"
            " values (%s, 't', 0, 0, '', now() - interval '1 hour', %s)",
            (new_id(), waiting_for),
        )
    owner.execute("insert into relay (topic, key, headers, value) values ('t', '', '', '')")
    async with machinery(settings_of(urls, keks), Blueprint("ledger")) as running:
        await watched(running)
    for what, count in {"a newer release": 1, "a key": 2}.items():
        assert metrics.INBOX_WAITING.labels(what)._value.get() == count
        assert metrics.INBOX_WAITING_AGE.labels(what)._value.get() >= 3600


async def test_an_error_of_endless_work_is_raised() -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await until_stopped(asyncio.Event(), fail(), asyncio.sleep(60))


async def test_when_one_process_fails_the_others_stop() -> None:
    ended: list[str] = []

    async def fail(_: asyncio.Event) -> None:
        raise ZeroDivisionError

    async def serve(stopping: asyncio.Event) -> None:
        await stopping.wait()
        ended.append("serve")

    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(run_together({"fail": fail, "serve": serve}), 60)
    assert ended == ["serve"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_all_processes(number: signal.Signals) -> None:
    async def serve(stopping: asyncio.Event) -> None:
        os.kill(os.getpid(), number)
        await stopping.wait()

    await asyncio.wait_for(run_together({"one": serve, "other": serve}), 60)


def test_the_machinery_runs_on_uvloop(urls: Urls, keks: str) -> None:
    """As it does in production: databases, notices and commands."""
    from tests.events.ledger import LEDGER

    from events.stream import Cause, Order

    async def main() -> int:
        async with machinery(settings_of(urls, keks), Blueprint("ledger")) as running:
            assert "uvloop" in type(asyncio.get_running_loop()).__module__
            stream = new_id()
            told = Order(LEDGER, stream, order(Count()).mandant, Count(), Cause(new_id()))
            await asyncio.gather(*(running.commands.one(told) for _ in range(5)))
            return int((await running.commands.state(told)).count)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(main()) == 5


def test_the_command_line_names_a_process(capsys: pytest.CaptureFixture[str]) -> None:
    asked = command_line(["relay", "all"])
    for name in ("relay", "all", "migrate"):
        assert (asked.parse_args([name]).chosen, asked.parse_args([name]).tool) == (name, None)
    with pytest.raises(SystemExit):
        asked.parse_args(["worker"])
    assert "worker" in capsys.readouterr().err
