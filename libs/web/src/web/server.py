"""Runs an app under uvicorn until it is told to stop, without signals or logging of its own."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

# A little more than web.limits lets pass, so that what is only a little too much is answered
# with a problem; the rest is cut off by the parser.
_LARGEST_HEAD_BYTES = 32 * 1024


class StartError(RuntimeError):
    """The app could not be started; its lifespan failed."""


async def serve(
    app: ASGIApp,
    *,
    host: str,
    port: int,
    stopping: asyncio.Event,
    listening: Callable[[int], None] = lambda _port: None,
    grace_s: int = 25,
    most_connections: int = 1000,
) -> None:
    """Serve `app` until `stopping` is set, then finish what is under way within `grace_s`.

    Port 0 takes a free one; `listening` hears the port once requests are answered. OSError when
    the port is taken, StartError when the app's lifespan fails.
    """
    with socket.create_server((host, port), backlog=512) as listener:
        server = _Server(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=most_connections,
                timeout_graceful_shutdown=grace_s,
                h11_max_incomplete_event_size=_LARGEST_HEAD_BYTES,
            ),
            lambda: listening(listener.getsockname()[1]),
        )
        stopper = asyncio.create_task(server.stop_after(stopping))
        try:
            await server.serve(sockets=[listener])
        except SystemExit as failed:  # what uvicorn raises when the lifespan failed
            raise StartError("the app's lifespan failed") from failed
        finally:
            stopper.cancel()


class _Server(uvicorn.Server):
    """uvicorn's server, told by events instead of signals."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell_started = started

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell_started()

    async def stop_after(self, stopping: asyncio.Event) -> None:
        await stopping.wait()
        self.should_exit = True
