"""Dead records: shown without naming anybody, sent back, given up; by several hands at once."""

import asyncio
import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import psycopg
import pytest
from pydantic import SecretStr
from tests.events.hearing import Listener, changed, name_of
from tests.events.ledger import MANDANT, Refuse, order, remember, said

from events.contracts.topics import SUBJECT_KEYS
from events.database import Database
from events.ids import new_id
from events.operator.advice import ADVICE, advice
from events.operator.dead import Dead
from events.operator.history import stream_log
from events.operator.queues import Queues
from events.operator.tool import Site
from events.process import chosen_tool, command_line
from events.service import Blueprint
from events.settings import ServiceSettings
from events.stream import Heard, Order
from events.testing.postgres import Urls

BY = "nora"


@pytest.fixture
def dead(own: Database) -> Dead:
    return Dead(own)


def refusing(heard: Heard) -> Sequence[Order]:
    return [order(Refuse(), mandant=heard.mandant)]


def ids(owner: psycopg.Connection) -> list[UUID]:
    return [id_ for (id_,) in owner.execute("select id from dead order by seq").fetchall()]


async def dies(listener: Listener, records: int) -> None:
    """So many records are refused, one batch after the other so that none is held."""
    listener.policy = refusing
    await listener.take(*(r for _ in range(records) for r in listener.say(said("Groß, Jürgen"))))
    while listener.inbox():
        listener.worker = listener.another_worker()
        await listener.worker.work()
        listener.make_due()


@pytest.mark.spec("PLT-02")
async def test_a_dead_record_is_shown_with_its_story_and_names_nobody(
    listener: Listener, dead: Dead, owner: psycopg.Connection
) -> None:
    await dies(listener, 1)
    (id_,) = ids(owner)
    shown = await dead.show(id_)
    assert shown is not None
    assert (shown.topic, shown.mandant, shown.reason) == (
        "ContactChanged",
        MANDANT,
        "rejected: nonsense",
    )
    assert shown.what_to_do == ADVICE["rejected"]
    assert shown.correlation is not None
    assert ("ce_type", "ContactChanged") in shown.headers
    assert shown.value["sealed"] == ["sealed: identity"]
    assert await dead.show(new_id()) is None


async def test_what_a_stranger_wrote_in_clear_is_not_shown(
    listener: Listener, dead: Dead, owner: psycopg.Connection
) -> None:
    (good,) = listener.say(said(None))
    value = {
        "Groß": "Jürgen Groß",
        "surname": "Groß",
        "iban": 100500001234,
        "notes": [{"text": "Groß", "deep": [[["Groß"]]]}],
        "id": str(new_id()),
    }
    odd = replace(
        changed(good, ce_type="DeliveryFailed", ce_actor="Groß", name="Groß", ce_id=str(new_id())),
        key="Groß".encode(),
        value=json.dumps(value).encode(),
    )
    await listener.take(odd, replace(odd, value="Jürgen Groß".encode(), headers=()))
    await listener.work()
    for id_ in ids(owner):
        shown = await dead.show(id_)
        assert shown is not None
        assert "Gro" not in shown.model_dump_json()
        assert advice(shown.reason) == ADVICE["unreadable"]
    found = await dead.find(reason="unreadable")
    assert [group.records for group in found.groups] == [2]
    assert (await dead.find(topic="DeliveryFailed")).records == []


@pytest.mark.spec("PLT-02")
async def test_a_record_sent_back_is_handled_once_its_trouble_is_mended(
    listener: Listener, dead: Dead, owner: psycopg.Connection
) -> None:
    await dies(listener, 2)
    first, second = ids(owner)
    listener.policy = remember
    assert await dead.redrive([first], BY) == [first]
    assert await dead.redrive([first], BY) == []
    assert listener.inbox() == [(0, None)]
    await listener.work()
    assert ids(owner) == [second]
    assert await dead.redrive_all(BY) == 1
    await listener.work()
    assert listener.events() == [(MANDANT, 1)] * 2
    assert (listener.inbox(), listener.dead()) == ([], [])


