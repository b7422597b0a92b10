"""The door in front of the API: request size, misbehaviour on demand, the whole API down."""

import asyncio
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from epost_simulator.catalogue import error_object
from epost_simulator.connections import close_connection
from epost_simulator.faults import Fault, Kind
from epost_simulator.office import Office

_GARBAGE = HTMLResponse("<html><body>Bitte versuchen Sie es erneut.</body></html>")


class Gate:
    """ASGI middleware; the control interface is not behind it."""

    def __init__(self, app: ASGIApp, office: Office) -> None:
        self._app = app
        self._office = office

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        body = await self._body(Request(scope, receive))
        if body is None:
            await self._error("E303", "Request zu groß")(scope, receive, send)
            return
        if self._office.health == "E501" and not scope["path"].endswith("/HealthCheck"):
            await self._error("E501", http_status=503)(scope, receive, send)
            return
        fault = self._office.faults.take(scope["path"], scope["query_string"] + b"\n" + body)
        visit = _Visit(self._app, scope, receive, body)
        if fault is None:
            await visit.served(send)
        else:
            await self._misbehave(fault, visit, send)

    async def _body(self, request: Request) -> bytes | None:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._office.settings.max_request_bytes:
                return None
        return bytes(body)

    async def _misbehave(self, fault: Fault, visit: "_Visit", send: Send) -> None:
        if fault.kind.value.endswith("-after-accept"):
            await visit.served(_nowhere)
        match fault.kind:
            case Kind.DROP_BEFORE_ACCEPT | Kind.DROP_AFTER_ACCEPT:
                await visit.dropped()
            case Kind.HANG | Kind.HANG_AFTER_ACCEPT:
                await visit.left_waiting(fault.seconds)
            case Kind.FAIL_99:
                visit.scope["doom"] = fault.codes
                await visit.served(send)
            case _:
                await self._answer(fault)(visit.scope, visit.receive, send)

    def _answer(self, fault: Fault) -> Response:
        match fault.kind:
            case Kind.EXPIRED:
                return self._error("E101", http_status=401)
            case Kind.TOO_MANY:
                answer = self._error("E322", http_status=429)
                if fault.seconds:
                    answer.headers["Retry-After"] = f"{fault.seconds:.0f}"
                return answer
            case Kind.REFUSE:
                return self._error(fault.codes[0], http_status=fault.http_status)
            case Kind.ERROR_BEFORE_ACCEPT | Kind.ERROR_AFTER_ACCEPT:
                return HTMLResponse("<html>Bad Gateway</html>", status_code=fault.http_status)
            case _:
                return _GARBAGE

    def _error(self, code: str, detail: str = "", *, http_status: int = 400) -> Response:
        told = error_object(code, self._office.clock.now(), detail)
        return JSONResponse(told, status_code=http_status)


class _Visit:
    """One request whose body has been read."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, body: bytes) -> None:
        self.scope = scope
        self.receive = receive
        self._app = app
        self._body = body

    async def served(self, send: Send) -> None:
        await self._app(self.scope, self._replayed, send)

    async def dropped(self) -> None:
        close_connection(self.scope)
        await self.receive()

    async def left_waiting(self, seconds: float) -> None:
        # The client may give up first: then there is nothing left to drop.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.receive()
                return
        await self.dropped()

    async def _replayed(self) -> Message:
        return {"type": "http.request", "body": self._body, "more_body": False}


async def _nowhere(message: Message) -> None:
    """Swallow an answer."""
