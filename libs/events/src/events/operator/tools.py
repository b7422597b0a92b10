"""The tools that show what waits or has died, and mend it.

They exit with 0, with 1 where what was named is not there, and with 2 for a wrong command line.
"""

import argparse
import getpass
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel

from events.database import Database
from events.operator import printing
from events.operator.dead import Dead
from events.operator.history import stream_log
from events.operator.queues import Queues
from events.operator.tool import Site, Tool

NOT_THERE = 1
_SHOWN_BYTES = 2000

Arguments = argparse.Namespace
M = TypeVar("M", bound=BaseModel)


@asynccontextmanager
async def _machinery(site: Site) -> AsyncIterator[Database]:
    url = site.settings.machinery_database_url.get_secret_value()
    async with Database(url, connections=1) as database:
        yield database


def _say(arguments: Arguments, answer: M, show: Callable[[M], str]) -> None:
    print(answer.model_dump_json() if arguments.json else show(answer))


def _missing(what: str) -> int:
    print(what, file=sys.stderr)
    return NOT_THERE


async def _events(site: Site, arguments: Arguments) -> int:
    url = site.settings.database_url.get_secret_value()
    async with Database(url, connections=1) as database:
        found = await stream_log(database, arguments.stream)
    if found is None:
        return _missing(f"no stream {arguments.stream}")
    _say(arguments, found, printing.stream)
    return 0


async def _inbox(site: Site, arguments: Arguments) -> int:
    async with _machinery(site) as database:
        _say(arguments, await Queues(database).inbox(), printing.inbox)
    return 0


async def _work(site: Site, arguments: Arguments) -> int:
    async with _machinery(site) as database:
        _say(arguments, await Queues(database).work(), printing.work)
    return 0


async def _relay_status(database: Database, arguments: Arguments) -> int:
    _say(arguments, await Queues(database).relay(), printing.relay)
    return 0


async def _relay_retry(database: Database, arguments: Arguments) -> int:
    if not await Queues(database).retry(arguments.seq, arguments.by):
        return _missing(f"no refused record {arguments.seq}")
    print(f"{arguments.seq}: the relay tries it again")
    return 0


async def _dead_list(database: Database, arguments: Arguments) -> int:
    found = await Dead(database).find(arguments.topic, arguments.reason, arguments.limit)
    _say(arguments, found, printing.dead)
    return 0


async def _dead_show(database: Database, arguments: Arguments) -> int:
    found = await Dead(database).show(arguments.id)
    if found is None:
        return _missing(f"{arguments.id} is not among the dead")
    _say(arguments, found, printing.dead_record)
    if arguments.value and (value := await Dead(database).value(arguments.id)) is not None:
        print(printing.raw(value, _SHOWN_BYTES))
    return 0


async def _dead_redrive(database: Database, arguments: Arguments) -> int:
    dead = Dead(database)
    if arguments.all:
        count = await dead.redrive_all(arguments.by, arguments.topic, arguments.reason)
        print(f"redriven: {count}")
        return 0
    redriven = await dead.redrive(arguments.ids, arguments.by)
    print(f"redriven: {len(redriven)}")
    lost = [id_ for id_ in arguments.ids if id_ not in redriven]
    return _missing("not among the dead: " + " ".join(map(str, lost))) if lost else 0


async def _dead_drop(database: Database, arguments: Arguments) -> int:
    if not await Dead(database).drop(arguments.id, arguments.by, arguments.why):
        return _missing(f"{arguments.id} is not among the dead")
    print(f"{arguments.id}: dropped; what is known of it stays in the table intervention")
    return 0


def _in_machinery(
    site: Site, arguments: Arguments, run: Callable[[Database, Arguments], Awaitable[int]]
) -> Awaitable[int]:
    async def running() -> int:
        async with _machinery(site) as database:
            return await run(database, arguments)

    return running()


def _act(site: Site, arguments: Arguments) -> Awaitable[int]:
    if arguments.act is _dead_redrive and bool(arguments.ids) == arguments.all:
        arguments.parser.error("name the records, or say --all")
    return _in_machinery(site, arguments, arguments.act)


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for machines")


def _by(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", default=getpass.getuser(), help="who does it (your login)")


def _choosing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--topic")
    parser.add_argument("--reason", help="a slug, such as unreadable")


def _events_arguments(parser: argparse.ArgumentParser) -> None:
    show = parser.add_subparsers(required=True, metavar="show").add_parser("show")
    show.add_argument("stream", type=UUID)
    _json(show)


def _relay_arguments(parser: argparse.ArgumentParser) -> None:
    # `relay` alone is the process of that name.
    acts = parser.add_subparsers(metavar="status|retry")
    status = acts.add_parser("status", help="what is not in Kafka yet, and what it refused")
    _json(status)
    status.set_defaults(act=_relay_status)
    retry = acts.add_parser("retry", help="try a refused record again")
    retry.add_argument("seq", type=int)
    _by(retry)
    retry.set_defaults(act=_relay_retry)


def _dead_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(required=True, metavar="list|show|redrive|drop")
    listed = acts.add_parser("list", help="by topic and reason, and the newest")
    _choosing(listed)
    listed.add_argument("--limit", type=int, default=50)
    _json(listed)
    listed.set_defaults(act=_dead_list)
    shown = acts.add_parser("show", help="one record, and what to do about it")
    shown.add_argument("id", type=UUID)
    shown.add_argument("--value", action="store_true", help="also its bytes: they may name people")
    _json(shown)
    shown.set_defaults(act=_dead_show)
    redriven = acts.add_parser("redrive", help="back into the inbox, for the worker")
    redriven.add_argument("ids", type=UUID, nargs="*", metavar="ID")
    redriven.add_argument("--all", action="store_true")
    _choosing(redriven)
    _by(redriven)
    redriven.set_defaults(act=_dead_redrive, parser=redriven)
    dropped = acts.add_parser("drop", help="give it up; who did it and why is kept")
    dropped.add_argument("id", type=UUID)
    dropped.add_argument("--why", required=True)
    _by(dropped)
    dropped.set_defaults(act=_dead_drop)


INSPECTION: tuple[Tool, ...] = (
    Tool("events", "the log of one stream", _events_arguments, _events),
    Tool("inbox", "what was heard and is not handled, and what it waits for", _json, _inbox),
    Tool("dead", "records that a person has to look at", _dead_arguments, _act),
    Tool("relay", "what was said and is not in Kafka", _relay_arguments, _act),
    Tool("work", "what is to be done outside, and what fails", _json, _work),
)