async def test_a_record_whose_trouble_stays_dies_again_with_its_history(
    listener: Listener, dead: Dead, owner: psycopg.Connection
) -> None:
    await dies(listener, 1)
    (id_,) = ids(owner)
    for _ in range(2):
        await dead.redrive([id_], BY)
        await listener.work()
    shown = await dead.show(id_)
    assert shown is not None
    assert shown.attempts == 1
    assert [(e.action, e.actor, e.attempts) for e in shown.history] == [("redrive", BY, 1)] * 2
    assert {e.reason for e in shown.history} == {"rejected: nonsense"}


async def test_two_who_redrive_at_once_beside_a_worker_double_and_lose_nothing(
    listener: Listener, dead: Dead, owner: psycopg.Connection
) -> None:
    await dies(listener, 15)
    all_ids = ids(owner)
    listener.policy = remember
    working = True

    async def work() -> None:
        while working or listener.inbox():
            await listener.worker.work()
            await asyncio.sleep(0)

    worker = asyncio.create_task(work())
    several = (all_ids, list(reversed(all_ids)), *([id_] for id_ in all_ids))
    everything = asyncio.create_task(dead.redrive_all(BY))
    redriven = await asyncio.gather(*(dead.redrive(some, BY) for some in several))
    assert sum(map(len, redriven)) + await everything == 15
    working = False
    await asyncio.wait_for(worker, 30)
    assert len(listener.events()) == 15
    assert (listener.inbox(), listener.dead()) == ([], [])
    noted = owner.execute("select count(*) from intervention where action = 'redrive'").fetchone()
    assert noted == (15,)


async def test_a_dropped_record_leaves_its_evidence_and_no_bytes(
    listener: Listener, dead: Dead, owner: psycopg.Connection
) -> None:
    await dies(listener, 1)
    (id_,) = ids(owner)
    assert await dead.drop(id_, BY, "garbage of a test")
    assert await dead.drop(id_, BY, "once more")
    assert not await dead.drop(new_id(), BY, "unknown")
    assert await dead.redrive([id_], BY) == []
    assert (listener.inbox(), listener.dead()) == ([], [])
    rows = owner.execute("select actor, action, record, reason, why from intervention").fetchall()
    assert rows == [(BY, "drop", id_, "rejected: nonsense", "garbage of a test")]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("delete from intervention")


async def test_a_key_is_taken_in_again_as_when_it_first_came(
    listener: Listener, dead: Dead, owner: psycopg.Connection
) -> None:
    """Set aside by a release that could not read it, it wakes those who wait for it."""
    key, record = listener.say(said("Groß"))
    assert key.topic == SUBJECT_KEYS
    await listener.take(replace(key, value=b"{}"), record)
    await listener.work()
    (id_,) = ids(owner)
    await dead.redrive([id_], BY)
    (again,) = ids(owner)
    assert listener.dead() == ["unreadable: the record holds neither key nor fence"]

    owner.execute("update dead set value = %s", (key.value,))
    await dead.redrive([again], BY)
    await listener.work()
    assert [name_of(one) for one in listener.heard] == ["Groß"]
    assert (listener.inbox(), listener.dead()) == ([], [])


async def test_the_inbox_says_what_waits_for_what(listener: Listener, own: Database) -> None:
    event = said("Groß")
    _, record = listener.say(event)
    (nameless,) = listener.say(said(None))
    await listener.take(record, changed(nameless, ce_schemaversion="2"))
    await listener.work()
    status = await Queues(own).inbox()
    assert (status.records, status.due, status.retried) == (2, 0, 0)
    assert {one.waiting_for for one in status.waiting} == {
        f"{event.contact}:identity",
        "a newer release",
    }
    assert [(one.topic, one.records) for one in status.topics] == [("ContactChanged", 2)]


