"""The folders of a stack: throw-away or durable, each locked by the stack that owns it."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from stack.accounts import Account, server_account
from stack.errors import FolderInUseError, StackError
from stack.process import wait_until

_PREFIX = "hausbote-stack-"
_SHELTER = Path("/var/lib/hausbote")
_ORPHANS_GONE_S = 60


@dataclass(frozen=True)
class Room:
    """A locked folder. Servers inherit `lock_fd`, so the lock is held until the last has gone."""

    folder: Path
    lock_fd: int
    durable: bool

    def folder_for(self, account: Account | None, name: str, shelter: Path = _SHELTER) -> Path:
        """A private folder for a server that runs as `account`.

        Where that user cannot come here (a checkout in root's home), it lies in `shelter` and a
        symbolic link here points to it: we do not loosen the rights of folders above us.
        """
        wanted = self.folder / name
        if account is None:
            wanted.mkdir(exist_ok=True)
            return wanted
        if not account.may_pass(self.folder):
            wanted = _sheltered(wanted, shelter)
        wanted.mkdir(mode=0o700, exist_ok=True)
        os.chown(wanted, account.uid, account.gid)
        return wanted


def cache_folder() -> Path:
    """Where downloads are kept: HAUSBOTE_CACHE, else the user's cache folder."""
    if named := os.environ.get("HAUSBOTE_CACHE"):
        return Path(named).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "hausbote"


@contextmanager
def throw_away_room() -> Iterator[Room]:
    """A temporary folder, removed at the end; removes those of killed owners first."""
    base = _temporary_base()
    _sweep(base)
    folder = Path(tempfile.mkdtemp(prefix="hausbote-new-", dir=base))
    if os.geteuid() == 0:
        folder.chmod(0o711)
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        # Only now does it bear a name that sweepers look for: they remove what is not locked.
        folder = folder.rename(folder.with_name(folder.name.replace("hausbote-new-", _PREFIX)))
        yield Room(folder, fd, durable=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(fd)


@contextmanager
def durable_room(folder: Path) -> Iterator[Room]:
    """`folder`, made where missing; raises FolderInUseError while another stack owns it."""
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "owner"
    fd = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _take(fd, folder)
        os.truncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield Room(folder, fd, durable=True)
    finally:
        os.close(fd)


def _take(fd: int, folder: Path) -> None:
    """Locks; the servers of a killed owner are given a moment to end."""

    def taken() -> bool:
        if _try_lock(fd):
            return True
        owner = os.pread(fd, 20, 0).strip()
        if owner and psutil.pid_exists(int(owner)):
            raise FolderInUseError(f"{folder} is in use by process {int(owner)}")
        return False

    wait_until(taken, what=f"{folder}: the servers of a killed owner", timeout_s=_ORPHANS_GONE_S)


def _sweep(base: Path) -> None:
    for left in base.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another sweeper was quicker, or it is not ours
            if left.is_symlink() or left.stat().st_uid != os.geteuid():
                continue
            fd = os.open(left, os.O_RDONLY | os.O_DIRECTORY)
            try:
                if _try_lock(fd):
                    shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(fd)


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _temporary_base() -> Path:
    account = server_account()
    for base in (tempfile.gettempdir(), "/var/tmp"):  # noqa: S108 - mkdtemp below
        if account is None or account.may_pass(Path(base)):
            return Path(base).resolve()
    raise StackError("no temporary folder that the PostgreSQL server may enter")


def _sheltered(link: Path, shelter: Path) -> Path:
    """The folder that `link` points to, or a new one: who removes the link begins afresh."""
    if not link.is_symlink():
        shelter.mkdir(parents=True, exist_ok=True, mode=0o755)
        link.symlink_to(tempfile.mkdtemp(dir=shelter, prefix="stack-"))
    return link.readlink()
