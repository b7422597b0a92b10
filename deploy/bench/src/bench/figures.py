"""What a measurement yields, what was to be reached, and the file that tells both."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Run:
    """How one side fared: the figure, and the CPU time per unit by program, in microseconds."""

    figure: float
    cpu_us: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Goal:
    """What architecture.md asks for: at least `least`, or at most `most`, of `of`.

    `of` is "ours", or "ratio": ours by the peer's figure.
    """

    of: str = "ours"
    least: float = 0.0
    most: float = float("inf")

    def met(self, ours: float, ratio: float | None) -> bool | None:
        """None where there is nothing to compare with, or nothing was asked for."""
        value = ours if self.of == "ours" else ratio
        if value is None or not str(self):
            return None
        return self.least <= value <= self.most

    def __str__(self) -> str:
        times = " × peer" if self.of == "ratio" else ""
        if self.least:
            return f"≥ {self.least:,g}{times}"
        return f"≤ {self.most:,g}{times}" if self.most != float("inf") else ""


@dataclass(slots=True)
class Row:
    """One line of the table: all rounds of one figure."""

    name: str
    unit: str
    goal: Goal
    peer_name: str | None = None
    ours: list[Run] = field(default_factory=list)
    peer: list[Run] = field(default_factory=list)

    def add(self, ours: Run, peer: Run | None = None) -> None:
        self.ours.append(ours)
        if peer is not None:
            self.peer.append(peer)

    def summary(self) -> Mapping[str, Any]:
        """As `bench.json` has it. The ratio is the median of the rounds' ratios."""
        ratios = [a.figure / b.figure for a, b in zip(self.ours, self.peer, strict=False)]
        ours = _median(self.ours)
        ratio = statistics.median(ratios) if ratios else None
        return {
            "ours": ours,
            "peer": _median(self.peer) if self.peer else None,
            "ratio": ratio,
            "unit": self.unit,
            "rounds": [run.figure for run in self.ours],
            "peer_rounds": [run.figure for run in self.peer],
            "peer_name": self.peer_name,
            "goal": str(self.goal),
            "met": self.goal.met(ours, ratio),
            "cpu_us": _cpu(self.ours),
            "peer_cpu_us": _cpu(self.peer),
        }


def write(rows: Sequence[Row], path: Path) -> None:
    """Write `bench.json`; figures of rows that were not measured now are kept."""
    known = json.loads(path.read_text()) if path.exists() else {}
    known |= {row.name: row.summary() for row in rows}
    path.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")


def _median(runs: Sequence[Run]) -> float:
    return statistics.median(run.figure for run in runs)


def _cpu(runs: Sequence[Run]) -> Mapping[str, float]:
    names = runs[0].cpu_us if runs else ()
    return {name: statistics.median(run.cpu_us[name] for run in runs) for name in names}
