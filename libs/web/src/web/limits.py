"""How much one request may take: bytes, parts, depth and time."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from web.problem import Problem, Problems, size_text

MIB = 1024 * 1024

_ESCAPED_NUL = re.compile(rb"%00|\x00")


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of an app. A route that needs more says so where it is declared.

    `max_body_size` and `form_limits` are FastAPI's own parameters of a route, and
    `Depends(answer_within(seconds))` grants more time.
    """

    body_bytes: int = MIB
    form_fields: int = 100
    form_files: int = 20
    form_field_bytes: int = 64 * 1024
    json_depth: int = 32
    header_count: int = 64
    headers_bytes: int = 16 * 1024
    address_bytes: int = 8 * 1024
    body_wait_s: float = 30
    slowest_bytes_per_s: int = 16 * 1024
    answer_s: float = 60


class RequestHead:
    """ASGI: refuses by address and headers alone, before anything is read or routed."""

    def __init__(self, app: ASGIApp, limits: Limits, problems: Problems) -> None:
        self._app = app
        self._limits = limits
        self._problems = problems

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = self._objection(scope) if scope["type"] == "http" else None
        if problem is None:
            await self._app(scope, receive, send)
        else:
            await self._problems.response(problem, scope)(scope, receive, send)

    def _objection(self, scope: Scope) -> Problem | None:
        return self._of_headers(Headers(scope=scope)) or self._of_address(scope)

    def _of_headers(self, headers: Headers) -> Problem | None:
        limits = self._limits
        if len(headers.raw) > limits.header_count:
            return Problem("headers-too-many", 431, limit=limits.header_count)
        if sum(len(name) + len(value) for name, value in headers.raw) > limits.headers_bytes:
            return Problem("headers-too-large", 431, limit=size_text(limits.headers_bytes))
        if any(b"\0" in value for _name, value in headers.raw):
            return Problem("nul-character", 400)
        if headers.get("content-encoding", "identity").lower() != "identity":
            return Problem("encoding-not-supported", 415)
        return None

    def _of_address(self, scope: Scope) -> Problem | None:
        path = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogateescape")
        address = path + b"?" + scope["query_string"]
        if len(address) > self._limits.address_bytes:
            return Problem("address-too-long", 414, limit=size_text(self._limits.address_bytes))
        if _ESCAPED_NUL.search(address):
            return Problem("nul-character", 400)
        return None if is_utf8(unquote_to_bytes(address)) else Problem("not-utf-8", 400)


def answer_within(seconds: float) -> Callable[[Request], Awaitable[None]]:
    """FastAPI dependency: this route may work that long on an answer, from now on."""

    async def grant(request: Request) -> None:
        request.state.stopwatch.grant(seconds)

    return grant


async def forms_without_nul(request: Request) -> None:
    """FastAPI dependency of every route: no text of a parsed form may hold a NUL.

    PostgreSQL stores none, and a JSON body is looked through before it is parsed.
    """
    form = getattr(request, "_form", None)
    for name, value in form.multi_items() if form is not None else ():
        texts = (name, value) if isinstance(value, str) else (name, value.filename or "")
        if any("\0" in text for text in texts):
            raise Problem("nul-character", 400)


def is_utf8(raw: bytes) -> bool:
    """Whether these bytes are text in UTF-8."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
