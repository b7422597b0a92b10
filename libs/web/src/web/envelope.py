"""What leaves the process is well formed: security headers on each answer, a problem per error."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.errors import of_status
from web.problem import Problems

# An API hands out data, never pages: nothing of an answer may be run, framed, sniffed or stored.
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}

# What frameworks write into an error of their own; other types (CardDAV's XML) are a route's.
_FRAMEWORK_TYPES = frozenset({"", "text/plain", "text/html", "application/json"})
_KEPT_HEADERS = ("allow", "retry-after", "www-authenticate")
_ERROR = 400


class Envelope:
    """ASGI: adds missing security headers and replaces a framework's own error bodies.

    Starlette's body limit, for one, answers in plain text from outside of all handlers.
    """

    def __init__(self, app: ASGIApp, problems: Problems) -> None:
        self._app = app
        self._problems = problems

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        replaced = False

        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                _harden(message)
            await send(message)

        async def send_enveloped(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and _is_foreign_error(message):
                replaced = True
                await self._replace(message, scope, receive, send_hardened)
            elif not replaced:
                await send_hardened(message)

        await self._app(scope, receive, send_enveloped)

    async def _replace(self, start: Message, scope: Scope, receive: Receive, send: Send) -> None:
        problem = of_status(start["status"], scope)
        headers = Headers(raw=start["headers"])
        problem.headers = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
        await self._problems.response(problem, scope)(scope, receive, send)


def _is_foreign_error(start: Message) -> bool:
    media_type = Headers(raw=start.get("headers", [])).get("content-type", "")
    return start["status"] >= _ERROR and media_type.partition(";")[0] in _FRAMEWORK_TYPES


def _harden(start: Message) -> None:
    headers = MutableHeaders(scope=start)
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
