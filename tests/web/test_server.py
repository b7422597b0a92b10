"""The server: a free port, a graceful stop, and what it says to nonsense."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.types import ASGIApp

from web.auth import for_everyone
from web.server import StartError, serve


@asynccontextmanager
async def served(app: ASGIApp, **settings: Any) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """The base URL of a running server and the event that stops it."""
    stopping, port = asyncio.Event(), asyncio.get_running_loop().create_future()
    running = asyncio.create_task(
        serve(
            app, host="127.0.0.1", port=0, stopping=stopping, listening=port.set_result, **settings
        )
    )
    try:
        async with asyncio.timeout(60):
            yield f"http://127.0.0.1:{await port}", stopping
    finally:
        stopping.set()
        async with asyncio.timeout(60):
            await running


@pytest.fixture
def gate() -> tuple[asyncio.Event, asyncio.Event]:
    """Set when a request is being worked on; to be set to let it go on."""
    return asyncio.Event(), asyncio.Event()


@pytest.fixture
def slow_app(
    make_app: Callable[..., FastAPI], gate: tuple[asyncio.Event, asyncio.Event]
) -> FastAPI:
    router = APIRouter(dependencies=[Depends(for_everyone)])

    @router.get("/slow")
    async def slow() -> str:
        gate[0].set()
        await gate[1].wait()
        return "done"

    return make_app(routers=[router])


async def test_it_reports_a_port_that_answers(app: FastAPI) -> None:
    async with served(app) as (url, _), httpx.AsyncClient(base_url=url, timeout=60) as client:
        answer = await client.get("/livez")
    assert answer.json() == {"status": "ok"}
    assert "server" not in answer.headers


async def test_what_is_under_way_is_finished(
    slow_app: FastAPI, gate: tuple[asyncio.Event, asyncio.Event]
) -> None:
    async with (
        served(slow_app) as (url, stopping),
        httpx.AsyncClient(base_url=url, timeout=60) as client,
    ):
        asked = asyncio.create_task(client.get("/slow"))
        await gate[0].wait()
        stopping.set()
        await refusing(url)
        gate[1].set()
        assert (await asked).json() == "done"


async def refusing(url: str) -> None:
    """Wait until no new connection is taken; the caller bounds it."""
    port = int(url.rpartition(":")[2])
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            return
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        await asyncio.sleep(0.01)


async def test_what_takes_longer_than_the_grace_is_cut(
    slow_app: FastAPI, gate: tuple[asyncio.Event, asyncio.Event]
) -> None:
    async with (
        served(slow_app, grace_s=0) as (url, stopping),
        httpx.AsyncClient(base_url=url, timeout=60) as client,
    ):
        asked = asyncio.create_task(client.get("/slow"))
        await gate[0].wait()
        stopping.set()
        answer = await asked
    assert (answer.status_code, answer.json()["slug"]) == (503, "unavailable")


async def test_the_lifespan_surrounds_the_serving(make_app: Callable[..., FastAPI]) -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        seen.append("up")
        yield
        seen.append("down")

    async with served(make_app(lifespan=lifespan)):
        assert seen == ["up"]
    assert seen == ["up", "down"]


async def test_a_failing_lifespan_is_an_error_and_not_an_exit(
    make_app: Callable[..., FastAPI],
) -> None:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        raise ConnectionError("no database")
        yield

    with pytest.raises(StartError):
        await serve(make_app(lifespan=lifespan), host="127.0.0.1", port=0, stopping=asyncio.Event())


async def test_a_port_that_is_taken_is_an_error(app: FastAPI) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            await serve(app, host="127.0.0.1", port=port, stopping=asyncio.Event())


async def test_an_exception_does_not_reach_the_servers_log(
    app: FastAPI, clerk: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        served(app) as (url, _),
        httpx.AsyncClient(base_url=url, headers=clerk, timeout=60) as client,
    ):
        answer = await client.post("/letters/explode")
    assert answer.json()["slug"] == "internal-error"
    assert "Mustermann-Geheim" not in caplog.text
    assert "Traceback" not in caplog.text


async def raw(url: str, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    try:
        writer.write(request)
        return await reader.read(100)
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"NONSENSE\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 40_000 + b"\r\n\r\n",
        b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_cut_off(app: FastAPI, request_bytes: bytes) -> None:
    async with served(app) as (url, _):
        assert (await raw(url, request_bytes)).startswith(b"HTTP/1.1 4")


async def test_a_body_larger_than_announced_is_never_read(
    app: FastAPI, clerk: dict[str, str]
) -> None:
    head = (
        "POST /letters HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: {clerk['Authorization']}\r\nContent-Length: 99999999999\r\n\r\n"
    )
    async with served(app) as (url, _):
        assert (await raw(url, head.encode())).startswith(b"HTTP/1.1 413")
