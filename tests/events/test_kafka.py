"""Relay and intake on real servers: in order, each once or again, and nothing skipped."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import ormsgpack
import psycopg
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient
from structlog.testing import capture_logs
from tests.events.conditions import until
from tests.events.hearing import Listener
from tests.events.ledger import MANDANT, said

import stack
from events.contracts.topics import SUBJECT_KEYS, TOPICS
from events.database import Database
from events.envelope import header
from events.ids import new_id
from events.intake import intake
from events.kafka_topics import make_topics
from events.relay import Relay
from events.store import Record
from events.store.postgres import PostgresStore
from events.testing.kafka import all_records, empty_topics
from events.testing.postgres import Urls
from events.testing.speaker import say
from events.topic import Kind, Topic
from events.wake import Wake

TOPIC = "ContactChanged"
_groups = itertools.count()


@pytest.fixture(scope="module")
def at(kafka: stack.KafkaServer) -> str:
    """Where Kafka is, with the topics of the table made."""
    asyncio.run(empty_topics(kafka.bootstrap_servers))
    return kafka.bootstrap_servers


@pytest.fixture
def group() -> str:
    return f"group-{next(_groups)}"


async def ends(at: str) -> dict[tuple[str, int], int]:
    """Where a service that has heard everything so far goes on, in every partition."""
    places = {
        (name, part): 0 for name in (TOPIC, SUBJECT_KEYS) for part in range(TOPICS[name].partitions)
    }
    for record in await all_records(at):
        places[record.topic, record.partition] = record.offset + 1
    return places


def begin_at(owner: psycopg.Connection, places: dict[tuple[str, int], int]) -> None:
    for (topic, part), offset in places.items():
        owner.execute(
            "insert into intake_offset values (%s, %s, %s) on conflict (topic, part)"
            " do update set next = excluded.next",
            (topic, part, offset),
        )


@asynccontextmanager
async def taking_in(listener: Listener, at: str, group: str) -> AsyncIterator[None]:
    topics = [TOPIC, SUBJECT_KEYS]
    async with intake(at, group, topics, listener.inlet, listener.own):
        yield


def values(owner: psycopg.Connection) -> list[bytes | None]:
    return [value for (value,) in owner.execute("select value from inbox order by seq").fetchall()]


async def until_taken(owner: psycopg.Connection, count: int) -> None:
    await until(lambda: len(values(owner)) >= count, pause_s=0.05)


async def test_after_a_restart_reading_goes_on_at_our_own_offsets(
    listener: Listener, owner: psycopg.Connection, at: str, group: str
) -> None:
    """Kafka's offsets were lost, and what we have is not read again."""
    begin_at(owner, await ends(at))
    (first,) = listener.say(said(None))
    (second,) = listener.say(said(None))
    await say(at, first)
    async with taking_in(listener, at, group):
        await until_taken(owner, 1)
    owner.execute("delete from inbox")
    owner.execute("delete from inbox_seen")
    await say(at, second)
    async with taking_in(listener, at, f"{group}-that-nobody-knows"):
        await until_taken(owner, 1)
    assert values(owner) == [second.value]


async def test_after_a_restore_reading_goes_back_although_kafka_says_otherwise(
    listener: Listener, owner: psycopg.Connection, at: str, group: str
) -> None:
    """Our database is older than the group's offsets."""
    before = await ends(at)
    begin_at(owner, before)
    (record,) = listener.say(said(None))
    await say(at, record)
    async with taking_in(listener, at, group):
        await until_taken(owner, 1)
    for table in ("inbox", "inbox_seen", "intake_offset"):
        owner.execute(f"delete from {table}".encode())  # noqa: S608 - one of three names
    begin_at(owner, before)
    async with taking_in(listener, at, group):
        await until_taken(owner, 1)
    assert values(owner) == [record.value]


async def test_an_offset_beyond_the_end_means_a_rebuilt_cluster(
    listener: Listener, owner: psycopg.Connection, at: str, group: str
) -> None:
    (record,) = listener.say(said(None))
    await say(at, record)
    begin_at(owner, {(TOPIC, part): 10**6 for part in range(TOPICS[TOPIC].partitions)})
    async with taking_in(listener, at, group):
        await until(lambda: record.value in values(owner), pause_s=0.05)
    reached = owner.execute("select max(next) from intake_offset where topic = %s", (TOPIC,))
    assert (reached.fetchone() or (0,))[0] < 10**6


