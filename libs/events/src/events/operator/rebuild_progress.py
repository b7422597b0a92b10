"""How far a rebuild is, for people: a bar in a terminal, lines in a log."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from events.rebuild.run import Progress, Report

_LINE_EVERY_S = 5.0


@contextmanager
def shown() -> Iterator[Report]:
    """A bar in a terminal, else a line from time to time."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines().show
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("events, {task.fields[rate]:.0f} a second"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console) as bar:
        task = bar.add_task("beginning", total=None, rate=0.0)
        pace = _Pace()

        def show(progress: Progress) -> None:
            rate = pace.rate(progress.done)
            step, done, total = progress.step, progress.done, progress.total
            bar.update(task, description=step, completed=done, total=total, rate=rate)

        yield show


@dataclass(slots=True)
class _Pace:
    """Events a second since the first report."""

    first: tuple[float, int] | None = None

    def rate(self, done: int) -> float:
        now = time.monotonic()
        self.first = self.first or (now, done)
        since, before = self.first
        return (done - before) / (now - since) if now > since else 0.0


@dataclass(slots=True)
class _Lines:
    """Progress for a log."""

    pace: _Pace = field(default_factory=_Pace)
    step: str = ""
    said_at: float = 0.0

    def show(self, progress: Progress) -> None:
        now, rate = time.monotonic(), self.pace.rate(progress.done)
        if progress.step == self.step and now - self.said_at < _LINE_EVERY_S:
            return
        self.step, self.said_at = progress.step, now
        left = f", {(progress.total - progress.done) / rate:.0f} s left" if rate else ""
        print(
            f"{progress.step}: {progress.done} of {progress.total} events,"
            f" {rate:.0f} a second{left}",
            file=sys.stderr,
            flush=True,
        )
