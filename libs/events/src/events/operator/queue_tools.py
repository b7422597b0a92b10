"""`inbox`, `work`, `relay` and `events`: what waits in a service, and the log of one stream."""

import argparse
from uuid import UUID

from events.database import Database
from events.operator import queue_printing as printing
from events.operator.console import Arguments, by_option, json_option, missing, opened, perform, say
from events.operator.history import stream_log
from events.operator.queues import Queues
from events.operator.tool import Site, Tool


async def _events(site: Site, arguments: Arguments) -> int:
    url = site.settings.database_url.get_secret_value()
    async with Database(url, connections=1) as database:
        found = await stream_log(database, arguments.stream)
    if found is None:
        return missing(f"no stream {arguments.stream}")
    say(arguments, found, printing.stream)
    return 0


async def _inbox(site: Site, arguments: Arguments) -> int:
    async with opened(site) as database:
        say(arguments, await Queues(database).inbox(), printing.inbox)
    return 0


async def _work(site: Site, arguments: Arguments) -> int:
    async with opened(site) as database:
        say(arguments, await Queues(database).work(), printing.work)
    return 0


async def _relay_status(database: Database, arguments: Arguments) -> int:
    say(arguments, await Queues(database).relay(), printing.relay)
    return 0


async def _relay_retry(database: Database, arguments: Arguments) -> int:
    if not await Queues(database).retry(arguments.seq, arguments.by):
        return missing(f"no refused record {arguments.seq}")
    print(f"{arguments.seq}: the relay tries it again")
    return 0


def _events_arguments(parser: argparse.ArgumentParser) -> None:
    show = parser.add_subparsers(required=True, metavar="show").add_parser("show")
    show.add_argument("stream", type=UUID)
    json_option(show)


def _relay_arguments(parser: argparse.ArgumentParser) -> None:
    # `relay` alone is the process of that name.
    acts = parser.add_subparsers(metavar="status|retry")
    status = acts.add_parser("status", help="what is not in Kafka yet, and what it refused")
    json_option(status)
    status.set_defaults(act=_relay_status)
    retry = acts.add_parser("retry", help="try a refused record again")
    retry.add_argument("seq", type=int)
    by_option(retry)
    retry.set_defaults(act=_relay_retry)


TOOLS: tuple[Tool, ...] = (
    Tool("events", "the log of one stream", _events_arguments, _events),
    Tool("inbox", "what was heard and is not handled, and what it waits for", json_option, _inbox),
    Tool("relay", "what was said and is not in Kafka", _relay_arguments, perform),
    Tool("work", "what is to be done outside, and what fails", json_option, _work),
)
