"""A real Apache Kafka on the loopback address: one KRaft node, broker and controller in one."""

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from threading import Event

from stack import jars, java, process
from stack.archive import ClassArchive
from stack.errors import StackError
from stack.kafka_settings import VERSION, one_node
from stack.ports import LOOPBACK, free_port, is_open
from stack.rooms import Room, cache_folder
from stack.storage import format_storage

_PORT_S = 180
_PROBE_S = 120
_STOP_S = 30


class LocalKafka:
    """Kafka with its logs in a room."""

    def __init__(self, room: Room, report: jars.Report, stopping: Event) -> None:
        self._port = free_port()
        self._controller_port = free_port()
        self._room = room
        self._report = report
        self._stopping = stopping
        self._log = room.folder / "kafka.log"
        self._archive: ClassArchive | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        return f"{LOOPBACK}:{self._port}"

    @property
    def pid(self) -> int | None:
        return process.pid_of(self._process)

    def start(self) -> None:
        if self.pid is not None:
            return
        cache = cache_folder() / f"kafka-{VERSION}"
        runtime = java.find(cache_folder(), self._report)
        class_path = jars.ensure(jars.pinned(), cache / "jars", self._report, self._fetch)
        properties = self._room.folder / "kafka.properties"
        logs = self._room.folder / "kafka"
        settings = one_node(str(logs), self._port, self._controller_port)
        properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        tool = self._command(runtime, class_path, ["-XX:TieredStopAtLevel=1"])
        format_storage(logs, properties, cache, tool)
        self._archive = ClassArchive(
            cache, runtime, class_path, written=self._room.folder / "classes.jsa"
        )
        self._serve(self._command(runtime, class_path, self._archive.options()), properties)

    def stop(self) -> None:
        """Controlled shutdown, then SIGKILL."""
        if self._process is None or self.pid is None:
            return
        process.end(self._process, (signal.SIGTERM, signal.SIGKILL), timeout_s=_STOP_S)
        if self._archive is not None and self._process.returncode != -signal.SIGKILL:
            self._archive.keep()

    def close(self) -> None:
        self.stop()

    def kill(self) -> None:
        if self._process is not None:
            process.end(self._process, (signal.SIGKILL,), timeout_s=_STOP_S)

    def _serve(self, java_command: process.Command, properties: Path) -> None:
        from stack.probe import await_round_trip  # slow to import

        self._process = process.spawn(java_command.with_arguments("kafka.Kafka", str(properties)))
        process.wait_until(self._listens, what="kafka", timeout_s=_PORT_S, stopping=self._stopping)
        await_round_trip(self.bootstrap_servers, timeout_s=_PROBE_S)
        self._report(f"kafka: ready on port {self._port}")

    def _fetch(self, coordinates: str) -> bytes:
        if self._stopping.is_set():
            raise StackError("kafka: interrupted")
        return jars.from_repository(coordinates)

    def _listens(self) -> bool:
        if self.pid is None:
            raise StackError(f"kafka: does not start: {process.last_words(self._log)}")
        return is_open(self._port)

    def _command(
        self, runtime: java.Java, class_path: Sequence[Path], options: Sequence[str]
    ) -> process.Command:
        memory = ["-XX:+UseSerialGC", "-Xmx768m"]
        quiet = ["-Xlog:disable", "-Xlog:all=error:stderr"]
        crash = [f"-XX:ErrorFile={self._room.folder / 'kafka-crash.log'}"]
        jar_paths = ":".join(map(str, class_path))
        return process.Command(
            [str(runtime.program), *memory, *quiet, *crash, *options, "-cp", jar_paths],
            log=self._log,
            death_signal=signal.SIGKILL,
            keep_fds=(self._room.lock_fd,),
        )
