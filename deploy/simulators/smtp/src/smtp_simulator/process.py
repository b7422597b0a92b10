"""Runs the server as a subprocess that ends with the program that started it."""

import json
import mailbox
import selectors
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from smtp_simulator.client import Control
from smtp_simulator.tls import TlsFiles

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30


@dataclass(frozen=True)
class RunningServer:
    """A server that answers on 127.0.0.1."""

    port: int
    maildir: Path
    control: Control
    process: subprocess.Popen[bytes]

    def messages(self) -> list[bytes]:
        """The accepted messages as they lie in the maildir, oldest first."""
        box = mailbox.Maildir(self.maildir, create=False)
        return [box.get_bytes(key) for key in sorted(box.keys())]


@contextmanager
def running(
    maildir: Path,
    *,
    port: int = 0,
    size_limit_bytes: int | None = None,
    user: str | None = None,
    password: str | None = None,
    tls: TlsFiles | None = None,
) -> Iterator[RunningServer]:
    """A server for the length of the block; it also ends when this program is killed."""
    options: dict[str, object] = {
        "--port": port,
        "--maildir": maildir,
        "--size-limit": size_limit_bytes,
        "--user": user,
        "--password": password,
    }
    if tls is not None:
        options |= {"--tls": tls.mode, "--certificate": tls.certificate, "--key": tls.key}
    arguments = [str(part) for pair in options.items() if pair[1] is not None for part in pair]
    process = subprocess.Popen(
        [sys.executable, "-m", "smtp_simulator", "--with-parent", *arguments],
        stdin=subprocess.PIPE,  # its end tells the server that we are gone
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        ready = _ready_line(process.stdout)
        with Control(ready["control_port"]) as control:
            yield RunningServer(ready["port"], maildir, control, process)
    finally:
        _stop(process)


def _ready_line(stdout: IO[bytes]) -> dict[str, int]:
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        if not selector.select(START_TIMEOUT_S):
            raise TimeoutError("the SMTP simulator did not get ready")
    line = stdout.readline()
    if not line:
        raise RuntimeError("the SMTP simulator ended before it was ready")
    ready: dict[str, int] = json.loads(line)
    return ready


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