async def test_poison_is_kept_and_buried_and_the_others_go_on(
    listener: Listener, owner: psycopg.Connection, at: str, group: str
) -> None:
    begin_at(owner, await ends(at))
    key, record = listener.say(said("Groß"))
    odd: list[dict[str, Any]] = [
        {"headers": [("ce_id", None)], "value": b"{}"},
        {"headers": [("ce_id", b"\xff\xfe"), ("ce_source", b"\xff")], "value": b"{}"},
        {"headers": list(record.headers), "value": b""},
        {"headers": [], "value": None},
        {"headers": [("message_id", b"1"), ("correlation_id", b"\xff")], "value": b"\xff"},
    ]
    async with AIOKafkaProducer(bootstrap_servers=at) as producer:
        for one in odd:
            await producer.send_and_wait(TOPIC, key=b"same", **one)
    (good,) = listener.say(said(None))
    await say(at, key, replace(good, key=b"same"))
    async with taking_in(listener, at, group):
        await until_taken(owner, 6)
        await listener.work()
    assert len(listener.dead()) == 5
    assert all(reason.startswith("unreadable") for reason in listener.dead())
    assert listener.events() == [(MANDANT, 1)]


async def test_our_offsets_are_asked_for_until_they_are_there(
    listener: Listener,
    owner: psycopg.Connection,
    at: str,
    group: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While the database is away nothing is read from wherever Kafka would begin."""
    monkeypatch.setattr("events.intake._PAUSE_S", 0.05)
    (old,) = listener.say(said(None))
    await say(at, old)
    begin_at(owner, await ends(at))
    (record,) = listener.say(said(None))
    await say(at, record)
    owner.execute("alter table intake_offset rename to away")
    with capture_logs() as logs:
        async with taking_in(listener, at, group):
            await until(
                lambda: [one["event"] for one in logs].count("intake.waiting") >= 2, pause_s=0.02
            )
            owner.execute("alter table away rename to intake_offset")
            await until_taken(owner, 1)
    assert values(owner) == [record.value]


def relay_of(urls: Urls, at: str) -> Relay:
    return Relay(urls.machinery, at, Wake("", ["relay"]))


@asynccontextmanager
async def relaying(*relays: Relay) -> AsyncIterator[list["asyncio.Task[None]"]]:
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def records(key: bytes, count: int) -> list[Record]:
    return [
        Record(TOPIC, key, (("ce_id", str(new_id()).encode()),), str(number).encode())
        for number in range(count)
    ]


async def enqueue(app: Database, *wanted: Record) -> None:
    async with PostgresStore(app).transaction(()) as transaction:
        await transaction.enqueue(wanted)


async def published(at: str, key: bytes) -> Sequence["ConsumerRecord[bytes, bytes]"]:
    return [record for record in await all_records(at, [TOPIC]) if record.key == key]


def waiting(owner: psycopg.Connection) -> int:
    (count,) = owner.execute("select count(*) from relay").fetchone() or (0,)
    return int(count)


async def test_what_is_relayed_comes_in_its_order_and_is_then_forgotten(
    urls: Urls, app: Database, owner: psycopg.Connection, at: str
) -> None:
    key = new_id().bytes
    wanted = records(key, 2500)
    await enqueue(app, *wanted)
    async with relaying(relay_of(urls, at)):
        await until(lambda: not waiting(owner), pause_s=0.05)
    told = await published(at, key)
    assert [record.value for record in told] == [record.value for record in wanted]
    assert [tuple(record.headers) for record in told] == [record.headers for record in wanted]


async def test_what_kafka_will_never_take_is_set_aside_and_the_others_go_on(
    urls: Urls, app: Database, owner: psycopg.Connection, at: str
) -> None:
    key = new_id().bytes
    first, huge, last = records(key, 3)
    await enqueue(app, first, replace(huge, value=b"x" * 2_000_000), last)
    async with relaying(relay_of(urls, at)):
        await until(lambda: waiting(owner) == 1, pause_s=0.05)
    assert [record.value for record in await published(at, key)] == [first.value, last.value]
    assert owner.execute("select refused from relay").fetchone() == ("MessageSizeTooLargeError",)


async def test_a_topic_that_is_missing_holds_up_only_its_own_records(
    urls: Urls,
    app: Database,
    owner: psycopg.Connection,
    at: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("events.relay._MISSING_FOR_S", 0.5)
    key = new_id().bytes
    wanted = records(key, 2000)
    lost = Record(f"Missing-{new_id()}", key, (), b"waits")
    await enqueue(app, lost, *wanted[:1000], lost, *wanted[1000:])
    with capture_logs() as logs:
        async with relaying(relay_of(urls, at)):
            await until(lambda: waiting(owner) == 2, pause_s=0.05)
            assert [record.value for record in await published(at, key)] == [
                record.value for record in wanted
            ]
            assert {one["topic"] for one in logs if one["event"] == "relay.topic_missing"} == {
                lost.topic
            }
            await make_topics(at, [Topic(lost.topic, "tests", Kind.FACT, "x", partitions=1)])
            await until(lambda: not waiting(owner), pause_s=0.05)


def holders(owner: psycopg.Connection) -> list[int]:
    rows = owner.execute(
        "select pid from pg_locks where locktype = 'advisory' and granted and database ="
        " (select oid from pg_database where datname = current_database())"
    )
    return [pid for (pid,) in rows.fetchall()]


async def test_one_relay_is_active_and_another_takes_over(
    urls: Urls, app: Database, owner: psycopg.Connection, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.relay._PAUSE_S", 0.1)
    key = new_id().bytes
    wanted = records(key, 40)
    async with relaying(relay_of(urls, at), relay_of(urls, at)) as (one, other):
        await until(lambda: holders(owner), pause_s=0.02)
        await enqueue(app, *wanted[:20])
        await until(lambda: not waiting(owner), pause_s=0.05)
        (first,) = holders(owner)
        owner.execute("select pg_terminate_backend(%s)", (first,))
        await until(lambda: holders(owner) not in ([], [first]), pause_s=0.02)
        await enqueue(app, *wanted[20:])
        await until(lambda: not waiting(owner), pause_s=0.05)
        assert not one.done()
        assert not other.done()
    told = await published(at, key)
    assert [record.value for record in told] == [record.value for record in wanted]


async def test_a_relay_killed_before_it_forgets_says_the_same_again(
    urls: Urls, app: Database, owner: psycopg.Connection, at: str
) -> None:
    """It is held up between Kafka's answer and the deletion, and dies there."""
    key = new_id().bytes
    (record,) = records(key, 1)
    await enqueue(app, record)
    with psycopg.connect(owner.info.dsn) as holding:
        holding.execute("select from relay for update")
        async with relaying(relay_of(urls, at)) as (task,):
            await until(
                lambda: owner.execute(
                    "select 1 from pg_stat_activity where wait_event_type = 'Lock'"
                    " and datname = current_database() and query like 'delete from relay%'"
                ).fetchone(),
                pause_s=0.05,
            )
            task.cancel()
            await asyncio.wait([task])
    assert waiting(owner) == 1
    async with relaying(relay_of(urls, at)):
        await until(lambda: not waiting(owner), pause_s=0.05)

    told = await published(at, key)
    assert len(told) == 2
    assert {(one.value, header(one.headers, "ce_id")) for one in told} == {
        (record.value, header(record.headers, "ce_id"))
    }
    assert UUID(header(record.headers, "ce_id"))
    assert ormsgpack.packb(record.headers)


async def test_topics_are_made_with_the_settings_of_the_table(at: str) -> None:
    assert await make_topics(at, TOPICS.values()) == []
    admin = AIOKafkaAdminClient(bootstrap_servers=at)
    await admin.start()
    try:
        made = {one["topic"]: one for one in await admin.describe_topics(sorted(TOPICS))}
        found = await settings_of(admin, sorted(TOPICS))
    finally:
        await admin.close()
    for name, topic in TOPICS.items():
        assert len(made[name]["partitions"]) == topic.partitions
        wanted = {**topic.settings(), "max.message.bytes": "1048576", "flush.messages": "1"}
        assert {key: found[name][key] for key in wanted} == wanted


async def test_topics_that_were_made_serve_at_once(at: str) -> None:
    await say(at, *records(b"left over", 1))
    await empty_topics(at)
    admin = AIOKafkaAdminClient(bootstrap_servers=at)
    await admin.start()
    try:
        made = await admin.describe_topics(sorted(TOPICS))
    finally:
        await admin.close()
    known = {one["topic"]: [part["leader"] for part in one["partitions"]] for one in made}
    assert known == {name: [1] * topic.partitions for name, topic in TOPICS.items()}
    assert await all_records(at) == []


async def settings_of(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    settings: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(asked):
        for _, _, _, name, entries in answer.resources:
            settings[name] = {key: value for key, value, *_ in entries}
    return settings
