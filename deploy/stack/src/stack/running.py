"""Starts the servers a caller needs and ends them with the block."""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import TypeVar

from stack.errors import StackError
from stack.jars import Report
from stack.kafka import LocalKafka
from stack.named import named_kafka, named_postgres
from stack.postgres import LocalPostgres
from stack.rooms import Room, durable_room, throw_away_room
from stack.servers import KafkaServer, OwnServer, PostgresServer, Servers

_Own = TypeVar("_Own", bound=OwnServer)


def to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@contextmanager
def running(
    *,
    kafka: bool = True,
    postgres: bool = True,
    folder: Path | None = None,
    report: Report = to_stderr,
) -> Iterator[Servers]:
    """The servers asked for, serving; blocks until they do. Raises StackError.

    What KAFKA_BOOTSTRAP_SERVERS and DATABASE_URL name is used as it is. The rest is started, with
    throw-away data or, given a `folder`, with data that outlives the block.
    """
    with ExitStack() as stack:
        room = stack.enter_context(throw_away_room() if folder is None else durable_room(folder))
        own = _OwnServers(room, report)
        servers = Servers(
            postgres_server=named_postgres() or own.postgres() if postgres else None,
            kafka_server=named_kafka() or own.kafka() if kafka else None,
        )
        for server in own.servers:
            stack.callback(server.close)
        own.start()
        yield servers


@dataclass
class _OwnServers:
    """The servers that we start and end: from packages, or in containers with STACK=docker."""

    room: Room
    report: Report
    stopping: Event = field(default_factory=Event)
    servers: list[OwnServer] = field(default_factory=list)

    def postgres(self) -> PostgresServer:
        if _wants_docker():
            from stack.containers import DockerPostgres

            return self._own(DockerPostgres(self.room, self.report))
        return self._own(LocalPostgres(self.room, self.report, self.stopping))

    def kafka(self) -> KafkaServer:
        if _wants_docker():
            from stack.containers import DockerKafka

            return self._own(DockerKafka(self.room, self.report))
        return self._own(LocalKafka(self.room, self.report, self.stopping))

    def _own(self, server: _Own) -> _Own:
        self.servers.append(server)
        return server

    def start(self) -> None:
        """All at once; the first failure, or an interrupt, ends the waiting of the others."""
        with ThreadPoolExecutor(thread_name_prefix="stack") as pool:
            try:
                for future in [pool.submit(server.start) for server in self.servers]:
                    future.result()
            except BaseException:
                self.stopping.set()
                raise


def _wants_docker() -> bool:
    match os.environ.get("STACK", "packages"):
        case "docker":
            if find_spec("testcontainers") is None:
                raise StackError("STACK=docker needs the package testcontainers")
            return True
        case "packages":
            return False
        case other:
            raise StackError(f"STACK is {other!r}; it may be docker or packages")
