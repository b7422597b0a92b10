"""python -m web issuer|rotate: the development issuer and the rotation of its key."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from web.issuer import DevelopmentIssuer, ProductionError, issuer_app
from web.server import serve


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 after a stop, 78 (EX_CONFIG) when the environment forbids the issuer."""
    chosen = _parser().parse_args(arguments)
    try:
        issuer = DevelopmentIssuer(chosen.folder)
    except ProductionError as refusal:
        print(f"web {chosen.command}: {refusal}", file=sys.stderr)
        return os.EX_CONFIG
    if chosen.command == "rotate":
        issuer.rotate()
        print(f"new key {issuer.jwks()['keys'][0]['kid']}")
        return os.EX_OK
    asyncio.run(_serve(issuer, chosen.host, chosen.port))
    return os.EX_OK


async def _serve(issuer: DevelopmentIssuer, host: str, port: int) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)

    def listening(bound: int) -> None:
        print(f"development issuer on http://{host}:{bound}", flush=True)

    await serve(
        issuer_app(issuer), host=host, port=port, stopping=stopping, listening=listening, grace_s=5
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m web")
    commands = parser.add_subparsers(dest="command", required=True)
    issuer = commands.add_parser("issuer", help="serve tokens for development and tests")
    issuer.add_argument("--host", default="127.0.0.1")
    issuer.add_argument("--port", type=int, default=0)
    rotate = commands.add_parser("rotate", help="sign with a new key from now on")
    for command in (issuer, rotate):
        command.add_argument("--folder", type=Path, required=True)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
