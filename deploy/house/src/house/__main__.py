"""The command line of the house: `python -m house spec` and `python -m house lines`."""

import argparse
import signal
import sys
from pathlib import Path


def main() -> int:
    """Run one program over the repository; the result is the exit code."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # A reader may stop after the first page.
    parser = argparse.ArgumentParser(prog="house", description=__doc__)
    parser.add_argument("program", choices=("spec", "lines"))
    parser.add_argument("--root", type=Path, default=Path(), help="the repository (here)")
    arguments = parser.parse_args()
    match arguments.program:
        case "spec":
            return _spec(arguments.root)
        case _:
            return _lines(arguments.root)


def _spec(root: Path) -> int:
    from house.spec import read_coverage, report

    coverage = read_coverage(root)
    print("\n".join(report(coverage)))
    return 0 if coverage.is_sound else 1


def _lines(root: Path) -> int:
    from rich.console import Console

    from house.lines import rows, table

    Console().print(table(rows(root)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
