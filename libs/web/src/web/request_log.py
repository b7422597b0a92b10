"""One log line and one measurement per request, and the last stop for exceptions."""

import asyncio
import time
import traceback
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from events import tracing
from web.errors import of_status
from web.problem import Problems

UNMATCHED = "unmatched"

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_QUIET = frozenset({"/livez", "/readyz", "/startupz", "/metrics"})
_DEEPEST_FRAMES = 8

_log = structlog.get_logger("web")
_seconds = Histogram(
    "hausbote_http_request_seconds", "Time to answer a request.", ("method", "route", "status")
)


class RequestLog:
    """ASGI: says which route answered what, how fast and for whom, never with a path or a query.

    An exception ends here: where nothing was sent yet it is answered with 500. Its text may hold
    personal data, so only its type and the places in the code are logged; the server, which
    would log all of it, never sees it.
    """

    def __init__(self, app: ASGIApp, problems: Problems) -> None:
        self._app = app
        self._problems = problems

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status: int | None = None
        started = time.perf_counter()

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        async def answer_unless_begun(instead: int) -> None:
            if status is None:
                answer = self._problems.response(of_status(instead), scope)
                await answer(scope, receive, send_noting_status)

        try:
            await self._app(scope, receive, send_noting_status)
        except Exception as error:  # noqa: BLE001 - the last stop before the server
            _log.error("request failed", **_outline(error))
            await answer_unless_begun(500)
        except asyncio.CancelledError:  # the server stops and the grace period is over
            await answer_unless_begun(503)
            raise
        finally:
            _note(scope, status, time.perf_counter() - started)


def route_template(scope: Scope) -> str:
    """The path as declared, such as `/documents/{id}`; `unmatched` when no route was found."""
    context = scope.get("fastapi", {}).get("effective_route_context")
    path = getattr(context or scope.get("route"), "path_format", None)
    return path if isinstance(path, str) else UNMATCHED


def method_name(scope: Scope) -> str:
    """The method, if it is one we know: callers can invent others without end."""
    method: str = scope["method"]
    return method if method in _METHODS else "OTHER"


def _note(scope: Scope, status: int | None, seconds: float) -> None:
    method, route = method_name(scope), route_template(scope)
    tracing.rename(f"{method} {route}", **{"http.response.status_code": status or 0})
    _seconds.labels(method, route, status or "none").observe(seconds)
    caller = scope["state"].get("caller")
    fields: dict[str, Any] = {
        "method": method,
        "route": route,
        "status": status,
        "seconds": round(seconds, 4),
        "mandant": str(caller.mandant) if caller else None,
    }
    write = _log.debug if route in _QUIET else _log.info
    write("request answered", **fields)


def _outline(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-_DEEPEST_FRAMES:]
    places = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
    return {"error": type(error).__qualname__, "places": places}


def _short(path: str) -> str:
    return "/".join(Path(path).parts[-2:])
