"""Traps at named points: a process that steps into an armed one is killed there, by itself.

Arming is a file, so that a running process can be armed from outside; whoever renames the file
has stepped into the trap, so that of several processes exactly one dies.
"""

import os
import signal
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Traps:
    """The traps in one folder, as the harness sees them; `who` is SERVICE.PROCESS."""

    folder: Path

    def open(self) -> None:
        """Make the room for them, empty."""
        for place in (self._armed, self._sprung):
            place.mkdir(parents=True, exist_ok=True)
        self.disarm()

    def arm(
        self, who: str, point: str, nth: int = 1, number: signal.Signals = signal.SIGKILL
    ) -> None:
        """Kill `who`, or stop it, when it comes to the point for the nth time from now on."""
        draft = self.folder / "draft"
        draft.write_text(f"{nth} {int(number)}")
        draft.rename(self._armed / f"{who}:{point}")

    def disarm(self) -> None:
        """Take away the traps that nobody has stepped into, and forget those that were."""
        for place in (self._armed, self._sprung):
            for file in place.iterdir():
                file.unlink(missing_ok=True)

    def sprung(self) -> list[str]:
        """WHO:POINT of each process that has died in a trap."""
        return [file.name.rpartition(":")[0] for file in self._sprung.iterdir()]

    @property
    def _armed(self) -> Path:
        return self.folder / "armed"

    @property
    def _sprung(self) -> Path:
        return self.folder / "sprung"


@dataclass(slots=True)
class Prey:
    """The traps as one process sees them."""

    folder: Path
    who: str
    _passed: dict[str, int] = field(default_factory=dict)

    def is_armed(self, point: str) -> bool:
        return (self.folder / "armed" / f"{self.who}:{point}").exists()

    def passes(self, point: str) -> None:
        """Die here, if the trap is armed and it is the time for it."""
        armed = self.folder / "armed" / f"{self.who}:{point}"
        try:
            nth, number = map(int, armed.read_text().split())
        except FileNotFoundError:
            self._passed.pop(point, None)
            return
        self._passed[point] = self._passed.get(point, 0) + 1
        if self._passed[point] < nth:
            return
        try:
            armed.rename(self.folder / "sprung" / f"{self.who}:{point}:{os.getpid()}")
        except FileNotFoundError:
            return  # Another process of the same name was faster.
        os.kill(os.getpid(), number)
