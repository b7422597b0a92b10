"""One worker process as its Workshop sees it: opened, given jobs, closed."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import TypeVar

from documents.jobs import Broken, Job, Outcome

T = TypeVar("T")

_OPENING_TIMEOUT_S = 60.0


class Bench:
    """A place for one job at a time. Once a job ended Broken it is of no use and to be closed."""

    def __init__(self, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection | None = None
        self._ready = False
        # All talk with the worker blocks, and so happens in this one thread, in order.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="bench")

    def open(self) -> Connection:
        """Start the worker, once; it gets ready by itself. Raises OSError."""
        if self._line is None:
            ours, theirs = socket.socketpair()
            with theirs:
                self._process = _start(theirs.fileno(), self._memory_bytes)
            self._line = Connection(ours.detach())
        return self._line

    async def do(self, job: Job, timeout_s: float) -> Outcome:
        """Have it done. The time runs from when the worker is ready.

        Raises OSError where no worker can be started, which is not the job's fault.
        """
        line = self.open()
        try:
            if not self._ready:
                async with asyncio.timeout(_OPENING_TIMEOUT_S):
                    await self._talk(line.recv)
                self._ready = True
            async with asyncio.timeout(timeout_s):
                await self._talk(lambda: line.send(job))
                outcome: Outcome = await self._talk(line.recv)
        except TimeoutError:
            return Broken("timeout")
        except Exception as error:  # noqa: BLE001 - a dead worker, or nonsense from a dying one
            return Broken("crash", type(error).__name__)
        return outcome

    def close(self) -> None:
        """End the worker, even in mid-job; whoever waits for it hears of a crash. Never waits."""
        if self._process is not None:
            self._process.kill()
        self._thread.submit(self._clear_away)
        self._thread.shutdown(wait=False)

    async def _talk(self, say: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, say)

    def _clear_away(self) -> None:
        """Leave neither a zombie nor an open line."""
        if self._process is not None:
            self._process.wait()
        if self._line is not None:
            self._line.close()


def _start(line: int, memory_bytes: int) -> subprocess.Popen[bytes]:
    figures = map(str, (line, os.getpid(), memory_bytes))
    return subprocess.Popen(  # noqa: S603 - our own program and numbers
        [sys.executable, "-m", "documents.workbench", *figures],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[line],
    )
