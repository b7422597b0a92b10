"""Makes the weather: breaks what is around the processes for a while, and mends it again."""

import asyncio
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from aiokafka.admin import AIOKafkaAdminClient
from tests.faults.ambush import Ambush
from tests.faults.crew import Seat
from tests.faults.pace import LEASE_S
from tests.faults.plan import Change, Weather
from tests.faults.proxy import Cut
from tests.faults.world import World

from epost_simulator.faults import Kind
from smtp_simulator import Phase

_A_WHILE_S = 1.0
_RESERVE_BYTES = 64 * 1024
_ALONE = """
select pg_terminate_backend(pid) from pg_stat_activity where datname = %s
"""
_POST = (
    Kind.DROP_BEFORE_ACCEPT,
    Kind.DROP_AFTER_ACCEPT,
    Kind.ERROR_BEFORE_ACCEPT,
    Kind.ERROR_AFTER_ACCEPT,
    Kind.GARBAGE_AFTER_ACCEPT,
    Kind.EXPIRED,
    Kind.TOO_MANY,
    Kind.HANG_AFTER_ACCEPT,
)


@dataclass
class Sky:
    """All the weather there can be; `fired` lists what really met something."""

    world: World
    fired: list[str] = field(default_factory=list)
    _one_server_at_a_time: threading.Lock = field(default_factory=threading.Lock)
    _post: Ambush = field(init=False)
    _mail: Ambush = field(init=False)

    def __post_init__(self) -> None:
        self._post = Ambush(self.world.crew, "http")
        self._mail = Ambush(self.world.crew, "smtp")
        self.world.proxies.all["epost"].inspect = self._post.inspect
        self.world.proxies.all["smtp"].inspect = self._mail.inspect

    def begin(self, changes: Iterable[Change]) -> list[threading.Thread]:
        """Let it come, each at its time; the threads end when it is over and mended."""
        threads = [threading.Thread(target=self._later, args=(change,)) for change in changes]
        for thread in threads:
            thread.start()
        return threads

    def clear_up(self) -> None:
        """What has not struck until now does not strike any more."""
        for ambush in (self._post, self._mail):
            ambush.stand_down()
        self.world.post.behave()
        self.world.mail.control.reset()

    def struck(self) -> list[str]:
        """Who was killed in mid-sentence since the last clearing up."""
        return [*self._post.struck, *self._mail.struck]

    def _later(self, change: Change) -> None:
        time.sleep(change.after_s)
        lot = random.Random(change.lot)  # noqa: S311 - chance that can be repeated, not secrecy
        if met := _MAKE[change.weather](self, lot):
            self.fired.append(f"{met}:{change.weather}")

    def kill(self, lot: random.Random) -> str | None:
        seat = self._somebody(lot)
        return str(seat) if self.world.crew.tell(seat, signal.SIGKILL) else None

    def freeze(self, lot: random.Random) -> str | None:
        """Longer than a lease lasts: who wakes up holds nothing any more."""
        seat = self._somebody(lot)
        pid = self.world.crew.pid(seat)
        if pid is None or not self.world.crew.tell(seat, signal.SIGSTOP):
            return None
        time.sleep(LEASE_S + 1.0)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
        return str(seat)

    def kill_postgres(self, _: random.Random) -> str | None:
        with self._one_server_at_a_time:
            self.world.servers.postgres.kill()
            self.world.servers.postgres.start()
        return "postgres"

    def kill_kafka(self, _: random.Random) -> str | None:
        with self._one_server_at_a_time:
            self.world.servers.kafka.kill()
            self.world.servers.kafka.start()
        return "kafka"

    def cut(self, lot: random.Random, what: Cut) -> str | None:
        name = lot.choice(sorted(self.world.proxies.all))
        proxy = self.world.proxies.all[name]
        met = proxy.cut(what)
        time.sleep(_A_WHILE_S)
        proxy.cut(Cut.NOTHING)
        return name if met else None

    def let_post_misbehave(self, lot: random.Random) -> str | None:
        kind = lot.choice(_POST)
        self.world.post.misbehave(kind, times=1, seconds=1.0)
        before = self.world.post.waiting_faults()
        self._wait(lambda: self.world.post.waiting_faults() < before)
        return f"post-{kind.value}" if self.world.post.waiting_faults() < before else None

    def let_mail_misbehave(self, lot: random.Random) -> str | None:
        phase = lot.choice([Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.CONTENT, Phase.END])
        control = self.world.mail.control
        with self._one_server_at_a_time:
            before = control.reached(phase)
            if lot.random() < 0.5:
                control.drop(phase, times=1, stored=lot.random() < 0.5)
            else:
                control.reply(phase, "451 4.3.0 try again later", times=1)
            self._wait(lambda: control.reached(phase) > before)
            return f"mail-{phase}" if control.reached(phase) > before else None

    def ambush(self, lot: random.Random, *, answers: bool) -> str | None:
        ambush = lot.choice([self._post, self._mail])
        if answers:
            ambush.answers += 1
        else:
            ambush.requests += 1
        return None  # It is counted when it has struck.

    def move_clock(self, lot: random.Random, wrong_s: float) -> str | None:
        service = lot.choice(["contacts", "outbox", "delivery_epost", "delivery_mail"])
        self.world.clock(service, wrong_s)
        time.sleep(2 * _A_WHILE_S)
        self.world.clock(service, 0)
        return service

    def fill(self, disk: str) -> str | None:
        place = self.world.small_disks.get(disk)
        if place is None:
            return None
        with self._one_server_at_a_time, _filled(place):
            time.sleep(_A_WHILE_S)
        if disk == "database":
            self._mend_servers()
        return disk

    def lose_offsets(self, lot: random.Random) -> str | None:
        service = lot.choice(["outbox", "delivery_epost", "delivery_mail"])
        seats = self.world.crew.seats(f"{service}.intake")
        self.world.crew.unseat(seats, signal.SIGKILL)
        try:
            lost = asyncio.run(_forget_group(self.world.kafka, service.replace("_", "-")))
        finally:
            self.world.crew.seat(seats)
        return service if lost else None

    def restore(self, lot: random.Random) -> str | None:
        """A channel's database as it was some seconds ago; its epoch is raised, as operators do."""
        service = lot.choice(["delivery_epost", "delivery_mail"])
        backup = f"{service}_backup"
        with self._one_server_at_a_time:
            self._without_processes(service, [f"create database {backup} template {service}"])
            time.sleep(lot.uniform(1.0, 3.0))
            swap = [f"drop database {service}", f"alter database {backup} rename to {service}"]
            self._without_processes(service, swap, raise_epoch=True)
        return service

    def _without_processes(
        self, service: str, statements: Sequence[str], *, raise_epoch: bool = False
    ) -> None:
        """Do this to a database that nobody uses meanwhile."""
        crew = self.world.crew
        seats = [seat for seat in crew.seats() if seat.service == service]
        crew.unseat(seats, signal.SIGKILL)
        admin = self.world.servers.postgres.admin_url()
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(_ALONE, (service,))
            for statement in statements:
                connection.execute(statement.encode())
        if raise_epoch:
            environment = crew.environment[service]
            name = f"{service}_stream_epoch".upper()
            environment[name] = str(int(environment.get(name, "1")) + 1)
        crew.seat(seats)

    def _mend_servers(self) -> None:
        """A server that found no room has died of it: somebody makes room and starts it again."""
        with self._one_server_at_a_time:
            for server in (self.world.servers.postgres, self.world.servers.kafka):
                time.sleep(0.2)
                if server.pid is None:
                    server.start()

    def _somebody(self, lot: random.Random) -> Seat:
        return lot.choice(self.world.crew.seats())

    def _wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 3.0
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.05)


