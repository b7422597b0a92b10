"""What the tools that look into a service's database have in common on the command line.

They exit with 0, with 1 where what was named is not there, and with 2 for a wrong command line.
"""

import argparse
import getpass
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from pydantic import BaseModel

from events.database import Database
from events.operator.tool import Site

NOT_THERE = 1

Arguments = argparse.Namespace
Act = Callable[[Database, Arguments], Awaitable[int]]
M = TypeVar("M", bound=BaseModel)


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Database]:
    """The service's database, in the machinery's role."""
    url = site.settings.machinery_database_url.get_secret_value()
    async with Database(url, connections=1) as database:
        yield database


async def perform(site: Site, arguments: Arguments) -> int:
    """Do what the chosen subcommand has set as `act`."""
    act: Act = arguments.act
    async with opened(site) as database:
        return await act(database, arguments)


def say(arguments: Arguments, answer: M, show: Callable[[M], str]) -> None:
    """Print an answer, for machines where `--json` was said."""
    print(answer.model_dump_json() if arguments.json else show(answer))


def missing(what: str) -> int:
    """Say that something is not there; returns the exit status."""
    print(what, file=sys.stderr)
    return NOT_THERE


def json_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for machines")


def by_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", default=getpass.getuser(), help="who does it (your login)")
