"""Free TCP ports on the loopback address."""

import random
import socket

from stack.errors import StackError

LOOPBACK = "127.0.0.1"
_PORTS = range(20_000, 32_000)
_random = random.SystemRandom()
_given: set[int] = set()  # by this process, perhaps not yet bound


def free_port() -> int:
    """A port nobody listens on, below the range from which the kernel gives out client ports.

    So a server can be stopped and started again on its port without losing it in between.
    """
    for port in _random.sample(_PORTS, k=len(_PORTS)):
        if port in _given:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            _given.add(port)
            return port
    raise StackError(f"no free port between {_PORTS.start} and {_PORTS.stop}")


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0