async def test_a_refused_record_of_the_relay_is_tried_again_once(
    owner: psycopg.Connection, own: Database
) -> None:
    owner.execute(
        "insert into relay (topic, key, headers, value, refused)"
        " values ('t', '', '', 'x', 'TooBig')"
    )
    queues = Queues(own)
    (refused,) = (await queues.relay()).refused
    assert refused.reason == "TooBig"
    retried = await asyncio.gather(*(queues.retry(refused.seq, BY) for _ in range(4)))
    assert sorted(retried) == [False, False, False, True]
    assert (await queues.relay()).refused == []
    assert owner.execute("select actor, action, off, reason from intervention").fetchall() == [
        (BY, "relay-retry", refused.seq, "TooBig")
    ]


@pytest.mark.spec("PLT-02")
async def test_a_stream_is_shown_with_its_personal_fields_sealed(
    listener: Listener, app: Database
) -> None:
    event = said("Groß, Jürgen")
    await listener.take(*listener.say(event))
    await listener.work()
    from tests.events.ledger import ledger_of

    log = await stream_log(app, ledger_of(event.contact))
    assert log is not None
    assert log.mandant == MANDANT
    assert [(one.version, one.type) for one in log.events] == [(1, "ledger.heard")]
    assert log.events[0].sealed == [f"sealed: identity of {event.contact}"]
    assert "Gro" not in log.model_dump_json()
    assert await stream_log(app, new_id()) is None


async def use(urls: Urls, *words: str) -> int:
    """What `python -m ledger WORDS` does."""
    settings = ServiceSettings(
        environment="test",
        database_url=SecretStr(urls.app),
        machinery_database_url=SecretStr(urls.machinery),
        migrator_database_url=SecretStr(urls.migrator),
        kafka_bootstrap_servers="",
        keks=SecretStr(""),
    )
    arguments: Namespace = command_line(["relay", "worker", "all"]).parse_args(list(words))
    tool = chosen_tool(arguments)
    assert tool is not None
    return await tool.run(Site(settings, Blueprint("ledger")), arguments)


async def test_the_tools_speak_to_people_and_to_machines(
    listener: Listener, urls: Urls, owner: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    await dies(listener, 2)
    first, second = ids(owner)
    capsys.readouterr()
    assert await use(urls, "dead", "list") == 0
    assert "rejected" in capsys.readouterr().out
    assert await use(urls, "dead", "list", "--json", "--reason", "rejected") == 0
    assert json.loads(capsys.readouterr().out)["groups"][0]["records"] == 2
    assert await use(urls, "dead", "show", str(first)) == 0
    assert "WHAT TO DO" in capsys.readouterr().out
    assert await use(urls, "dead", "show", str(first), "--value") == 0
    assert '"sealed"' in capsys.readouterr().out
    assert await use(urls, "dead", "show", str(new_id())) == 1
    assert await use(urls, "dead", "drop", str(second), "--why", "garbage") == 0
    assert await use(urls, "dead", "redrive", "--all", "--by", BY) == 0
    assert "redriven: 1" in capsys.readouterr().out
    assert await use(urls, "dead", "redrive", str(first)) == 1
    for words in (["inbox"], ["relay", "status"], ["work"]):
        assert await use(urls, *words) == 0
        assert capsys.readouterr().out
        assert await use(urls, *words, "--json") == 0
        json.loads(capsys.readouterr().out)
    assert await use(urls, "relay", "retry", "7") == 1
    assert await use(urls, "events", "show", str(new_id())) == 1
    listener.policy = remember
    listener.worker = listener.another_worker()
    await listener.work()
    (stream,) = owner.execute("select stream from event").fetchone() or ("",)
    capsys.readouterr()
    assert await use(urls, "events", "show", str(stream)) == 0
    assert "sealed: identity" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["dead"], ["dead", "redrive"], ["dead", "drop", str(new_id())]])
async def test_a_wrong_command_line_ends_with_two(urls: Urls, words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        await use(urls, *words)
    assert ended.value.code == 2


def test_relay_alone_is_the_process() -> None:
    assert chosen_tool(command_line(["relay"]).parse_args(["relay"])) is None
