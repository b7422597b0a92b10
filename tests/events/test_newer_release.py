"""What a later release wrote waits for that release, is seen to wait, and holds up nobody else."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from uuid import UUID

import orjson
import psycopg
import pytest
from structlog.testing import capture_logs
from tests.events.hearing import Listener
from tests.events.ledger import MANDANT, Count, Ledger, order
from tests.events.ledger import executor as ledger_executor
from tests.events.versions import (
    NEW_PERSON,
    NEW_PUBLISHED,
    OLD_PERSON,
    OLD_PUBLISHED,
    Meet,
    NewContactChanged,
    NewMet,
    OldContactChanged,
    OldMet,
    executor,
    meeting,
)

from events.commands import Commands
from events.database import Database
from events.hearing import Policy
from events.ids import new_id
from events.keyring import Keyring
from events.measures import waiting
from events.registry import PublishedEvent, Registry, TooNewError
from events.store import Record
from events.store.postgres import PostgresStore
from events.stream import Cause, Done, Heard, Order
from events.testing.speaker import Speaker
from events.worker import Worker

pytestmark = pytest.mark.spec("PLT-01")


def remembered(heard: Heard) -> Sequence[Order]:
    """The older release's policy."""
    told = heard.event
    assert isinstance(told, OldContactChanged)
    met = Meet(OldMet(person=told.contact))
    return [Order(OLD_PERSON, told.contact, heard.mandant, met, heard.next_cause())]


def worker(
    listener: Listener, published: Registry, event: type[PublishedEvent], policy: Policy
) -> Worker:
    by = executor(listener.keyring, published)
    return Worker(listener.app, by, published, {event: policy})


def old(listener: Listener) -> Worker:
    return worker(listener, OLD_PUBLISHED, OldContactChanged, remembered)


def new(listener: Listener) -> Worker:
    return worker(listener, NEW_PUBLISHED, NewContactChanged, meeting)


def told_by(listener: Listener, registry: Registry, event: PublishedEvent) -> list[Record]:
    return Speaker(listener.keyring, "contacts", registry).records(MANDANT, event)


async def test_a_record_of_a_later_release_waits_and_is_handled_as_soon_as_that_starts(
    listener: Listener,
) -> None:
    """While it waits, nothing counts against it, others go on, and it is seen."""
    newer = told_by(listener, NEW_PUBLISHED, NewContactChanged(contact=new_id(), first_name="J."))
    older = told_by(listener, OLD_PUBLISHED, OldContactChanged(contact=new_id()))
    await listener.take(*newer, *older)
    release = old(listener)
    with capture_logs() as lines:
        for _ in range(10):
            while await release.work():
                pass
            listener.make_due()
    assert listener.inbox() == [(0, "a newer release")]
    assert listener.dead() == []
    assert listener.events() == [(MANDANT, 1)]
    (line, *_) = [line for line in lines if line["event"] == "records.waiting"]
    assert line["log_level"] == "warning"
    assert line["newer"] == {"ContactChanged v2 is newer than v1": 1}
    await release.work()  # It is put off once more.

    async with listener.own.plain() as connection:
        count, age_s = (await waiting(connection))["a newer release"]
    assert (count, age_s > 0) == (1, True)

    assert await new(listener).work() == 1
    assert (listener.inbox(), listener.dead()) == ([], [])
    assert listener.events() == [(MANDANT, 1), (MANDANT, 1)]


@pytest.mark.parametrize(("registry", "buried"), [(NEW_PUBLISHED, 0), (OLD_PUBLISHED, 1)])
async def test_what_a_later_release_may_have_meant_is_not_called_unreadable(
    listener: Listener, registry: Registry, buried: int
) -> None:
    """A category that this release has never heard of; in a version that it knows, it is wrong."""
    events = {
        NEW_PUBLISHED: NewContactChanged(contact=new_id(), first_name="Jürgen"),
        OLD_PUBLISHED: OldContactChanged(contact=new_id(), full_name="Jürgen Groß"),
    }
    key, record = told_by(listener, registry, events[registry])
    value = orjson.loads(record.value)
    value["sealed"][0]["category"] = "of-tomorrow"
    await listener.take(key, replace(record, value=orjson.dumps(value)))
    release = old(listener)
    while await release.work():
        pass
    assert len(listener.dead()) == buried
    assert [waits for _, waits in listener.inbox()] == ["a newer release"] * (1 - buried)


@pytest.fixture
async def commands(app: Database, keyring: Keyring) -> AsyncIterator[Commands]:
    """The API of the older release, after the newer one was rolled back."""
    commands = Commands(PostgresStore(app), executor(keyring, OLD_PUBLISHED))
    async with commands.running():
        yield commands


async def test_after_a_rollback_a_command_fails_where_the_log_is_newer_and_nowhere_else(
    app: Database, keyring: Keyring, commands: Commands, owner: psycopg.Connection
) -> None:
    """Callers who arrive together share a transaction, but not the error of one of them."""
    newer = new_id()
    async with PostgresStore(app).transaction([MANDANT]) as transaction:
        by = executor(keyring, NEW_PUBLISHED)
        await by.execute(transaction, [meet(newer, NewMet(contact=newer, times=1))])
    streams = [new_id() for _ in range(8)]
    streams.insert(3, newer)
    ends = await asyncio.gather(
        *(commands.one(old_meet(stream)) for stream in streams), return_exceptions=True
    )
    failed = [
        stream for stream, end in zip(streams, ends, strict=True) if not isinstance(end, Done)
    ]
    assert failed == [newer]
    assert str(ends[3]) == "person.met v3 is newer than v1"
    with pytest.raises(TooNewError):
        await commands.state(old_meet(newer))
    assert versions(owner, newer) == [1]

    async with PostgresStore(app).transaction([MANDANT]) as transaction:
        by = executor(keyring, NEW_PUBLISHED)
        await by.execute(transaction, [meet(newer, NewMet(contact=newer, times=2))])
    assert versions(owner, newer) == [1, 2]


async def test_a_stored_category_of_a_later_release_is_waited_for(
    app: Database, keyring: Keyring, owner: psycopg.Connection
) -> None:
    stream, other = new_id(), new_id()
    by = ledger_executor(keyring)
    async with PostgresStore(app).transaction([MANDANT]) as transaction:
        await by.execute(transaction, [order(Count(), stream), order(Count(), other)])
    owner.execute(
        "insert into event_personal (mandant, stream, version, subject, category, fingerprint,"
        " nonce, block) values (%s, %s, 1, %s, 'of-tomorrow', '', '', '')",
        (MANDANT, stream, new_id()),
    )
    async with PostgresStore(app).transaction([MANDANT]) as transaction:
        with pytest.raises(TooNewError, match="of-tomorrow"):
            await by.state(transaction, order(Count(), stream))
    async with PostgresStore(app).transaction([MANDANT]) as transaction:
        assert await by.state(transaction, order(Count(), other)) == Ledger(count=1)


def old_meet(stream: UUID) -> Order:
    return Order(OLD_PERSON, stream, MANDANT, Meet(OldMet(person=stream)), Cause(new_id()))


def meet(stream: UUID, event: NewMet) -> Order:
    return Order(NEW_PERSON, stream, MANDANT, Meet(event), Cause(new_id()))


def versions(owner: psycopg.Connection, stream: UUID) -> list[int]:
    rows = owner.execute("select version from event where stream = %s order by version", [stream])
    return [version for (version,) in rows.fetchall()]
