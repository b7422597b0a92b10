"""A TCP proxy between a service and what it talks to, which can be cut, one way and both."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

_CHUNK = 256 * 1024
_NOTICE_S = 0.3
_RESET = struct.pack("ii", 1, 0)  # lingering for no time: closing sends a reset


class Cut(StrEnum):
    """What does not get through. Where bytes were lost, connections break when it heals."""

    NOTHING = "nothing"
    BOTH = "both"
    OUTWARD = "outward"
    HOMEWARD = "homeward"


Inspect = Callable[["Line", bytes, bool], bytes]
"""What passes on of a chunk; True: it goes outward."""


@dataclass(eq=False, slots=True)
class Line:
    """One connection through a proxy; `memory` is for whoever inspects it."""

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter
    lost: bool = False
    memory: dict[str, bytes] = field(default_factory=dict)

    @property
    def client_port(self) -> int:
        port: int = self.near.get_extra_info("peername")[1]
        return port

    def reset(self) -> None:
        """Break it at both ends at once."""
        for end in (self.near, self.far):
            raw = end.get_extra_info("socket")
            if raw is not None:
                with contextlib.suppress(OSError):
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            end.transport.abort()


class Proxy:
    """Listens on a port of its own; everything else happens in the loop of `proxies`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, target: int, name: str) -> None:
        self.name = name
        self.port = 0
        self.inspect: Inspect | None = None
        self._loop = loop
        self._target = target
        self._cut = Cut.NOTHING
        self._lines: set[Line] = set()
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_CHUNK)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """In the loop: let nobody in any more, and break what is open."""
        if self._server is not None:
            self._server.close()
        for line in list(self._lines):
            line.reset()

    def cut(self, what: Cut) -> int:
        """From now on let this not pass; returns how many connections that met."""
        return asyncio.run_coroutine_threadsafe(self._set(what), self._loop).result()

    async def _set(self, what: Cut) -> int:
        met = len(self._lines)
        before, self._cut = self._cut, what
        for line in list(self._lines):
            if what is Cut.BOTH or (before is not Cut.NOTHING and line.lost):
                line.reset()
        return met

    async def _serve(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        try:
            if self._cut is Cut.BOTH:
                raise ConnectionError
            far, to_far = await asyncio.open_connection("127.0.0.1", self._target, limit=_CHUNK)
        except OSError:
            to_near.transport.abort()
            return
        line = Line(to_near, to_far)
        self._lines.add(line)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(line, near, to_far, outward=True))
                group.create_task(self._pass_on(line, far, to_near, outward=False))
        except* OSError:
            line.reset()
        finally:
            self._lines.discard(line)
            for end in (to_near, to_far):
                end.close()

    async def _pass_on(
        self, line: Line, source: asyncio.StreamReader, to: asyncio.StreamWriter, *, outward: bool
    ) -> None:
        blocked = Cut.OUTWARD if outward else Cut.HOMEWARD
        while chunk := await source.read(_CHUNK):
            if self._cut is blocked:
                line.lost = True
                continue
            if self.inspect is not None:
                chunk = self.inspect(line, chunk, outward)
            if chunk:
                to.write(chunk)
                await to.drain()
        if to.can_write_eof() and not to.is_closing():
            to.write_eof()


class Proxies:
    """All proxies of a run, in one thread of their own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.all: dict[str, Proxy] = {}

    def open(self, name: str, target: int) -> Proxy:
        """A proxy before the port `target`."""
        proxy = Proxy(self._loop, target, name)
        listening: Future[None] = asyncio.run_coroutine_threadsafe(proxy.listen(), self._loop)
        listening.result()
        self.all[name] = proxy
        return proxy

    async def close(self) -> None:
        """In the loop: end them all, and give their lines a moment to notice."""
        for proxy in self.all.values():
            proxy.close()
        await asyncio.sleep(_NOTICE_S)


@contextmanager
def proxies() -> Iterator[Proxies]:
    """A room for proxies, in a thread of their own; they end with the block."""
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # Broken lines are what they are for.
    thread = threading.Thread(target=loop.run_forever, name="proxies")
    thread.start()
    room = Proxies(loop)
    try:
        yield room
    finally:
        asyncio.run_coroutine_threadsafe(room.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
