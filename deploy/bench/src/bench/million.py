"""`make million`: a million messages, clean and then spoilt, end in the same state (PLT-41).

The real outbox takes them in from Kafka: one intake, two workers. Twice the same facts about the
same deliveries, the second time with repeats, disorder and garbage.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from uuid import UUID

import psycopg
import uvloop
from aiokafka import AIOKafkaProducer

import stack
from bench.ground import Ground
from bench.programs import outbox_settings, programs
from bench.requests import prepared
from bench.stories import FACTS, Dirty, clean
from bench.watch import LOOK_S, Outcome, Watch
from events.log import configure_logs
from events.process import spare_what_stays
from events.service import machinery
from events.store import Record
from events.testing.kafka import empty_topics
from events.testing.postgres import Urls
from outbox.wiring import blueprint

_PROGRAMS = (("outbox", "intake"), ("outbox", "worker"), ("outbox", "worker"))
_SEED = 41
_CHUNK = 2000
_AHEAD_MAX = 100_000
_GROWTH_MAX_MB = 64

# 25 repeats and 2 spoilt ones for a hundred facts.
_SPOILT = 1.27

# Everything that is known in the end, without the order in which it became known.
_STATES = (
    "select * from delivery",
    "select to_jsonb(t) - 'version' - 'recorded_at' from delivery_timeline t",
    "select * from document",
    "select stream, data from event where type = 'delivery.answered'",
)
_SUM = "select count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) from ({}) t"


async def both(ground: Ground, count: int) -> tuple[Outcome, Outcome]:
    """The clean run and the spoilt one of about `count` messages; raises where it gets stuck."""
    deliveries = max(1, round(count / _SPOILT / FACTS))
    outcome = Outcome("clean")
    await _run(ground, deliveries, outcome, spoilt=False)
    print(outcome, flush=True)
    spoilt = Outcome("spoilt")
    await _run(ground, deliveries, spoilt, spoilt=True)
    print(spoilt, flush=True)
    return outcome, spoilt


async def _run(ground: Ground, deliveries: int, outcome: Outcome, *, spoilt: bool) -> None:
    await empty_topics(ground.servers.kafka.bootstrap_servers)
    rng = random.Random(_SEED)  # noqa: S311 - both runs must draw the same
    with ground.database("outbox") as urls:
        settings = outbox_settings(ground, urls)
        async with machinery(settings, blueprint(settings)) as parts:
            requests = await prepared(
                parts.commands,
                ground.keyring,
                (),
                deliveries,
                lambda: UUID(int=rng.getrandbits(128), version=4),
            )
        records: Iterable[Record] = clean(requests, ground.keyring)
        if spoilt:
            records = dirty = Dirty(clean(requests, ground.keyring), rng)
        with programs(ground, _PROGRAMS, {"OUTBOX": urls}) as pids:
            watch = Watch(urls, pids, outcome)
            async with watch:
                await _tell(ground, records, watch)
                await watch.drained()
        outcome.state = _state(urls)
    if spoilt and outcome.dead != dirty.garbage:
        raise AssertionError(f"{dirty.garbage} were garbage, {outcome.dead} are dead or held")


async def _tell(ground: Ground, records: Iterable[Record], watch: Watch) -> None:
    """Put all of it into Kafka, never further ahead than the inbox may grow."""
    left = iter(records)
    async with AIOKafkaProducer(
        bootstrap_servers=ground.servers.kafka.bootstrap_servers, linger_ms=20
    ) as producer:
        while some := list(islice(left, _CHUNK)):
            sent = [
                await producer.send(r.topic, key=r.key, value=r.value, headers=list(r.headers))
                for r in some
            ]
            await asyncio.gather(*sent)
            watch.outcome.messages += len(some)
            await watch.look()
            while watch.outcome.messages - watch.taken + watch.inbox > _AHEAD_MAX:
                await asyncio.sleep(LOOK_S)
                await watch.look()


def _state(urls: Urls) -> tuple[str, ...]:
    """Rows and the sum of their hashes, of each of the tables."""
    with psycopg.connect(urls.migrator) as connection:
        connection.execute("set timezone = 'UTC'")
        sums = [connection.execute(_SUM.format(each).encode()).fetchone() for each in _STATES]
    return tuple(f"{count}:{int(total):x}" for count, total in filter(None, sums))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    arguments = parser.parse_args()
    configure_logs("bench", "ERROR")
    spare_what_stays()
    with stack.running() as servers, tempfile.TemporaryDirectory() as folder:
        ground = Ground(servers, Path(folder))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            outcomes = runner.run(both(ground, arguments.count))
    same = outcomes[0].state == outcomes[1].state
    flat = all(outcome.growth_mb <= _GROWTH_MAX_MB for outcome in outcomes)
    print(f"the same state: {same}; memory flat: {flat}")
    sys.exit(not (same and flat))


if __name__ == "__main__":
    main()