_MAKE: Mapping[Weather, Callable[[Sky, random.Random], str | None]] = {
    Weather.KILLED: Sky.kill,
    Weather.FROZEN: Sky.freeze,
    Weather.POSTGRES_KILLED: Sky.kill_postgres,
    Weather.KAFKA_KILLED: Sky.kill_kafka,
    Weather.CUT_BOTH: lambda sky, lot: sky.cut(lot, Cut.BOTH),
    Weather.CUT_OUTWARD: lambda sky, lot: sky.cut(lot, Cut.OUTWARD),
    Weather.CUT_HOMEWARD: lambda sky, lot: sky.cut(lot, Cut.HOMEWARD),
    Weather.POST_MISBEHAVES: Sky.let_post_misbehave,
    Weather.MAIL_MISBEHAVES: Sky.let_mail_misbehave,
    Weather.MID_REQUEST: lambda sky, lot: sky.ambush(lot, answers=False),
    Weather.ANSWER_KILLED: lambda sky, lot: sky.ambush(lot, answers=True),
    Weather.CLOCK_AHEAD: lambda sky, lot: sky.move_clock(lot, 3600.0),
    Weather.CLOCK_BEHIND: lambda sky, lot: sky.move_clock(lot, -3600.0),
    Weather.DOCUMENTS_FULL: lambda sky, _: sky.fill("documents"),
    Weather.DATABASE_FULL: lambda sky, _: sky.fill("database"),
    Weather.OFFSETS_LOST: Sky.lose_offsets,
    Weather.RESTORED: Sky.restore,
}


@contextmanager
def _filled(place: Path) -> Iterator[None]:
    """Leave no room on this file system for the length of the block."""
    ballast = place / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            chunk = bytes(1024 * 1024)
            while True:
                file.write(chunk)
        yield
    finally:
        ballast.unlink(missing_ok=True)


async def _forget_group(bootstrap_servers: str, group: str) -> bool:
    """Delete what Kafka remembers of a group; possible only when its members are missed."""
    from aiokafka.protocol.admin import DeleteGroupsRequest

    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        coordinator = await admin.find_coordinator(group)
        for _ in range(50):
            answer = await admin._send_request(DeleteGroupsRequest([group]), coordinator)
            if all(code == 0 for _, code in answer.results):
                return True
            await asyncio.sleep(0.2)
        return False
    finally:
        await admin.close()
