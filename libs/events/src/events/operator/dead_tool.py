"""`dead`: the records that a person has to look at, shown, sent back, or given up."""

import argparse
from uuid import UUID

from events.database import Database
from events.operator import dead_printing as printing
from events.operator.console import Arguments, by_option, json_option, missing, perform, say
from events.operator.dead import Dead
from events.operator.tool import Site, Tool

_SHOWN_BYTES = 2000


async def _list(database: Database, arguments: Arguments) -> int:
    found = await Dead(database).find(arguments.topic, arguments.reason, arguments.limit)
    say(arguments, found, printing.dead)
    return 0


async def _show(database: Database, arguments: Arguments) -> int:
    found = await Dead(database).show(arguments.id)
    if found is None:
        return missing(f"{arguments.id} is not among the dead")
    say(arguments, found, printing.dead_record)
    if arguments.value and (value := await Dead(database).value(arguments.id)) is not None:
        print(printing.raw(value, _SHOWN_BYTES))
    return 0


async def _redrive(database: Database, arguments: Arguments) -> int:
    dead = Dead(database)
    if arguments.all:
        count = await dead.redrive_all(arguments.by, arguments.topic, arguments.reason)
        print(f"redriven: {count}")
        return 0
    redriven = await dead.redrive(arguments.ids, arguments.by)
    print(f"redriven: {len(redriven)}")
    lost = [id_ for id_ in arguments.ids if id_ not in redriven]
    return missing("not among the dead: " + " ".join(map(str, lost))) if lost else 0


async def _drop(database: Database, arguments: Arguments) -> int:
    if not await Dead(database).drop(arguments.id, arguments.by, arguments.why):
        return missing(f"{arguments.id} is not among the dead")
    print(f"{arguments.id}: dropped; what is known of it stays in the table intervention")
    return 0


async def _run(site: Site, arguments: Arguments) -> int:
    if arguments.act is _redrive and bool(arguments.ids) == arguments.all:
        arguments.parser.error("name the records, or say --all")
    return await perform(site, arguments)


def _choosing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--topic")
    parser.add_argument("--reason", help="a slug, such as unreadable")


def _arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(required=True, metavar="list|show|redrive|drop")
    listed = acts.add_parser("list", help="by topic and reason, and the newest")
    _choosing(listed)
    listed.add_argument("--limit", type=int, default=50)
    json_option(listed)
    listed.set_defaults(act=_list)
    shown = acts.add_parser("show", help="one record, and what to do about it")
    shown.add_argument("id", type=UUID)
    shown.add_argument("--value", action="store_true", help="also its bytes: they may name people")
    json_option(shown)
    shown.set_defaults(act=_show)
    redriven = acts.add_parser("redrive", help="back into the inbox, for the worker")
    redriven.add_argument("ids", type=UUID, nargs="*", metavar="ID")
    redriven.add_argument("--all", action="store_true")
    _choosing(redriven)
    by_option(redriven)
    redriven.set_defaults(act=_redrive, parser=redriven)
    dropped = acts.add_parser("drop", help="give it up; who did it and why is kept")
    dropped.add_argument("id", type=UUID)
    dropped.add_argument("--why", required=True)
    by_option(dropped)
    dropped.set_defaults(act=_drop)


TOOL = Tool("dead", "records that a person has to look at", _arguments, _run)
