"""python -m stack {run|up|down|status}: the local servers from the command line."""

import argparse
import signal
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from stack import background
from stack.errors import StackError
from stack.running import running, to_stderr

_NOT_RUNNING = 3  # as the init scripts of the Linux Standard Base say it


def main() -> int:
    arguments = _parser().parse_args()
    try:
        match arguments.command:
            case "run":
                return _run(arguments.folder, arguments.without)
            case "up":
                folder = arguments.folder.absolute()
                _print(background.up(folder, to_stderr, arguments.without).environment)
                return 0
            case "down":
                was_running = background.down(arguments.folder.absolute())
                to_stderr("stack: stopped" if was_running else "stack: was not running")
                return 0
            case _:
                return _status(arguments.folder.absolute())
    except StackError as error:
        to_stderr(str(error))
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run(folder: Path | None, without: list[str]) -> int:
    """In the foreground until SIGINT, SIGTERM or SIGHUP; then everything is stopped."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    with ExitStack() as stack:
        servers = stack.enter_context(
            running(kafka="kafka" not in without, postgres="postgres" not in without, folder=folder)
        )
        if folder is not None:
            stack.enter_context(background.announced(folder.absolute(), servers.environment()))
        _print(servers.environment())
        try:
            while True:
                signal.pause()
        except KeyboardInterrupt:
            return 0


def _status(folder: Path) -> int:
    owner = background.find(folder)
    if owner is None:
        to_stderr("stack: not running")
        return _NOT_RUNNING
    _print(owner.environment)
    return 0


def _print(environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        print(f"{name}={value}", flush=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="serve in the foreground until a signal")
    up = commands.add_parser("up", help="serve in the background")
    down = commands.add_parser("down", help="end what `up` started")
    status = commands.add_parser("status", help="print where the servers are")
    run.add_argument("--folder", type=Path, help="durable data; without it, thrown away")
    for command in (up, down, status):
        command.add_argument(
            "--folder", type=Path, default=Path("var/stack"), help="default: %(default)s"
        )
    for command in (run, up):
        command.add_argument(
            "--without", action="append", default=[], choices=("kafka", "postgres")
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
