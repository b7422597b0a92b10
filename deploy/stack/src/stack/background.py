"""A stack that runs on in the background: found again by a file in its folder, ended by pid."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from stack.errors import StackError
from stack.process import wait_until

_UP_S = 600  # the first start downloads
_DOWN_S = 60


@dataclass(frozen=True)
class Owner:
    """The process that holds a stack; `born` tells it from a later one with the same pid."""

    pid: int
    born: float
    environment: Mapping[str, str]

    def is_alive(self) -> bool:
        try:
            found = psutil.Process(self.pid)
            return found.create_time() == self.born and found.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


def find(folder: Path) -> Owner | None:
    """The living owner of the stack in `folder`, once its servers serve."""
    try:
        owner = Owner(**json.loads(_state(folder).read_text()))
    except FileNotFoundError:
        return None
    return owner if owner.is_alive() else None


@contextmanager
def announced(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """While the block runs, this process is found as the owner of the stack in `folder`."""
    me = Owner(os.getpid(), psutil.Process().create_time(), environment)
    unfinished = folder / ".stack.json"
    unfinished.write_text(json.dumps(asdict(me)))
    unfinished.replace(_state(folder))
    try:
        yield
    finally:
        _state(folder).unlink(missing_ok=True)


def up(folder: Path, report: Callable[[str], None], without: Sequence[str] = ()) -> Owner:
    """Starts a background owner and waits until it serves; returns the one there is, if any."""
    if there := find(folder):
        return there
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "stack.log"
    left_out = [f"--without={name}" for name in without]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "stack", "run", "--folder", str(folder), *left_out],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        return _await_owner(folder, process, log, report)
    except BaseException:
        process.terminate()
        raise


def down(folder: Path) -> bool:
    """Ends the owner and its servers in good order; False if none was running."""
    owner = find(folder)
    if owner is None:
        return False
    process = psutil.Process(owner.pid)
    process.terminate()
    wait_until(lambda: not owner.is_alive(), what=f"end of {owner.pid}", timeout_s=_DOWN_S)
    return True


def _await_owner(
    folder: Path, process: subprocess.Popen[bytes], log: Path, report: Callable[[str], None]
) -> Owner:
    """Passes on what the owner logs until it serves; raises StackError when it gives up."""
    with log.open() as progress:

        def serves() -> bool:
            ended = process.poll() is not None
            for line in progress.read().splitlines():
                report(line)
            if ended:
                raise StackError(f"stack: not started, the log is {log}")
            return find(folder) is not None

        wait_until(serves, what=f"the stack in {folder}", timeout_s=_UP_S)
    owner = find(folder)
    assert owner is not None
    return owner


def _state(folder: Path) -> Path:
    return folder / "stack.json"
