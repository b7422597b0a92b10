"""`make faults`: many seeds, one after the other, and what came of each.

SEEDS is a number of seeds, or FIRST-LAST; SEED is one of them. With FAULTS the run goes on, however
many seeds that takes, until so many have fired.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count, takewhile
from pathlib import Path

from tests.faults.run import Runner, Verdict
from tests.faults.world import world


def main() -> int:
    """Return 0 if everything was survived."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started and mounted must go
    folder = Path(tempfile.mkdtemp(prefix="hausbote-faults-"))
    print(f"everything that happens is kept in {folder}", flush=True)
    began = time.monotonic()
    verdicts: list[Verdict] = []
    with world(folder) as everything:
        runner = Runner(everything)
        for seed in _seeds(arguments, verdicts):
            verdict = runner.run(seed)
            verdicts.append(verdict)
            for line in verdict.lines():
                print(line, flush=True)
            if arguments.verbose and not verdict.violations:
                print(*(f"    {one}" for one in verdict.fired), sep="\n", flush=True)
        for failure in everything.crew.failures:
            print(f"    by itself: {failure}")
    return _sum(verdicts, time.monotonic() - began, folder)


def _sum(verdicts: list[Verdict], took_s: float, folder: Path) -> int:
    points = Counter(one.rpartition(":")[2] for verdict in verdicts for one in verdict.fired)
    print()
    for point, times in sorted(points.items()):
        print(f"  {point:<24} {times:>5}")
    bad = [verdict.seed for verdict in verdicts if verdict.violations]
    print(
        f"{len(verdicts)} seeds, {points.total()} faults fired at {len(points)} points"
        f" in {took_s:.0f} s: {len(bad)} violated"
    )
    for seed in bad:
        print(f"  again with: make faults SEED={seed}; logs in {folder / 'logs'}")
    return 1 if bad else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seeds", default="10", help="how many, or FIRST-LAST")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--faults", type=int, help="as many seeds as it takes to fire so many")
    parser.add_argument("--verbose", action="store_true", help="name each fault")
    return parser.parse_args()


def _seeds(arguments: argparse.Namespace, verdicts: Sequence[Verdict]) -> Iterator[int]:
    """The seeds in turn; how long that goes on may depend on what has become of them."""
    if arguments.faults is not None:
        yield from takewhile(
            lambda _: sum(len(one.fired) for one in verdicts) < arguments.faults, count(1)
        )
    elif arguments.seed is not None:
        yield arguments.seed
    else:
        first, last = _range(arguments.seeds)
        yield from range(first, last + 1)


def _range(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    return (int(first), int(last)) if dash else (1, int(text))


if __name__ == "__main__":
    sys.exit(main())
