"""The control port: one command a line, one answer a line, loopback only."""

import asyncio
from typing import assert_never

from pydantic import ValidationError

from smtp_simulator.commands import (
    COMMANDS,
    Answer,
    Command,
    LimitSize,
    Misbehave,
    Report,
    Reset,
)
from smtp_simulator.server import Site


class ControlPort:
    """Carries out commands on the site, one connection at a time or many."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(self._answer(line).model_dump_json().encode() + b"\n")
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client left, or the program ends
        finally:
            writer.close()

    def _answer(self, line: bytes) -> Answer:
        try:
            command = COMMANDS.validate_json(line)
        except ValidationError as error:
            return Answer(error=str(error))
        self._carry_out(command)
        return Answer(reached=dict(self._site.reached))

    def _carry_out(self, command: Command) -> None:
        match command:
            case Misbehave(fault=fault):
                self._site.faults.add(fault)
            case LimitSize(size_limit_bytes=limit):
                self._site.size_limit_bytes = limit
            case Reset():
                self._site.faults.clear()
                self._site.reached.clear()
            case Report():
                pass
            case _:
                assert_never(command)
