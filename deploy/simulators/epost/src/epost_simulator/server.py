"""The application, and the server that runs it on loopback."""

import json
import os
import socket
import sys
import threading
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware

from epost_simulator import api, control_api, queries
from epost_simulator.catalogue import ApiError
from epost_simulator.connections import TrackedProtocol
from epost_simulator.gate import Gate
from epost_simulator.office import Office
from epost_simulator.settings import Settings

LOOPBACK = "127.0.0.1"


def application(office: Office) -> Starlette:
    """Build the ASGI application of one office."""
    app = Starlette(
        routes=[*api.ROUTES, *queries.ROUTES, *control_api.ROUTES],
        middleware=[Middleware(Gate, office)],
        exception_handlers={ApiError: api.told_error},
    )
    app.state.office = office
    return app


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()


def serve(settings: Settings, *, stop_with_stdin: bool) -> None:
    """Run until stopped; print one JSON line with the base URL when ready."""
    listener = socket.create_server((LOOPBACK, settings.port))
    base_url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    config = uvicorn.Config(
        application(Office(settings)),
        http=TrackedProtocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
    server = _Server(config, lambda: print(json.dumps({"base_url": base_url}), flush=True))
    if stop_with_stdin:
        threading.Thread(target=_stop_at_end_of_stdin, args=(server,), daemon=True).start()
    server.run(sockets=[listener])


def _stop_at_end_of_stdin(server: uvicorn.Server) -> None:
    # The pipe ends with the process that holds its other end, however that one died.
    # Raw reads: a buffered one would hold sys.stdin's lock while the interpreter goes down.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    server.should_exit = True
