"""Command line: starts the server and its control port, and prints both ports as a JSON line."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import warnings
from pathlib import Path

from smtp_simulator.control import ControlPort
from smtp_simulator.maildrop import Maildrop
from smtp_simulator.server import Connection, Site
from smtp_simulator.tls import TlsFiles, TlsMode

HOST = "127.0.0.1"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="smtp_simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--control-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--maildir", type=Path, required=True)
    parser.add_argument("--size-limit", type=int, help="bytes, announced as SIZE and enforced")
    parser.add_argument("--user", help="demands a login")
    parser.add_argument("--password")
    parser.add_argument("--tls", type=TlsMode, choices=list(TlsMode))
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--with-parent", action="store_true", help="end at the end of stdin")
    given = parser.parse_args()
    if (given.user is None) != (given.password is None):
        parser.error("--user and --password go together")
    if given.tls is not None and None in {given.certificate, given.key}:
        parser.error("--tls needs --certificate and --key")
    return given


async def stop_requested(*, with_parent: bool) -> None:
    """Returns on SIGTERM or SIGINT, and with `with_parent` when stdin ends."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if with_parent:

        def read() -> None:
            if not os.read(sys.stdin.fileno(), 4096):
                stop.set()

        loop.add_reader(sys.stdin.fileno(), read)
    await stop.wait()


async def serve(given: argparse.Namespace) -> None:
    files = TlsFiles(given.tls, given.certificate, given.key) if given.tls else None
    context = files.context() if files else None
    site = Site(
        Maildrop(given.maildir),
        size_limit_bytes=given.size_limit,
        user=given.user,
        password=given.password,
        starttls=context if given.tls is TlsMode.STARTTLS else None,
    )
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(
        lambda: Connection(site),
        HOST,
        given.port,
        ssl=context if given.tls is TlsMode.TLS else None,
    )
    control = await asyncio.start_server(ControlPort(site).converse, HOST, given.control_port)
    ports = {"port": _port(smtp), "control_port": _port(control)}
    print(json.dumps(ports), flush=True)
    await stop_requested(with_parent=given.with_parent)
    smtp.close()
    control.close()


def _port(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


def main() -> None:
    # aiosmtpd warns of a login without TLS, which is what a test on loopback wants.
    warnings.filterwarnings("ignore", message="Requiring AUTH while not requiring TLS")
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    asyncio.run(serve(arguments()))


if __name__ == "__main__":
    main()
