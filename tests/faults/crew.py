"""The processes of the product: brought to life by the zygote, and again after each death."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_START_S = 60.0
_GRACE_S = 20.0
_HOUSE = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Seat:
    """A place for one process: which service, which process, and which of several."""

    service: str
    process: str
    number: int = 1

    @classmethod
    def of(cls, who: str, number: int = 1) -> "Seat":
        """The seat of SERVICE.PROCESS."""
        service, _, process = who.partition(".")
        return cls(service, process, number)

    @property
    def who(self) -> str:
        return f"{self.service}.{self.process}"

    def __str__(self) -> str:
        return f"{self.who}-{self.number}"


@dataclass
class Crew:
    """Keeps a process alive on every seat; a death is followed by a birth after a moment."""

    zygote: subprocess.Popen[bytes]
    environment: Mapping[str, dict[str, str]]
    logs: Path
    pause_s: tuple[float, float] = (0.0, 0.6)
    deaths: int = 0
    failures: list[str] = field(default_factory=list)
    _alive: dict[Seat, int] = field(default_factory=dict)
    _unborn: set[Seat] = field(default_factory=set)
    _wanted: set[Seat] = field(default_factory=set)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _spread: random.Random = field(default_factory=random.Random)

    def seat(self, seats: Collection[Seat]) -> None:
        """Have a process on each of these seats from now on."""
        for seat in seats:
            with self._lock:
                self._wanted.add(seat)
                self._bear(seat)

    def without(self, safeguards: Sequence[str], variable: str) -> None:
        """Let everybody be born again, lacking these safeguards."""
        for environment in self.environment.values():
            environment[variable] = json.dumps(list(safeguards))
        seats = self.seats()
        self.unseat(seats, signal.SIGKILL)
        self.seat(seats)

    def unseat(self, seats: Collection[Seat], number: signal.Signals = signal.SIGTERM) -> None:
        """End the processes on these seats for good, and wait until they have ended."""
        with self._lock:
            self._wanted -= set(seats)
            for seat in seats:
                self._send(seat, signal.SIGCONT)
                self._send(seat, number)
        deadline = time.monotonic() + _GRACE_S
        while any(seat in self._alive or seat in self._unborn for seat in seats):
            if time.monotonic() > deadline or number == signal.SIGKILL:
                for seat in seats:
                    self._send(seat, signal.SIGKILL)
            time.sleep(0.02)

    def seats(self, who: str | None = None) -> list[Seat]:
        """Who should be there (of one kind)."""
        with self._lock:
            return sorted((s for s in self._wanted if who in (None, s.who)), key=str)

    def pid(self, seat: Seat) -> int | None:
        return self._alive.get(seat)

    def tell(self, seat: Seat, number: signal.Signals) -> bool:
        """Send a signal; False where nobody sits there at the moment."""
        with self._lock:
            return self._send(seat, number)

    def owner_of(self, port: int) -> Seat | None:
        """Who has opened a connection from this local port."""
        with self._lock:
            alive = dict(self._alive)
        for seat, pid in alive.items():
            try:
                connections = psutil.Process(pid).net_connections("tcp4")
            except psutil.Error:
                continue
            if any(one.laddr.port == port for one in connections):
                return seat
        return None

    def listen(self) -> None:
        """Hear of births and deaths until the zygote ends."""
        assert self.zygote.stdout is not None
        for line in self.zygote.stdout:
            told = json.loads(line)
            if "died" in told:
                self._died(told["died"], told["status"])
            elif "born" in told:
                service, process, number = told["ticket"]
                with self._lock:
                    self._alive[seat := Seat(service, process, number)] = told["born"]
                    self._unborn.discard(seat)

    def _died(self, pid: int, status: int) -> None:
        with self._lock:
            seat = next((seat for seat, its in self._alive.items() if its == pid), None)
            if seat is None:
                return
            del self._alive[seat]
            self.deaths += 1
            if status != -signal.SIGKILL and seat in self._wanted:
                self.failures.append(f"{seat} ended with {status}")
        pause_s = self._spread.uniform(*self.pause_s)
        if status not in (-signal.SIGKILL, 0):
            pause_s += 0.5
        timer = threading.Timer(pause_s, self._again, [seat])
        timer.daemon = True
        timer.start()

    def _again(self, seat: Seat) -> None:
        with self._lock:
            if seat in self._wanted:
                self._bear(seat)

    def _bear(self, seat: Seat) -> None:
        """At most one for each seat: what is ordered and not yet born counts as there."""
        if seat in self._alive or seat in self._unborn:
            return
        self._unborn.add(seat)
        order = {
            "ticket": (seat.service, seat.process, seat.number),
            "service": seat.service,
            "process": seat.process,
            "log": str(self.logs / f"{seat}.log"),
            "environment": dict(self.environment[seat.service]),
        }
        assert self.zygote.stdin is not None
        self.zygote.stdin.write(json.dumps(order).encode() + b"\n")
        self.zygote.stdin.flush()

    def _send(self, seat: Seat, number: signal.Signals) -> bool:
        pid = self._alive.get(seat)
        if pid is None:
            return False
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        return True


@contextmanager
def crew(environment: Mapping[str, dict[str, str]], logs: Path) -> Iterator[Crew]:
    """An empty crew, whose processes all end with the block."""
    with (logs / "zygote.log").open("ab") as log:
        zygote = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.zygote"],
            cwd=_HOUSE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
    assert zygote.stdin is not None
    assert zygote.stdout is not None
    if not zygote.stdout.readline():
        raise RuntimeError(f"the zygote was not born, see {logs / 'zygote.log'}")
    members = Crew(zygote, environment, logs)
    listener = threading.Thread(target=members.listen, daemon=True)
    listener.start()
    try:
        yield members
    finally:
        members.unseat(members.seats())
        zygote.stdin.close()
        zygote.wait(_GRACE_S)
        listener.join(_GRACE_S)
        zygote.stdout.close()
