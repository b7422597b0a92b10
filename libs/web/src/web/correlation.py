"""One id per request, taken from the caller or made here, by which a story can be followed."""

from uuid import UUID, uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from events import tracing

HEADER = "X-Correlation-Id"

_STATE = "correlation_id"
_TEXT_LENGTH = 36


class Correlation:
    """ASGI: binds the correlation id to the request, to its log lines and to its answer.

    A header that is not a UUID in its usual form is ignored, never repeated. So is a traceparent
    that is none; the request is a span of the caller's trace or begins one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identity = _received(scope) or uuid4()
        scope.setdefault("state", {})[_STATE] = identity

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = str(identity)
            await send(message)

        parent = tracing.valid(Headers(scope=scope).get("traceparent"))
        with (
            tracing.span("request", parent, "server") as here,
            structlog.contextvars.bound_contextvars(
                correlation_id=str(identity), trace_id=tracing.trace_id(here)
            ),
        ):
            await self._app(scope, receive, send_with_id)


def correlation_of(scope: Scope) -> UUID:
    """The id of the request with this scope."""
    identity = scope["state"][_STATE]
    assert isinstance(identity, UUID)
    return identity


def correlation_id(request: Request) -> UUID:
    """FastAPI dependency: the id to give on to commands."""
    return correlation_of(request.scope)


def _received(scope: Scope) -> UUID | None:
    text = Headers(scope=scope).get(HEADER, "")
    if len(text) != _TEXT_LENGTH:
        return None
    try:
        return UUID(text)
    except ValueError:
        return None
