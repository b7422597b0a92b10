"""`make bench`: measure, print the table, write `bench.json`."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import uvloop

import stack
from bench import hearing, letter, path, reading, storing
from bench.figures import Row, write
from bench.ground import Ground
from bench.table import show
from events.log import configure_logs
from events.process import spare_what_stays


class Measurement(NamedTuple):
    """What is measured together: the rows that it fills, and one round of it."""

    rows: Callable[[], list[Row]]
    measure: Callable[[Ground, Sequence[Row]], Awaitable[None]]


MEASUREMENTS = {
    "append": Measurement(storing.append_rows, storing.append),
    "command": Measurement(storing.command_rows, storing.command),
    "worker": Measurement(hearing.worker_rows, hearing.worker),
    "intake": Measurement(hearing.intake_rows, hearing.intake),
    "delivery": Measurement(path.delivery_rows, path.delivery),
    "latency": Measurement(path.latency_rows, path.latency),
    "replay": Measurement(reading.replay_rows, reading.replay),
    "rebuild": Measurement(reading.rebuild_rows, reading.rebuild),
    "letter": Measurement(letter.rows, letter.letter),
}


def main(argv: Sequence[str] | None = None) -> None:
    arguments = _arguments(argv)
    configure_logs("bench", "WARNING")
    spare_what_stays()
    with stack.running() as servers, tempfile.TemporaryDirectory() as folder:
        ground = Ground(servers, Path(folder), quick=arguments.quick)
        rows = measured(ground, arguments.only or list(MEASUREMENTS), arguments.rounds)
    show(rows)
    write(rows, arguments.output)


def measured(ground: Ground, names: Sequence[str], rounds: int) -> list[Row]:
    """The rows of these measurements: ours and the peer's in turn, round by round."""
    rows = {name: MEASUREMENTS[name].rows() for name in names}
    for number in range(1, rounds + 1):
        for name in names:
            print(f"bench: round {number} of {rounds}: {name}", file=sys.stderr)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_one(MEASUREMENTS[name].measure(ground, rows[name])))
    return [row for name in names for row in rows[name]]


async def _one(measuring: Awaitable[None]) -> None:
    await measuring


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the machinery beside its peers.")
    parser.add_argument("--only", action="append", choices=MEASUREMENTS, metavar="NAME")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="see that it works; no figures")
    parser.add_argument("--output", type=Path, default=Path("bench.json"))
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
