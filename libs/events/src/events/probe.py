"""Answers an operator's questions, over HTTP, for processes that have no API of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import NamedTuple

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from events.health import Health

_DEADLINE_S = 10.0
_NOT_AN_ANSWER = (TimeoutError, ConnectionError, asyncio.IncompleteReadError)


class _Answer(NamedTuple):
    status: str
    body: bytes
    kind: str = "application/json"


@asynccontextmanager
async def probe(health: Health, host: str, port: int) -> AsyncIterator[int]:
    """Answer GET /livez, /readyz and /metrics until the context ends; gives the port."""
    server = await asyncio.start_server(partial(_serve, health), host, port)
    async with server:
        number: int = server.sockets[0].getsockname()[1]
        yield number


async def _serve(
    health: Health, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """One question and its answer; whoever asks oddly or too slowly gets none."""
    with suppress(*_NOT_AN_ANSWER, asyncio.LimitOverrunError):
        async with asyncio.timeout(_DEADLINE_S):
            head = await reader.readuntil(b"\r\n\r\n")
            answer = await _answer(health, head.split(b"\r\n", 1)[0])
            writer.write(_bytes(answer))
            await writer.drain()
    writer.close()


async def _answer(health: Health, request: bytes) -> _Answer:
    match request.split(b" "):
        case [b"GET", b"/livez", _]:
            return _verdict({} if health.alive() else {"loop": "stuck"})
        case [b"GET", b"/readyz", _]:
            return _verdict(dict(await health.ready()))
        case [b"GET", b"/metrics", _]:
            return _Answer("200 OK", generate_latest(), CONTENT_TYPE_LATEST)
        case [b"GET", _, _]:
            return _Answer("404 Not Found", b"{}")
    return _Answer("405 Method Not Allowed", b"{}")


def _verdict(wrong: dict[str, str]) -> _Answer:
    return _Answer("503 Service Unavailable" if wrong else "200 OK", orjson.dumps(wrong))


def _bytes(answer: _Answer) -> bytes:
    head = (
        f"HTTP/1.1 {answer.status}\r\nContent-Type: {answer.kind}\r\n"
        f"Content-Length: {len(answer.body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + answer.body
