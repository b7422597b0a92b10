"""The same servers in containers, chosen with STACK=docker; needs the extra `docker`."""

import hashlib
import os

from docker.errors import DockerException  # type: ignore[import-untyped]  # no stubs
from testcontainers.core.container import DockerContainer

from stack.errors import StackError
from stack.jars import Report
from stack.kafka_settings import VERSION, one_node
from stack.ports import LOOPBACK, free_port
from stack.postgres import answers
from stack.probe import await_round_trip
from stack.process import wait_until
from stack.rooms import Room
from stack.servers import with_database

_READY_S = 120
_STOP_S = 30


class _Contained:
    """A container on a host port of our choice, so that a restart keeps its address.

    Throw-away data goes with the container; durable data lies in a named volume, because the
    images run as users of their own that could not write into a folder of ours.
    """

    def __init__(self, image: str, port: int, room: Room, volume: str) -> None:
        try:
            self._container = DockerContainer(image)
        except DockerException as error:
            raise StackError(f"docker: {error}") from None
        # No password guards it, so only this machine may connect.
        local = (LOOPBACK, port)
        self._container.ports[str(port)] = local  # type: ignore[assignment]  # Docker takes pairs
        if room.durable:
            digest = hashlib.sha256(os.fsencode(room.folder)).hexdigest()[:16]
            name = f"hausbote-{digest}{volume.replace('/', '-')}"
            self._container.with_volume_mapping(name, volume, "rw")
        self._created = False

    @property
    def pid(self) -> int | None:
        """The process id as Docker's machine counts."""
        if not self._created:
            return None
        wrapped = self._container.get_wrapped_container()
        wrapped.reload()
        return int(wrapped.attrs["State"]["Pid"]) or None

    def stop(self) -> None:
        if self._created:
            self._container.get_wrapped_container().stop(timeout=_STOP_S)

    def kill(self) -> None:
        if self.pid is not None:
            self._container.get_wrapped_container().kill()

    def close(self) -> None:
        if self._created:
            self.stop()
            self._container.stop()

    def _run(self) -> None:
        if self._created:
            self._container.get_wrapped_container().start()
        else:
            self._container.start()
            self._created = True


class DockerPostgres(_Contained):
    def __init__(self, room: Room, report: Report) -> None:
        self.host = LOOPBACK
        self.port = free_port()
        self._report = report
        super().__init__("postgres:18", self.port, room, "/var/lib/postgresql")
        self._container.with_env("POSTGRES_HOST_AUTH_METHOD", "trust")
        self._container.with_env("PGPORT", str(self.port))

    def admin_url(self) -> str:
        return f"postgresql://postgres@{self.host}:{self.port}/postgres"

    def url(self, database: str, user: str | None = None, password: str | None = None) -> str:
        return with_database(self.admin_url(), database, user, password)

    def start(self) -> None:
        self._run()
        wait_until(lambda: answers(self.admin_url()), what="postgresql", timeout_s=_READY_S)
        self._report(f"postgresql: ready on port {self.port}")


class DockerKafka(_Contained):
    def __init__(self, room: Room, report: Report) -> None:
        self._port = free_port()
        self._report = report
        logs = "/var/lib/kafka/data"
        super().__init__(f"apache/kafka:{VERSION}", self._port, room, logs)
        everywhere = "0.0.0.0"  # noqa: S104 - of the container
        settings = one_node(logs, self._port, free_port(), listen=everywhere)
        for name, value in settings.items():
            self._container.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
        self._container.with_env("KAFKA_HEAP_OPTS", "-Xmx768m")

    @property
    def bootstrap_servers(self) -> str:
        return f"{LOOPBACK}:{self._port}"

    def start(self) -> None:
        self._run()
        await_round_trip(self.bootstrap_servers, timeout_s=_READY_S)
        self._report(f"kafka: ready on port {self._port}")
