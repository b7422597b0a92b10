"""The services as programs of their own, which end with this one, however it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from events.migrate import migrate, prepare
from events.testing.postgres import Urls, urls
from stack.process import Command, end, last_words, spawn, wait_until

START_S = 180.0
_STOP_S = 60.0

Running = subprocess.Popen[bytes]


def database_of(service: str, admin_url: str) -> Urls:
    """The service's own database, made and migrated."""
    prepare(admin_url, service)
    places = urls(admin_url, service)
    migrate(service, places.migrator)
    return places


@contextmanager
def program(argv: list[str], environment: Mapping[str, str], log: Path) -> Iterator[Running]:
    """A program of ours, running for the length of the block; it may be told earlier to stop."""
    command = Command(
        argv=[sys.executable, "-m", *argv],
        log=log,
        death_signal=signal.SIGTERM,
        environment={**environment, "no_proxy": _behind_no_proxy()},
    )
    process = spawn(command)
    try:
        yield process
    finally:
        end(process, (signal.SIGTERM, signal.SIGKILL), timeout_s=_STOP_S)


def _behind_no_proxy() -> str:
    """Whatever proxy the environment names, this machine's own ports are not behind it."""
    return ",".join(filter(None, (os.environ.get("no_proxy"), "127.0.0.1")))


def wait_for(url: str, log: Path) -> None:
    """Wait until the program behind the URL says that it is ready."""
    try:
        wait_until(lambda: _answers(url), what=url, timeout_s=START_S)
    except Exception as error:
        raise RuntimeError(f"{log.stem} did not start: {last_words(log)}") from error


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=10.0, trust_env=False).is_success
    except httpx.TransportError:
        return False
