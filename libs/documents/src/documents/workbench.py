"""The process in which risky PDF work is done: bounded memory, and it dies with its parent.

Started by a Bench as `python -m documents.workbench FD PARENT MEMORY_BYTES`; speaks over the
inherited socket: it reports for work, then a job comes in, its outcome goes out, and so on.
"""

import ctypes
import os
import resource
import signal
import sys
from importlib import import_module
from multiprocessing.connection import Connection

from documents.jobs import READY, perform
from documents.typeface import typeface

_PR_SET_PDEATHSIG = 1
_TOOLS = ("documents.inspect", "documents.letter", "documents.zones")


def serve(line: Connection) -> None:
    """Do one job after another until the parent hangs up."""
    line.send(READY)
    while True:
        try:
            job = line.recv()
        except (EOFError, ConnectionResetError):
            return
        line.send(perform(job))


def _confine(parent: int, memory_bytes: int) -> None:
    """Take the memory limit and ask the kernel to end us with the parent, even in mid-job."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def _lay_out_tools() -> None:
    """Load what jobs need before the first one comes."""
    for module in _TOOLS:
        import_module(module)
    typeface()


if __name__ == "__main__":
    _confine(int(sys.argv[2]), int(sys.argv[3]))
    _lay_out_tools()
    with Connection(int(sys.argv[1])) as line_to_parent:
        serve(line_to_parent)
