"""Where it is measured: the servers, the sizes, a database for each run, and who burns CPU."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

import stack
from bench.figures import Run
from events.contracts import published
from events.contracts.topics import TOPICS
from events.keyring import Keyring
from events.recording import Origin
from events.testing.keys import random_keks
from events.testing.postgres import Urls, fresh_database


@dataclass(frozen=True, slots=True)
class Ground:
    """What every measurement stands on. `quick` is for seeing that it works, not for figures."""

    servers: stack.Servers
    folder: Path
    quick: bool = False
    keks: str = field(default_factory=random_keks)

    @property
    def keyring(self) -> Keyring:
        return Keyring.from_text(self.keks)

    def size(self, full: int) -> int:
        """How much to measure with: a little of it where it is to be quick."""
        return max(full // 100, 20) if self.quick else full

    def seconds(self, full: float) -> float:
        return full / 20 if self.quick else full

    @contextmanager
    def database(self, package: str | None = None) -> Iterator[Urls]:
        """A database of its own, with the tables of a service or the machinery's alone."""
        with fresh_database(self.servers.postgres.admin_url(), package) as urls:
            yield urls

    def settle(self) -> None:
        """Let nothing of the run before be written during the next one."""
        with psycopg.connect(self.servers.postgres.admin_url(), autocommit=True) as connection:
            connection.execute("checkpoint")


def origin(source: str) -> Origin:
    return Origin(source, 1, published, TOPICS)


@dataclass(slots=True)
class Meter:
    """Measures time, and CPU time by program; `programs` are processes of ours beside this one."""

    ground: Ground
    programs: Sequence[int] = ()
    seconds: float = 0.0
    cpu_s: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def running(self) -> Iterator[None]:
        cpu, began = self._cpu(), time.perf_counter()
        yield
        self.seconds = time.perf_counter() - began
        self.cpu_s = {name: used - cpu[name] for name, used in self._cpu().items()}

    def rate(self, count: int) -> Run:
        """So many things within the time that was measured."""
        return Run(count / self.seconds, self.cost(count))

    def cost(self, count: int) -> dict[str, float]:
        """Microseconds of CPU for each of so many."""
        return {name: used / count * 1e6 for name, used in self.cpu_s.items()}

    def _cpu(self) -> dict[str, float]:
        servers = self.ground.servers
        cpu = {"Python": time.process_time() + sum(_used(pid) for pid in self.programs)}
        # Named servers may be anywhere; only our own can be looked at.
        for name, server in (
            ("PostgreSQL", servers.postgres_server),
            ("Kafka", servers.kafka_server),
        ):
            pid = getattr(server, "pid", None)
            if pid is not None:
                cpu[name] = _used(pid)
        return cpu


def _used(pid: int) -> float:
    """CPU seconds of a process and its children, those included that have ended."""
    process = psutil.Process(pid)
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total
