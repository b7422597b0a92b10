"""Whatever ends the owner, its servers end with it and its folder goes."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import stack
from stack.process import wait_until

_GONE_S = 120


@pytest.fixture
def temporary(open_folder: Path) -> Path:
    """Where the owner makes its throw-away folder: nobody else's is in there."""
    return open_folder


@pytest.fixture
def owner(temporary: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "stack", "run"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        assert [process.stdout.readline().split("=")[0] for _ in range(2)] == [
            "KAFKA_BOOTSTRAP_SERVERS",
            "DATABASE_URL",
        ]
        yield process
    finally:
        servers = psutil.Process(process.pid).children(recursive=True) if _runs(process) else []
        process.kill()
        process.wait()
        process.stdout.close()
        _await_end(servers)


def _runs(process: subprocess.Popen[str]) -> bool:
    return process.poll() is None


def _below(owner: subprocess.Popen[str]) -> list[psutil.Process]:
    found = psutil.Process(owner.pid).children(recursive=True)
    assert {"java", "postgres"} <= {process.name() for process in found}
    return found


def _await_end(processes: list[psutil.Process]) -> None:
    wait_until(
        lambda: not any(process.is_running() for process in processes),
        what="the end of the servers",
        timeout_s=_GONE_S,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_in_good_order(
    owner: subprocess.Popen[str], temporary: Path, number: signal.Signals
) -> None:
    servers = _below(owner)
    owner.send_signal(number)
    assert owner.wait(_GONE_S) == 0
    assert not any(process.is_running() for process in servers)
    assert not list(temporary.iterdir())


def test_a_killed_owner_takes_its_servers_along_and_the_next_stack_removes_its_folder(
    owner: subprocess.Popen[str], temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    [folder] = temporary.iterdir()
    with stack.running(kafka=False):
        assert folder.exists(), "swept while its owner lives"
    servers = _below(owner)
    segments = _segments_made_by(servers)
    assert segments

    owner.kill()
    _await_end(servers)
    wait_until(
        lambda: not segments & _segments_made_by(servers),
        what="the end of the shared memory",
        timeout_s=_GONE_S,
    )
    assert folder.exists()
    with stack.running(kafka=False):
        assert not folder.exists()
    assert not list(temporary.iterdir())


def _segments_made_by(processes: list[psutil.Process]) -> set[int]:
    """System V shared memory by the pid of its maker."""
    makers = {process.pid for process in processes}
    lines = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return {int(line.split()[1]) for line in lines if int(line.split()[4]) in makers}
