"""Waking up without polling: who waits for work is told when somebody has committed some.

NOTIFY inside a transaction serialises commits, so it goes out afterwards, on a connection of its
own, at most once in three milliseconds per channel. A notice may be lost; every waiter has a
time-out as a net.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import psycopg
import structlog
from psycopg import sql

from events.database import TRANSIENT

_PAUSE_S = 0.003
_RECONNECT_S = 1.0
_OPTIONS = "-c synchronous_commit=off"

_Work = Callable[[psycopg.AsyncConnection], Awaitable[None]]

log = structlog.get_logger()


class Wake:
    """Channels by name, within this process and between the processes of one service."""

    def __init__(self, url: str, channels: Iterable[str]) -> None:
        self._url = url
        self._events = {channel: asyncio.Event() for channel in channels}
        self._to_tell: set[str] = set()
        self._something_to_tell = asyncio.Event()

    def tell(self, *channels: str) -> None:
        """Wake those who wait for any of these; call it after the commit, never inside."""
        for channel in channels:
            self._events[channel].set()
        self._to_tell.update(channels)
        self._something_to_tell.set()

    async def wait(self, channel: str, timeout_s: float) -> None:
        """Wait until the channel is told, or for the given time."""
        event = self._events[channel]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), timeout_s)
        event.clear()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Pass notices on between processes until the context ends."""
        tasks = [asyncio.create_task(self._keep(work)) for work in (self._listen, self._notify)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, work: _Work) -> None:
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True, options=_OPTIONS
                )
                async with connection:
                    await work(connection)
            except TRANSIENT as error:
                log.warning("wake.reconnecting", error=type(error).__name__)
                await asyncio.sleep(_RECONNECT_S)

    async def _listen(self, connection: psycopg.AsyncConnection) -> None:
        for channel in self._events:
            await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
        for event in self._events.values():
            event.set()  # Something may have been told while nobody listened.
        async for notice in connection.notifies():
            self._events[notice.channel].set()

    async def _notify(self, connection: psycopg.AsyncConnection) -> None:
        while True:
            await self._something_to_tell.wait()
            self._something_to_tell.clear()
            channels, self._to_tell = self._to_tell, set()
            for channel in channels:
                await connection.execute("select pg_notify(%s, '')", (channel,))
            await asyncio.sleep(_PAUSE_S)
