"""Start the simulator as a process of its own and stop it again."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from epost_simulator.control import Control

_STOP_S = 10.0


@contextmanager
def running(folder: Path, **options: str | float) -> Iterator[Control]:
    """Yield the control of a simulator that answers already; it dies with this process.

    `options` are the fields of `Settings`, such as `status_spacing_s=0`. What the simulator
    has to say goes to `simulator.log` in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "epost_simulator", "--stop-with-stdin", f"--folder={folder}"]
    with (
        (folder / "simulator.log").open("ab") as log,
        subprocess.Popen(
            command + flags, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        ) as process,
    ):
        try:
            with Control(_base_url(process, folder)) as control:
                yield control
        finally:
            _stop(process)


def _base_url(process: subprocess.Popen[bytes], folder: Path) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"simulator did not start, see {folder / 'simulator.log'}")
    return str(json.loads(line)["base_url"])


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
