"""What was published is told again: the same events under the same ids, marked, and no more."""

import argparse
import gzip
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import ormsgpack
import psycopg
import pytest
from tests.events.hearing import Listener, changed, name_of
from tests.events.ledger import LEDGER, MANDANT, STRANGER, Count, Note, executor, order, said

from events import epoch
from events.clock import utc_now
from events.contracts import published
from events.contracts.topics import SUBJECT_KEYS, TOPICS
from events.database import Database
from events.envelope import REPLAY, header, read
from events.epoch import Epochs
from events.ids import new_id
from events.keyring import Keyring
from events.operator.replay import TOOL, instant
from events.operator.tool import Site
from events.recording import Origin
from events.replay import Again, Replay, Selection, as_line, kinds_by_event
from events.service import Blueprint
from events.settings import ServiceSettings
from events.store import Record, Transaction
from events.store.postgres import PostgresStore
from events.stream import StreamKind
from events.testing.postgres import Urls

ALL = Selection(until=datetime(2100, 1, 1, tzinfo=UTC))


@pytest.fixture
async def replay(app: Database, own: Database, urls: Urls, keyring: Keyring) -> Any:
    epochs = await epoch.begin(own, 1, utc_now())
    async with await psycopg.AsyncConnection.connect(urls.migrator, autocommit=True) as log:
        origin = Origin("ledger", 1, published, TOPICS)
        kinds = kinds_by_event([LEDGER])
        yield Replay(log, app, keyring, origin, kinds, epochs, "run-1", newest_only=False)


async def note(
    app: Database,
    keyring: Keyring,
    *names: str,
    stream: UUID | None = None,
    mandant: UUID = MANDANT,
) -> UUID:
    """Take notes of one person, each of which is published twice; returns the stream."""
    stream = stream or new_id()
    async with PostgresStore(app).transaction([mandant]) as transaction:
        orders = [order(Note(stream, name), stream, mandant) for name in names]
        await executor(keyring).execute(transaction, [*orders, order(Count(), stream, mandant)])
    return stream


def live(owner: psycopg.Connection) -> list[Record]:
    """What the relay was given, without keys."""
    rows = owner.execute("select topic, key, headers, value from relay order by seq").fetchall()
    records = [
        Record(topic, key, tuple((n, v) for n, v in ormsgpack.unpackb(headers)), value)
        for topic, key, headers, value in rows
    ]
    return [record for record in records if record.topic != SUBJECT_KEYS]


async def again(replay: Replay, selection: Selection = ALL, *, after: int = 0) -> list[Again]:
    async def nowhere(_: Transaction, __: Sequence[Again]) -> None:
        """Only looked at."""

    return [
        one async for page in replay.pages(selection, nowhere, after=after) for one in page.told
    ]


async def opened(records: Sequence[Record], listener: Listener) -> list[Any]:
    """Take the records in where nobody remembers any, and say what was heard."""
    listener.heard.clear()
    listener.owner.execute("delete from inbox_seen")
    await listener.take(*records)
    await listener.work()
    return [(one.id, one.stream, one.version, one.at, one.event) for one in listener.heard]


@pytest.mark.spec("PLT-03")
async def test_it_tells_the_same_events_under_the_same_ids_and_marks_them(
    replay: Replay, listener: Listener, owner: psycopg.Connection
) -> None:
    await note(listener.app, listener.keyring, "Groß", "Größer")
    before = live(owner)
    after = [one.record for one in await again(replay)]

    assert await opened(after, listener) == await opened(before, listener) != []
    assert {header(record.headers, REPLAY) for record in after} == {"run-1"}
    unmarked = [tuple(h for h in record.headers if h[0] != REPLAY) for record in after]
    assert unmarked == [record.headers for record in before]


