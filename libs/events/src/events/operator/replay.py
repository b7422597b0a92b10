"""`replay`: tells again what the service has published. Without `--go` it only says what it would.

Into Kafka it goes through the relay, behind everything that is waiting there already, and never
so much at once that live records have to wait for it.
"""

import argparse
import asyncio
import gzip
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from pathlib import Path
from typing import IO, Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg

from events import epoch
from events.clock import utc_now
from events.contracts import published
from events.contracts.topics import TOPICS
from events.database import Database
from events.ids import new_id
from events.keyring import KeyMissingError
from events.operator.tool import Site, Tool
from events.recording import Origin
from events.replay import Again, Deliver, Replay, Selection, as_line, kinds_by_event
from events.store import Transaction

_HERE = ZoneInfo("Europe/Berlin")
_WAITING_MAX = 500
_PAUSE_S = 0.2
_WAITING = "select count(*) from (select 1 from relay where refused is null limit %s) waiting"


def instant(text: str) -> datetime:
    """An ISO 8601 instant, or a date, meaning its midnight; in Berlin's time where none is said."""
    try:
        if len(text) <= len("2026-12-31"):
            moment = datetime.combine(date.fromisoformat(text), time_of_day())
        else:
            moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is neither a date nor an instant") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=_HERE)).astimezone(UTC)


def _topic(text: str) -> str:
    if text not in published.names():
        raise argparse.ArgumentTypeError(f"no topic is called {text}")
    return text


def arguments(parser: argparse.ArgumentParser) -> None:
    many: dict[str, Any] = {"action": "append", "default": []}
    parser.add_argument("--since", type=instant, help="recorded at this instant or later")
    parser.add_argument("--until", type=instant, help="recorded before this instant (now)")
    parser.add_argument("--topic", type=_topic, **many, help="of this topic; may be repeated")
    parser.add_argument("--stream", type=UUID, **many, help="of this stream; may be repeated")
    parser.add_argument("--mandant", type=UUID, **many, help="of this mandant; may be repeated")
    parser.add_argument("--to", default="kafka", help="kafka (the default) or a file, NAME.gz")
    parser.add_argument("--rate", type=float, default=500.0, help="records a second to Kafka")
    parser.add_argument("--after", type=int, default=0, help="go on behind this position")
    parser.add_argument("--go", action="store_true", help="do it; without, it is only counted")


@dataclass(slots=True)
class Summary:
    """What was told, or would be."""

    topics: Counter[str] = field(default_factory=Counter)
    mandants: set[UUID] = field(default_factory=set)
    first: Again | None = None
    last: Again | None = None
    reached: int = 0

    def add(self, told: Sequence[Again], reached: int) -> None:
        self.topics.update(one.record.topic for one in told)
        self.mandants.update(one.of.mandant for one in told)
        if told:
            self.first = self.first or told[0]
            self.last = told[-1]
        self.reached = reached

    def lines(self) -> Iterator[str]:
        for topic, count in sorted(self.topics.items()):
            yield f"{topic:32} {count:9}"
        yield f"{'records':32} {self.topics.total():9}"
        yield f"{'mandants':32} {len(self.mandants):9}"
        for name, one in (("first", self.first), ("last", self.last)):
            if one is not None:
                yield f"{name:8} {one.of.at.isoformat()}  {one.record.topic}  {one.id}"
        yield f"position {self.reached}"


async def run(site: Site, chosen: argparse.Namespace) -> int:
    path = _path(chosen.to)
    if path is not None and path.exists():
        print(f"{path} exists already", file=sys.stderr)
        return 2
    try:
        summary = await _replay(site, chosen, path)
    except KeyMissingError as error:
        print(f"a key has not arrived yet: {error.key.category}", file=sys.stderr)
        return 1
    for line in summary.lines():
        print(line)
    return 0


async def _replay(site: Site, chosen: argparse.Namespace, path: Path | None) -> Summary:
    summary, name = Summary(), str(new_id())
    print(f"replay {name}{'' if chosen.go else ': dry run, --go does it'}", flush=True)
    async with AsyncExitStack() as stack:
        replay, queue = await stack.enter_async_context(
            _opened(site, name, newest_only=path is None)
        )
        deliver: Deliver = _relay if chosen.go else _nowhere
        if chosen.go and path is not None:
            deliver = _into(stack.enter_context(_file(path)))
        async for page in replay.pages(_selection(chosen), deliver, after=chosen.after):
            summary.add(page.told, page.reached)
            if deliver is _relay and page.told:
                # Whoever goes on behind it after a kill repeats at most this page, harmlessly.
                print(f"position {page.reached}", flush=True)
                await _make_room(queue, len(page.told) / chosen.rate)
    return summary


def _selection(chosen: argparse.Namespace) -> Selection:
    return Selection(
        until=chosen.until or utc_now(),
        since=chosen.since,
        topics=frozenset(chosen.topic),
        streams=frozenset(chosen.stream),
        mandants=frozenset(chosen.mandant),
    )


@asynccontextmanager
async def _opened(
    site: Site, name: str, *, newest_only: bool
) -> AsyncIterator[tuple[Replay, Database]]:
    """The log's owner sees which mandants there are; what is theirs is read in the app's role."""
    settings, blueprint = site.settings, site.blueprint
    log = await psycopg.AsyncConnection.connect(
        settings.migrator_database_url.get_secret_value(), autocommit=True
    )
    async with (
        log,
        Database(settings.database_url.get_secret_value(), connections=1) as app,
        Database(settings.machinery_database_url.get_secret_value(), connections=1) as own,
    ):
        async with own.plain() as connection:
            epochs = await epoch.known(connection)
        origin = Origin(blueprint.source, settings.stream_epoch, published, TOPICS)
        kinds = kinds_by_event(blueprint.kinds)
        keyring = settings.keyring()
        yield Replay(log, app, keyring, origin, kinds, epochs, name, newest_only), own


def _path(target: str) -> Path | None:
    return None if target == "kafka" else Path(target)


@contextmanager
def _file(path: Path) -> Iterator[IO[bytes]]:
    """The file gets its name when it is whole; what a killed run has left is overwritten."""
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as raw:
        if path.suffix == ".gz":
            with gzip.GzipFile(fileobj=raw, mode="wb") as packed:
                yield cast("IO[bytes]", packed)
        else:
            yield raw
    part.rename(path)


def _into(file: IO[bytes]) -> Deliver:
    async def write(_: Transaction, told: Sequence[Again]) -> None:
        for one in told:
            file.write(as_line(one.record))

    return write


async def _relay(transaction: Transaction, told: Sequence[Again]) -> None:
    await transaction.enqueue(one.record for one in told)


async def _nowhere(_: Transaction, __: Sequence[Again]) -> None:
    """A dry run."""


async def _make_room(queue: Database, pause_s: float) -> None:
    """Keep the pace, and wait until the relay has little to do."""
    await asyncio.sleep(pause_s)
    while True:
        async with queue.plain() as connection:
            found = await (await connection.execute(_WAITING, (_WAITING_MAX,))).fetchone()
        if found is not None and found[0] < _WAITING_MAX:
            return
        await asyncio.sleep(_PAUSE_S)


TOOL = Tool("replay", "tell again what was published, to Kafka or to a file", arguments, run)
