"""The client of the control port, for tests, demos and people at a prompt."""

import socket
from types import TracebackType
from typing import Self

from smtp_simulator.commands import Answer, Command, LimitSize, Misbehave, Report, Reset
from smtp_simulator.faults import Delay, Drop, Hang, Phase, Reply

TIMEOUT_S = 60


class Control:
    """Tells a running server what to do wrong. Blocking; not for several threads at once."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._socket = socket.create_connection((host, port), TIMEOUT_S)
        self._lines = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def reply(self, phase: Phase, line: str, *, times: int | None = None) -> None:
        """Answers with `line` in this phase; a 421, and any early answer, ends the connection."""
        self._tell(Misbehave(fault=Reply(phase=phase, line=line, times=times)))

    def drop(self, phase: Phase, *, stored: bool = True, times: int | None = None) -> None:
        """Cuts the connection; in phase END after storing the message, or without."""
        self._tell(Misbehave(fault=Drop(phase=phase, stored=stored, times=times)))

    def hang(self, phase: Phase, *, stored: bool = True, times: int | None = None) -> None:
        """Stays silent; in phase END after storing the message, or without."""
        self._tell(Misbehave(fault=Hang(phase=phase, stored=stored, times=times)))

    def delay(self, phase: Phase, delay_s: float, *, times: int | None = None) -> None:
        """Does what is right, but late."""
        self._tell(Misbehave(fault=Delay(phase=phase, delay_s=delay_s, times=times)))

    def limit_size(self, size_limit_bytes: int | None) -> None:
        """Announces and enforces this SIZE from the next connection on."""
        self._tell(LimitSize(size_limit_bytes=size_limit_bytes))

    def reset(self) -> None:
        """Clears faults and counts; neither the SIZE nor the maildir."""
        self._tell(Reset())

    def reached(self, phase: Phase) -> int:
        """How often clients have come to this phase since the start or the last reset."""
        return self._tell(Report()).reached.get(phase, 0)

    def _tell(self, command: Command) -> Answer:
        """Raises ValueError where the server does not understand."""
        self._socket.sendall(command.model_dump_json().encode() + b"\n")
        line = self._lines.readline()
        if not line:
            raise ConnectionError("the SMTP simulator closed its control port")
        answer = Answer.model_validate_json(line)
        if answer.error is not None:
            raise ValueError(answer.error)
        return answer
