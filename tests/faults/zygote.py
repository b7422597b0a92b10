"""Brings processes to life in milliseconds: imports everything once, and forks.

Reads one order a line, as JSON; tells of each birth and each death. Run it with
`python -m tests.faults.zygote`; it ends with its input, and all its children with it.
"""

import ctypes
import gc
import json
import os
import select
import signal
import sys
from typing import Any

from tests.faults import victim

_PR_SET_PDEATHSIG = 1
_LOOK_S = 0.02


def main() -> None:
    """Serve orders until the input ends."""
    victim.get_ready()
    gc.freeze()
    _say({"ready": os.getpid()})
    pending = b""
    while True:
        for pid, status in _ended():
            _say({"died": pid, "status": status})
        if not select.select([0], [], [], _LOOK_S)[0]:
            continue
        chunk = os.read(0, 65536)
        if not chunk:
            return
        *orders, pending = (pending + chunk).split(b"\n")
        for order in orders:
            _say(_bear(json.loads(order)))


def _ended() -> list[tuple[int, int]]:
    ended: list[tuple[int, int]] = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended.append((pid, os.waitstatus_to_exitcode(status)))


def _bear(order: dict[str, Any]) -> dict[str, Any]:
    parent = os.getpid()
    if pid := os.fork():
        return {"born": pid, "ticket": order["ticket"]}
    status = 1
    try:
        os.setsid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        _speak_into(order["log"])
        os.environ.update(order["environment"])
        victim.live(order["service"], order["process"])
        status = 0
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - whatever it is, it must stand in the log
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(status)


def _speak_into(log: str) -> None:
    silence = os.open(os.devnull, os.O_RDONLY)
    os.dup2(silence, 0)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)


def _say(what: dict[str, Any]) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main()