@pytest.mark.spec("PLT-03")
async def test_pages_however_small_tell_the_same_and_one_may_go_on_behind_any(
    replay: Replay, app: Database, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = [await note(app, keyring, "Groß") for _ in range(3)]
    for stream in streams:
        await note(app, keyring, "Klein", "Kurz", stream=stream)
    whole = [one.id for one in await again(replay)]
    monkeypatch.setattr("events.replay._PAGE_ROWS", 2)
    told = await again(replay)
    assert [one.id for one in told] == whole
    assert len(set(whole)) == 3 * 3 * 2
    middle = told[7].position
    rest = [one.id for one in told if one.position > middle]
    assert [one.id for one in await again(replay, after=middle)] == rest


@pytest.mark.spec("PLT-03")
async def test_it_is_selected_by_stream_mandant_topic_and_time(
    replay: Replay, app: Database, keyring: Keyring
) -> None:
    ours = await note(app, keyring, "Groß")
    theirs = await note(app, keyring, "Klein", mandant=STRANGER)
    between = utc_now()
    late = await note(app, keyring, "Kurz")

    async def streams(**chosen: Any) -> set[UUID]:
        return {one.of.stream for one in await again(replay, replace(ALL, **chosen))}

    assert await streams() == {ours, theirs, late}
    assert await streams(streams=frozenset({late})) == {late}
    assert await streams(mandants=frozenset({STRANGER})) == {theirs}
    assert await streams(since=between) == {late}
    assert await streams(until=between) == {ours, theirs}
    assert await streams(topics=frozenset({"ContactChanged"})) == {ours, theirs, late}
    assert await streams(topics=frozenset({"DeliverySent"})) == set()


@pytest.mark.spec("PLT-03", "PLT-01")
async def test_what_was_erased_since_is_left_out(
    replay: Replay, listener: Listener, owner: psycopg.Connection
) -> None:
    person = await note(listener.app, listener.keyring, "Groß")
    owner.execute(
        "insert into erasure_fence select mandant, subject, category, fingerprint, now()"
        " from subject_key"
    )
    owner.execute("delete from subject_key")
    told = [one.record for one in await again(replay)]
    assert [read(record.headers, record.value).sealed for record in told] == [(), ()]
    assert [event.short_name for *_, event in await opened(told, listener)] == [None, None]
    assert person in {one.of.stream for one in await again(replay)}


@pytest.mark.spec("PLT-03")
async def test_an_old_version_is_told_in_the_life_in_which_it_was_recorded(
    replay: Replay, app: Database, keyring: Keyring
) -> None:
    """Else it would outrank a newer version of its time."""
    await note(app, keyring, "Groß")
    began = utc_now()
    second = Epochs((1, 2), (began - timedelta(hours=1), began))
    await note(app, keyring, "Klein")
    now_in_life_2 = replace(replay, epochs=second, origin=replace(replay.origin, epoch=2))
    told = [header(one.record.headers, "ce_streamepoch") for one in await again(now_in_life_2)]
    assert told == ["1", "1", "2", "2"]


@pytest.mark.spec("PLT-03")
async def test_who_remembers_an_id_drops_what_is_told_again_and_takes_no_other_content(
    replay: Replay, listener: Listener, owner: psycopg.Connection
) -> None:
    await note(listener.app, listener.keyring, "Groß")
    before = live(owner)
    told = [one.record for one in await again(replay)]
    await listener.take(*before)
    await listener.work()
    forged = replace(told[0], value=told[1].value.replace(b"couple", b"person"))
    listener.heard.clear()
    await listener.take(*told, forged)
    assert await listener.work() == 0
    assert listener.dead() == []

    unmarked = replace(forged, headers=before[0].headers)
    await listener.take(unmarked)
    assert listener.dead() == ["repeated-id: the same id with other content"]


@pytest.mark.spec("PLT-03")
async def test_a_listener_knows_what_is_told_again(listener: Listener) -> None:
    *key, record = listener.say(said())
    *other_key, other = listener.say(said())
    await listener.take(*key, record, *other_key, changed(other, ce_replay="run-1"))
    await listener.work()
    assert [one.maybe_done for one in listener.heard] == [False, True]
    assert {name_of(one) for one in listener.heard} == {"Groß, Jürgen"}


def test_two_kinds_of_streams_never_share_an_event() -> None:
    twin = StreamKind("twin", LEDGER.registry, LEDGER.decider, LEDGER.publish)
    with pytest.raises(ValueError, match=r"ledger\.counted belongs to ledger and to twin"):
        kinds_by_event([LEDGER, twin])


def test_a_date_begins_at_midnight_in_berlin() -> None:
    assert instant("2026-07-01") == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert instant("2026-01-01T12:00") == datetime(2026, 1, 1, 11, tzinfo=UTC)
    assert instant("2026-01-01T12:00Z") == datetime(2026, 1, 1, 12, tzinfo=UTC)
    with pytest.raises(argparse.ArgumentTypeError):
        instant("yesterday")


@pytest.fixture
def site(urls: Urls, keks: str) -> Site:
    settings = ServiceSettings.model_validate(
        {
            "environment": "test",
            "database_url": urls.app,
            "machinery_database_url": urls.machinery,
            "migrator_database_url": urls.migrator,
            "kafka_bootstrap_servers": "",
            "keks": keks,
        }
    )
    return Site(settings, Blueprint("ledger", kinds=(LEDGER,)))


def listed(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def use(site: Site, *argv: object) -> int:
    parser = argparse.ArgumentParser()
    TOOL.arguments(parser)
    return await TOOL.run(site, parser.parse_args([str(word) for word in argv]))


@pytest.mark.spec("PLT-03")
async def test_the_tool_counts_first_and_writes_a_file_when_told_to(
    replay: Replay,
    site: Site,
    app: Database,
    keyring: Keyring,
    owner: psycopg.Connection,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await note(app, keyring, "Groß")
    waiting = len(live(owner))
    packed = tmp_path / "told.jsonl.gz"
    assert await use(site, "--to", packed) == 0
    assert "dry run" in (printed := capsys.readouterr().out)
    assert f"{'ContactChanged':32} {2:9}" in printed
    assert not listed(tmp_path)

    assert await use(site, "--to", packed, "--go", "--topic", "ContactChanged") == 0
    lines = [orjson.loads(line) for line in gzip.decompress(packed.read_bytes()).splitlines()]
    expected = [orjson.loads(as_line(one.record)) for one in await again(replay)]
    assert [line["id"] for line in lines] == [line["id"] for line in expected]
    first = lines[0]
    assert first["specversion"] == "1.0"
    assert (first["type"], first["source"]) == ("ContactChanged", "ledger")
    assert first["partitionkey"] == first["data"]["contact"]
    assert first["replay"] in capsys.readouterr().out
    assert b"Gro" not in gzip.decompress(packed.read_bytes())
    assert listed(tmp_path) == [packed.name]
    assert await use(site, "--to", packed, "--go") == 2
    assert len(live(owner)) == waiting


@pytest.mark.spec("PLT-03")
async def test_the_tool_tells_kafka_through_the_relay_and_only_when_told_to(
    replay: Replay, site: Site, app: Database, keyring: Keyring, owner: psycopg.Connection
) -> None:
    assert replay.epochs.numbers == (1,)
    await note(app, keyring, "Groß")
    before = live(owner)
    assert await use(site) == 0
    assert live(owner) == before
    assert await use(site, "--go") == 0
    told = live(owner)[len(before) :]
    assert [record.key for record in told] == [record.key for record in before]
    assert all(header(record.headers, REPLAY) for record in told)


@pytest.mark.spec("PLT-03")
async def test_of_a_state_only_the_newest_snapshot_is_told_to_kafka(
    replay: Replay, app: Database, keyring: Keyring
) -> None:
    """Kafka keeps the record that came last: an older one would be all that newcomers learn."""
    stream = await note(app, keyring, "Alte Straße 1")
    between = utc_now()
    await note(app, keyring, "Neue Straße 2", stream=stream)
    told: list[Again] = []

    async def deliver(_: Transaction, page: Sequence[Again]) -> None:
        told.extend(page)

    to_kafka = replace(replay, newest_only=True)
    async for _ in to_kafka.pages(Selection(until=between), deliver):
        pass
    assert [one for one in told if one.record.topic == "ContactChanged"] == []
    async for _ in to_kafka.pages(ALL, deliver):
        pass
    assert {one.of.version for one in told if one.record.topic == "ContactChanged"} == {3}
    told.clear()
    async for _ in replay.pages(ALL, deliver):
        pass
    assert {one.of.version for one in told if one.record.topic == "ContactChanged"} == {1, 3}
