"""Server processes: started so that they die with their owner, ended within a bounded time."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from threading import Event

from stack.accounts import Account
from stack.errors import StackError

_LAUNCH = str(Path(__file__).with_name("launch.py"))
_POLL_S = 0.02


@dataclass(frozen=True)
class Command:
    """A program to run: `death_signal` is what it gets from the kernel when its owner dies.

    `environment` is added to ours.
    """

    argv: Sequence[str]
    log: Path
    death_signal: signal.Signals
    account: Account | None = None
    keep_fds: tuple[int, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def with_arguments(self, *more: str) -> "Command":
        return replace(self, argv=[*self.argv, *more])


def spawn(command: Command) -> subprocess.Popen[bytes]:
    """Starts the program in a session of its own, its output appended to `command.log`."""
    return _starter(os.getpid()).submit(_spawn, command).result()


def pid_of(process: subprocess.Popen[bytes] | None) -> int | None:
    """The process id while it runs."""
    return process.pid if process is not None and process.poll() is None else None


def run(command: Command, *, timeout_s: float) -> None:
    """Runs the program to its end; raises StackError with its last words if it fails.

    At the deadline it is killed, which is a failure too.
    """
    process = spawn(command)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout_s)
    end(process, (signal.SIGKILL,), timeout_s=5)
    if process.returncode != 0:
        name = Path(command.argv[0]).name
        raise StackError(f"{name}: exit {process.returncode}: {last_words(command.log)}")


def end(
    process: subprocess.Popen[bytes], signals: Sequence[signal.Signals], *, timeout_s: float
) -> None:
    """Sends one signal after the other until the process has ended, each given `timeout_s`."""
    for number in signals:
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            continue
    if process.poll() is None:
        raise StackError(f"process {process.pid} does not end")


def wait_until(
    condition: Callable[[], bool],
    *,
    what: str,
    timeout_s: float,
    stopping: Event | None = None,
) -> None:
    """Polls `condition`; raises StackError at the deadline or as soon as `stopping` is set."""
    stopping = stopping or Event()
    deadline = time.monotonic() + timeout_s
    while not condition():
        if stopping.wait(_POLL_S):
            raise StackError(f"{what}: interrupted")
        if time.monotonic() > deadline:
            raise StackError(f"{what}: not within {timeout_s:.0f} s")


def last_words(log: Path, lines: int = 3) -> str:
    """The end of a log as one line, for an error message."""
    said = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return " | ".join(said[-lines:]) or "it said nothing"


@cache
def _starter(_owner_pid: int) -> ThreadPoolExecutor:
    """The one thread that starts servers.

    Linux ties the parent-death signal to the *thread* that forked, so that must be one which
    lives as long as the process. A forked process has a pid, and so a thread, of its own.
    """
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="stack-starter")


def _spawn(command: Command) -> subprocess.Popen[bytes]:
    account = command.account
    uid, gid = (account.uid, account.gid) if account else (-1, -1)
    numbers = (os.getpid(), int(command.death_signal), uid, gid)
    with command.log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", _LAUNCH, *map(str, numbers), *command.argv],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={**os.environ, "LC_ALL": "C.UTF-8", **command.environment},
            pass_fds=command.keep_fds,
            start_new_session=True,
        )
