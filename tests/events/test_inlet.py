"""Records from Kafka are kept as they came, each once, with the place to go on from."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.events.conditions import until
from tests.events.hearing import Listener
from tests.events.ledger import MANDANT, NOON, said

from events.contracts.deliveries import Channel, DeliveryWithdrawalRequested
from events.contracts.topics import SUBJECT_KEYS
from events.ids import UNDATED, new_id
from events.inbox import arrival
from events.store import Record
from events.testing.speaker import as_consumed


def odd(record: Record, **headers: bytes | None) -> Record:
    """The record with other headers; `None` values as a careless producer may send them."""
    changed = {**dict(record.headers), **headers}
    return replace(record, headers=tuple(changed.items()))  # type: ignore[arg-type] # on purpose


async def test_a_record_is_kept_as_it_came(listener: Listener, owner: psycopg.Connection) -> None:
    value = b"\x00\xff not even JSON"
    await listener.take(Record("ContactChanged", b"\x00key", (("h", b"\xff"),), value))
    assert owner.execute("select key, value, mandant from inbox").fetchone() == (
        b"\x00key",
        value,
        None,
    )


async def test_a_repeat_is_kept_once(listener: Listener) -> None:
    (record,) = listener.say(said(None))
    await listener.take(record, record)
    await listener.take(record)
    assert len(listener.inbox()) == 1
    assert await listener.work() == 1

    await listener.take(record)
    assert listener.inbox() == []
    assert listener.dead() == []


async def test_the_next_offsets_are_kept_with_the_records(listener: Listener) -> None:
    records = [*listener.say(said()), *listener.say(said())]
    await listener.take(*records)
    await listener.inlet.take([as_consumed(records[1], 70, partition=3)])
    await listener.inlet.take([as_consumed(records[1], 5, partition=3)])

    assert listener.offsets() == {
        (SUBJECT_KEYS, 0): 3,
        ("ContactChanged", 0): 4,
        ("ContactChanged", 3): 71,
    }


async def test_nothing_is_kept_when_the_taking_is_cancelled(
    listener: Listener, owner: psycopg.Connection
) -> None:
    with owner.transaction():
        owner.execute("lock table intake_offset in exclusive mode")
        taking = asyncio.create_task(listener.take(*listener.say(said())))
        await until(
            lambda: owner.execute(
                "select 1 from pg_locks where not granted and relation = 'intake_offset'::regclass"
            ).fetchone(),
            pause_s=0.01,
        )
        taking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await taking

    assert listener.inbox() == []
    assert listener.offsets() == {}
    assert owner.execute("select count(*) from inbox_seen").fetchone() == (0,)


async def test_a_database_that_is_away_is_waited_for(
    listener: Listener, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.inlet._PAUSE_S", 0.01)
    owner.execute("alter table inbox rename to away")
    with capture_logs() as logs:
        taking = asyncio.create_task(listener.take(*listener.say(said(None))))
        await until(
            lambda: [one["event"] for one in logs].count("intake.waiting") >= 2, pause_s=0.02
        )
    owner.execute("alter table away rename to inbox")
    owner.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where usename = 'hausbote_machinery' and datname = current_database()"
    )
    await taking
    assert len(listener.inbox()) == 1


@pytest.mark.parametrize("in_one_batch", [True, False])
async def test_the_same_id_with_other_content_is_set_aside_never_dropped(
    listener: Listener, owner: psycopg.Connection, *, in_one_batch: bool
) -> None:
    """The first one counts, wherever the second one comes, and however often either is repeated."""
    id_ = new_id()
    (first,) = listener.say(said(None), event_id=id_)
    (second,) = listener.say(said(None), event_id=id_)
    if in_one_batch:
        await listener.take(first, second, first)
    else:
        await listener.take(first)
        await listener.take(second)
    await listener.take(first, second)
    await listener.take(second, first)

    assert owner.execute("select value from inbox").fetchall() == [(first.value,)]
    assert set(owner.execute("select value from dead").fetchall()) == {(second.value,)}
    assert set(listener.dead()) == {"repeated-id: the same id with other content"}


async def test_events_for_other_channels_are_skipped(listener: Listener) -> None:
    ours, theirs = (
        listener.say(
            DeliveryWithdrawalRequested(
                delivery=new_id(), attempt=1, document=new_id(), channel=channel, requested_at=NOON
            )
        )[0]
        for channel in (Channel.EPOST, Channel.MAIL)
    )
    (about_no_channel,) = listener.say(said(None))
    unreadable = odd(ours, ce_channel=b"\xff")
    inlet = listener.only(Channel.EPOST)
    await inlet.take(listener.consumed(theirs, ours, about_no_channel))
    assert len(listener.inbox()) == 2
    await inlet.take(listener.consumed(replace(unreadable, value=b"{}"), theirs))

    assert len(listener.inbox()) + len(listener.dead()) == 3
    assert listener.offsets()[theirs.topic, 0] == 5


async def test_a_poisoned_record_does_not_stop_the_others(listener: Listener) -> None:
    (good,) = listener.say(said(None))
    far = UUID(int=(0xFFFFFFFFFFFF << 80) | (7 << 76) | (2 << 62))
    poison = [
        odd(good, ce_id=None),
        odd(good, ce_source=b"\xff\xfe"),
        odd(good, ce_id=str(far).encode()),
        odd(good, ce_id=str(uuid4()).encode(), ce_time=b"9999-12-31T23:59:59-23:59"),
        odd(good, ce_id=str(uuid4()).encode(), ce_time=b"\x00"),
        odd(good, ce_id=str(uuid4()).encode(), ce_mandant=b"\x00"),
        replace(good, headers=(), value=None),  # type: ignore[arg-type] # a tombstone
        Record(SUBJECT_KEYS, b"", (), b"\x00"),
        Record(SUBJECT_KEYS, b"", (), None),  # type: ignore[arg-type] # a tombstone
    ]
    await listener.take(*poison, good)

    assert len(listener.inbox()) == 8
    assert [reason.partition(":")[0] for reason in listener.dead()] == ["unreadable"] * 2


async def test_a_key_with_a_nul_in_it_stops_nothing(listener: Listener) -> None:
    key, record = listener.say(said())
    value = key.value.replace(b'"kek":"', b'"kek":"\\u0000')
    async with asyncio.timeout(60):
        await listener.take(replace(key, value=value), record)
    assert len(listener.inbox()) == 1
    assert len(listener.dead()) == 1


async def test_a_key_that_was_erased_never_comes_back(
    listener: Listener, owner: psycopg.Connection
) -> None:
    contact = new_id()
    key, _ = listener.say(said(contact=contact))
    owner.execute(
        "insert into erasure_fence values (%s, %s, 'identity', null, now())", (MANDANT, contact)
    )
    await listener.take(key)
    assert owner.execute("select count(*) from subject_key").fetchone() == (0,)


async def test_the_first_key_stays(listener: Listener, owner: psycopg.Connection) -> None:
    key, _ = listener.say(said())
    await listener.take(key)
    first = owner.execute("select * from subject_key").fetchall()
    await listener.take(key)
    assert owner.execute("select * from subject_key").fetchall() == first


instants = st.datetimes(timezones=st.just(UTC)) | st.datetimes()


@given(
    st.binary(max_size=40) | st.uuids().map(lambda id_: str(id_).encode()), instants | st.binary()
)
def test_every_record_has_a_name_and_a_day(id_: bytes, time: datetime | bytes) -> None:
    told = time if isinstance(time, bytes) else time.isoformat().encode()
    headers = (("ce_id", id_), ("ce_source", b"contacts"), ("ce_time", told))
    record = as_consumed(Record("ContactChanged", b"", headers, b"{}"), 3)
    first, again = arrival(record), arrival(record)
    assert (first.id, first.day) == (again.id, again.day)


def test_a_record_is_remembered_under_the_day_it_was_told(listener: Listener) -> None:
    """Ids of published events are derived and name no day themselves."""
    at = datetime.now(UTC) - timedelta(days=3)
    (record,) = listener.say(said(None), at=at)
    assert arrival(as_consumed(record, 0)).day == at.date()
    nowhere = odd(record, ce_time=b"garbage")
    assert arrival(as_consumed(nowhere, 0)).day == UNDATED
