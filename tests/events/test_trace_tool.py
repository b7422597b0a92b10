"""The tool `trace` shows a story where it stands: recorded, published, waiting, dead."""

import argparse
from uuid import UUID

import orjson
import psycopg
import pytest
from tests.events.hearing import Listener, changed
from tests.events.ledger import LEDGER, MANDANT, Note, executor, order, said

from events.ids import new_id
from events.operator.timeline import timeline
from events.operator.tool import Site
from events.operator.trace import TOOL
from events.registry import Json
from events.service import Blueprint
from events.settings import ServiceSettings
from events.store.postgres import PostgresStore
from events.testing.postgres import Urls


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


async def story(site: Site, identity: UUID, capsys: pytest.CaptureFixture[str]) -> list[Json]:
    capsys.readouterr()
    assert await TOOL.run(site, argparse.Namespace(id=identity)) == 0
    return [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.spec("PLT-04")
async def test_it_tells_what_was_recorded_and_published_and_what_is_to_be_published(
    site: Site, listener: Listener, capsys: pytest.CaptureFixture[str]
) -> None:
    stream, person = new_id(), new_id()
    async with PostgresStore(listener.app).transaction([MANDANT]) as transaction:
        orders = [order(Note(person, "Groß, Jürgen"), stream), order(Note(new_id(), "Klein"))]
        await executor(listener.keyring).execute(transaction, orders)
    by_stream = await story(site, stream, capsys)
    assert [(line["what"], line["name"]) for line in by_stream] == [
        ("event", "ledger.noted"),
        ("publishing", "ContactChanged"),
        ("publishing", "ContactChanged"),
    ]
    published = by_stream[0]["published"]
    assert [one["id"] for one in published] == [line["causation"] for line in by_stream[1:]]
    assert "Groß" not in str(by_stream)

    correlation = UUID(by_stream[0]["correlation"])
    for identity in (correlation, person):
        named = [line for line in await story(site, identity, capsys) if line["what"] == "event"]
        assert named == by_stream[:1]
    assert await story(site, new_id(), capsys) == []


@pytest.mark.spec("PLT-04", "PLT-02")
async def test_it_tells_what_waits_and_what_is_dead(
    site: Site,
    listener: Listener,
    owner: psycopg.Connection,
    capsys: pytest.CaptureFixture[str],
) -> None:
    contact = new_id()
    waits = listener.say(said(contact=contact))[-1]
    poison = changed(waits, ce_id=str(new_id()), ce_type="Nonsense")
    await listener.take(waits, poison)
    await listener.work()
    found = {line["what"]: line for line in await story(site, contact, capsys)}
    assert found.keys() == {"waiting", "dead"}
    assert str(found["waiting"]["why"]).startswith(str(contact))
    assert "unreadable" in found["dead"]["why"]
    assert owner.execute("select count(*) from dead").fetchall() == [(1,)]


def test_a_timeline_says_how_long_each_hop_took() -> None:
    at = "2026-03-02T09:00:00+00:00"
    asked = {"service": "a", "at": at, "what": "event", "name": "a.asked", "version": 1}
    told = {**asked, "published": [{"id": "1", "topic": "Asked"}]}
    heard = {
        **asked,
        "service": "b",
        "at": "2026-03-02T09:00:01.500000+00:00",
        "what": "waiting",
        "causation": "1",
        "why": "a key",
    }
    first, second = timeline([told, heard])
    assert first.endswith("→ Asked")
    assert "1.500 s" in second
    assert second.endswith("← a Asked 1.500 s (a key)")
