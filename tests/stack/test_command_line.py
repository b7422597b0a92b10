"""python -m stack up, status and down: a background owner with durable data."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest

from stack import background
from stack.process import wait_until


@pytest.fixture
def folder(open_folder: Path) -> Path:
    return open_folder / "stack"


def _stack(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stack", *arguments, "--folder", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def _up(folder: Path) -> str:
    done = _stack("up", "--without=kafka", folder=folder)
    assert done.returncode == 0, done.stderr
    assert "postgresql: ready" in done.stderr
    name, _, url = done.stdout.strip().partition("=")
    assert name == "DATABASE_URL"
    return url


def test_up_serves_in_the_background_until_down_and_keeps_the_data(folder: Path) -> None:
    with psycopg.connect(_up(folder)) as session:
        session.execute("CREATE TABLE posted AS SELECT 1 AS letter")
    assert _stack("status", folder=folder).stdout.startswith("DATABASE_URL=")
    owner = background.find(folder)
    assert owner is not None
    assert _stack("up", folder=folder).returncode == 0
    assert background.find(folder) == owner
    servers = psutil.Process(owner.pid).children(recursive=True)

    assert _stack("down", folder=folder).returncode == 0
    assert not any(process.is_running() for process in servers)
    assert _stack("status", folder=folder).returncode == 3

    with psycopg.connect(_up(folder)) as session:
        assert session.execute("SELECT letter FROM posted").fetchone() == (1,)
    assert _stack("down", folder=folder).returncode == 0


def test_after_a_killed_owner_the_folder_is_free_and_complete(folder: Path) -> None:
    with psycopg.connect(_up(folder)) as session:
        session.execute("CREATE TABLE posted AS SELECT 1 AS letter")
    owner = background.find(folder)
    assert owner is not None
    os.kill(owner.pid, signal.SIGKILL)
    wait_until(lambda: not owner.is_alive(), what="the owner's end", timeout_s=60)
    assert _stack("status", folder=folder).returncode == 3
    with psycopg.connect(_up(folder)) as session:
        assert session.execute("SELECT letter FROM posted").fetchone() == (1,)
    assert _stack("down", folder=folder).returncode == 0


def test_down_leaves_a_stranger_with_the_same_pid_alone(folder: Path) -> None:
    folder.mkdir()
    with background.announced(folder, {}):
        state = folder / "stack.json"
        state.write_text(state.read_text().replace('"born": 1', '"born": 2'))
        assert background.find(folder) is None
        assert "was not running" in _stack("down", folder=folder).stderr


def test_what_is_missing_is_said_in_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACK", "podman")
    done = _stack("up", folder=folder)
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert first == "STACK is 'podman'; it may be docker or packages"
    assert second == f"stack: not started, the log is {folder / 'stack.log'}"
