"""One HTTP call to the provider: time and size limits, and what a broken one proves."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from delivery_epost.ports import NotAcceptedError, PostError, UncertainError

# With these the request has not left us. All others may come after its last byte.
_BEFORE_IT_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
_LIBRARY_ERRORS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    httpx.CookieConflict,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much we wait for; `total_s` bounds a whole call, upload included."""

    connect_s: float = 10.0
    pool_s: float = 10.0
    read_s: float = 120.0
    write_s: float = 60.0
    total_s: float = 300.0
    answer_bytes: int = 64 * 1024 * 1024
    connections: int = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that arrived whole; `body` is None where it is no JSON."""

    status: int
    body: Any
    retry_after_s: float | None


@dataclass(frozen=True, slots=True)
class Call:
    """`has_effect`: the call changes something outside, so that its loss leaves us uncertain."""

    method: Literal["GET", "POST"]
    path: str
    has_effect: bool = False
    json: Any = None
    params: dict[str, str | int] | None = None


def open_client(base_url: str, limits: Limits) -> httpx.AsyncClient:
    """Open the connection pool for one provider; whoever opens it closes it."""
    return httpx.AsyncClient(
        base_url=base_url,
        timeout=httpx.Timeout(
            connect=limits.connect_s, pool=limits.pool_s, read=limits.read_s, write=limits.write_s
        ),
        limits=httpx.Limits(max_connections=limits.connections),
        # What is not compressed cannot unfold in memory.
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
    )


class Wire:
    """Every exception of the library ends here."""

    def __init__(self, client: httpx.AsyncClient, limits: Limits) -> None:
        self._client = client
        self._limits = limits

    async def send(self, call: Call, token: str = "") -> Answer:
        """Return the answer, whatever its status; raise if there is none."""
        try:
            async with asyncio.timeout(self._limits.total_s):
                return await self._exchanged(call, token)
        except _LIBRARY_ERRORS as error:
            failure = _translated(error, call)
        except TimeoutError:
            failure = lost(call, "total-timeout")
        # Outside of the handlers: the library's exception holds request and answer.
        raise failure

    async def _exchanged(self, call: Call, token: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self._client.stream(
            call.method, call.path, json=call.json, params=call.params, headers=headers
        ) as response:
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > self._limits.answer_bytes:
                    raise httpx.DecodingError("answer too large", request=response.request)
        return Answer(response.status_code, _parsed(bytes(content)), _retry_after_s(response))


def lost(call: Call, code: str) -> PostError:
    """Say what it means that a call got no usable answer."""
    if call.has_effect:
        return UncertainError(
            "no-answer", code, "E-POST hat nicht verständlich geantwortet. Der Ausgang ist unklar."
        )
    return NotAcceptedError("no-answer", code, "E-POST hat nicht verständlich geantwortet.")


def _translated(error: Exception, call: Call) -> PostError:
    code = type(error).__name__
    if isinstance(error, _BEFORE_IT_LEFT):
        return NotAcceptedError("unreachable", code, "E-POST ist nicht erreichbar.")
    return lost(call, code)


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _retry_after_s(response: httpx.Response) -> float | None:
    # The date form is not in use here; it counts as not given.
    seconds = response.headers.get("Retry-After", "")
    return float(seconds) if seconds.isascii() and seconds.isdecimal() else None
