"""Kills who talks to the provider in mid-sentence: while a request or its answer is on its way."""

import signal
import threading
from dataclasses import dataclass, field

from tests.faults.crew import Crew
from tests.faults.plan import Weather
from tests.faults.proxy import Line

_HTTP = b"POST /api/Letter HTTP/1.1"
_SMTP = b"354 "
_DOT = b"\r\n.\r\n"


@dataclass(slots=True)
class Ambush:
    """Sits in a proxy; strikes as often as it was told to, then lets everything pass."""

    crew: Crew
    protocol: str
    requests: int = 0
    answers: int = 0
    struck: list[str] = field(default_factory=list)
    """WHO:POINT of each who was killed."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def inspect(self, line: Line, chunk: bytes, outward: bool) -> bytes:
        """What passes on; a request in the middle ends where it is cut."""
        if not (self.requests or self.answers):
            return chunk
        if outward:
            return self._going_out(line, chunk)
        return self._coming_home(line, chunk)

    def stand_down(self) -> None:
        self.requests = self.answers = 0
        self.struck.clear()

    def _going_out(self, line: Line, chunk: bytes) -> bytes:
        begins = _HTTP in chunk if self.protocol == "http" else "invited" in line.memory
        if begins and self.requests and self._strike(line, Weather.MID_REQUEST):
            self.requests -= 1
            return chunk[: len(chunk) // 2]
        if self.protocol == "http":
            if _HTTP in chunk:
                line.memory["asked"] = b""
        elif "invited" in line.memory:
            tail = line.memory["invited"] = (line.memory["invited"] + chunk)[-len(_DOT) :]
            if tail == _DOT:
                line.memory["asked"] = b""
                del line.memory["invited"]
        return chunk

    def _coming_home(self, line: Line, chunk: bytes) -> bytes:
        if self.protocol == "smtp" and chunk.startswith(_SMTP):
            line.memory["invited"] = b""
        elif "asked" in line.memory and self.answers and self._strike(line, Weather.ANSWER_KILLED):
            self.answers -= 1
            return b""
        else:
            line.memory.pop("asked", None)
        return chunk

    def _strike(self, line: Line, point: Weather) -> bool:
        seat = self.crew.owner_of(line.client_port)
        if seat is None or not self.crew.tell(seat, signal.SIGKILL):
            return False
        self.struck.append(f"{seat}:{point}")
        return True
