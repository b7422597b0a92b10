"""A request that lies among the dead is answered for, and nobody waits for ever."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import orjson
import psycopg
import pytest
from tests.delivery_epost.test_decider import (
    ACCEPTED,
    DELIVERY,
    INTENDED,
    LATER,
    NOW,
    PLANNED,
    REMEMBERED,
    WITHDRAW,
    letter,
)
from tests.delivery_epost.test_hearing import REQUESTED

import stack
from delivery_epost.domain.commands import DecideByPerson, PlanLetter, RecordNoNews, SetRequestAside
from delivery_epost.domain.decider import LETTER
from delivery_epost.domain.events import (
    DecidedByPerson,
    LetterEvent,
    LetterNotFound,
    LetterProgressed,
    LetterUnheardOf,
    LetterWithdrawn,
    RequestSetAside,
    WithdrawalRefused,
)
from delivery_epost.domain.letter import Letter, Status
from delivery_epost.domain.pace import Pace
from delivery_epost.intake import SET_ASIDE, hears
from delivery_epost.publishing import publish
from events.contracts.deliveries import (
    NO_NEWS,
    Channel,
    DeliveryFailed,
    DeliveryRequested,
    DeliverySucceeded,
    DeliveryUncertain,
)
from events.ids import new_id
from events.keyring import Keyring
from events.operator.dead import Dead
from events.service import Blueprint, Machinery, machinery
from events.settings import ServiceSettings
from events.store import Record
from events.testing.keys import random_keks
from events.testing.postgres import Urls, fresh_database
from events.testing.speaker import Speaker, as_consumed

ASIDE = RequestSetAside(delivery=DELIVERY, attempt=1, document=PLANNED.document, at=NOW)
SET = SetRequestAside(DELIVERY, 1, PLANNED.document, NOW)
MANDANT = new_id()
SLEPT = [LetterNotFound(at=LATER)] * 7


def test_only_a_request_that_was_never_read_is_set_aside() -> None:
    letter.given().when(SET).then(ASIDE)
    letter.given(REMEMBERED).when(SET).then(ASIDE)
    letter.given(ASIDE).when(SET).then_nothing()
    letter.given(PLANNED).when(SET).then_nothing()
    letter.given(PLANNED, INTENDED).when(SET).then_nothing()


def test_a_request_that_is_read_after_all_goes_its_way() -> None:
    letter.given(ASIDE).when(PlanLetter(PLANNED)).then(PLANNED)
    letter.given(REMEMBERED, ASIDE).when(PlanLetter(PLANNED)).then(PLANNED, LetterWithdrawn(at=NOW))
    letter.given(ASIDE).when(WITHDRAW).then(WithdrawalRefused(at=NOW))


@pytest.mark.parametrize("sent", [True, False])
def test_a_person_may_end_it_and_then_it_is_never_sent(*, sent: bool) -> None:
    decided = DecidedByPerson(sent=sent, at=LATER)
    letter.given(ASIDE).when(DecideByPerson(sent, LATER)).then(decided)
    letter.given(ASIDE, decided).when(PlanLetter(PLANNED)).then_nothing()
    after = LETTER.fold([ASIDE, decided])
    (told,) = publish(Letter(), decided, after)
    assert type(told) is (DeliverySucceeded if sent else DeliveryFailed)
    assert Pace().next_step(after) is None


def test_what_the_post_does_not_mention_is_asked_for_ever_less_often_then_of_a_person() -> None:
    under_way: list[LetterEvent] = [PLANNED, INTENDED, ACCEPTED]
    silent = RecordNoNews(LATER)
    lost = LetterUnheardOf(at=LATER)
    for silences in range(7):
        given = [*under_way, *SLEPT[:silences]]
        letter.given(*given).when(silent).then(LetterNotFound(at=LATER))
        assert Pace().next_step(LETTER.fold(given)) == (
            "poll",
            LATER + timedelta(minutes=15) * 2**silences,
        )
    letter.given(*under_way, *SLEPT).when(silent).then(lost)
    heard = LetterProgressed(stage="at-print-centre", status_id=3, at=LATER)
    letter.given(*under_way, *SLEPT, heard).when(silent).then(LetterNotFound(at=LATER))
    letter.given(PLANNED, INTENDED).when(silent).then_nothing()

    after = LETTER.fold([*under_way, *SLEPT, lost])
    assert (after.status, Pace().next_step(after)) == (Status.ASKING, None)
    (told,) = publish(after, lost, after)
    assert isinstance(told, DeliveryUncertain)
    assert (told.reason, told.needs_person) == (NO_NEWS, True)


def test_an_accepted_letter_that_a_person_calls_unsent_does_not_leave_again() -> None:
    lost: list[LetterEvent] = [PLANNED, INTENDED, ACCEPTED, *SLEPT, LetterUnheardOf(at=LATER)]
    decided = DecidedByPerson(sent=False, at=LATER)
    letter.given(*lost).when(DecideByPerson(sent=False, now=LATER)).then(decided)
    after = LETTER.fold([*lost, decided])
    assert (after.status, Pace().next_step(after)) == (Status.FAILED, None)
    (told,) = publish(after, decided, after)
    assert isinstance(told, DeliveryFailed)
    assert not told.permanent


@pytest.fixture
def urls(postgres: stack.PostgresServer) -> Iterator[Urls]:
    with fresh_database(postgres.admin_url(), "delivery_epost") as urls:
        yield urls


@pytest.fixture
async def parts(urls: Urls) -> AsyncIterator[Machinery]:
    settings = ServiceSettings.model_validate(
        {
            "environment": "test",
            "database_url": urls.app,
            "machinery_database_url": urls.machinery,
            "migrator_database_url": urls.migrator,
            "kafka_bootstrap_servers": "",
            "keks": random_keks(),
        }
    )
    blueprint = Blueprint(
        "delivery-epost",
        hears=hears(timedelta(hours=10**5)),
        channel=Channel.EPOST,
        set_aside=SET_ASIDE,
    )
    async with machinery(settings, blueprint) as running:
        yield running


def request(parts: Machinery, **changes: object) -> tuple[Record, Record]:
    """A good request, and the same one as nobody can read it."""
    event = DeliveryRequested.model_validate({**REQUESTED.model_dump(), **changes})
    keyring = Keyring.from_text(parts.settings.keks.get_secret_value())
    (good,) = Speaker(keyring, "outbox").records(MANDANT, event)
    value = orjson.loads(good.value) | {"files": "none"}
    return good, replace(good, value=orjson.dumps(value))


async def hear(parts: Machinery, *records: Record) -> None:
    consumed = [as_consumed(record, offset) for offset, record in enumerate(records)]
    await parts.inlet.take(consumed)
    while await parts.worker.work():
        pass


def told(urls: Urls) -> list[tuple[str, UUID]]:
    with psycopg.connect(urls.migrator) as connection:
        rows = connection.execute("select topic, value from relay order by seq").fetchall()
    return [(topic, UUID(orjson.loads(value)["delivery"])) for topic, value in rows]


@pytest.mark.spec("CHN-01")
@pytest.mark.spec("PLT-02")
async def test_a_buried_request_asks_for_a_person_and_proceeds_once_it_is_mended(
    parts: Machinery, urls: Urls, tmp_path: Path
) -> None:
    assert tmp_path
    delivery = new_id()
    good, bad = request(parts, delivery=delivery)
    await hear(parts, bad)
    assert told(urls) == [("DeliveryUncertain", delivery)]
    dead = Dead(parts.machinery_database)
    ((record,),) = [(await dead.find()).records]
    assert record.reason.startswith("unreadable: DeliveryRequested")

    await dead.redrive([record.id], "nora")
    while await parts.worker.work():
        pass
    assert told(urls) == [("DeliveryUncertain", delivery)]
    with psycopg.connect(urls.migrator) as connection:
        connection.execute("update dead set value = %s", (good.value,))
    await dead.redrive([record.id], "nora")
    while await parts.worker.work():
        pass
    with psycopg.connect(urls.migrator) as connection:
        connection.execute("select set_config('app.mandants', %s, false)", (str(MANDANT),))
        rows = connection.execute("select type from event where stream = %s", (delivery,))
        assert [kind for (kind,) in rows] == ["letter.request-set-aside", "letter.planned"]


async def test_what_contradicts_itself_is_buried_and_answered_by_nobody(
    parts: Machinery, urls: Urls
) -> None:
    delivery = new_id()
    _, bad = request(parts, delivery=delivery)
    unsaid = [
        replace(bad, key=str(new_id()).encode()),
        replace(bad, value=b"{}"),
        replace(bad, value=b"\xff"),
        replace(bad, value=bad.value.replace(b'"epost"', b'"mail"')),
        replace(bad, headers=tuple(h for h in bad.headers if h[0] != "ce_mandant")),
    ]
    odd = [
        replace(one, headers=(("ce_id", str(new_id()).encode()), *one.headers[2:]))
        for one in unsaid
    ]
    await hear(parts, *odd)
    assert told(urls) == []
    assert len((await Dead(parts.machinery_database).find()).records) == len(odd)


async def test_another_mandants_letter_is_not_called_uncertain(
    parts: Machinery, urls: Urls
) -> None:
    delivery = new_id()
    good, bad = request(parts, delivery=delivery)
    stranger = dict(bad.headers) | {
        "ce_mandant": str(new_id()).encode(),
        "ce_id": str(new_id()).encode(),
    }
    await hear(parts, good)
    await hear(parts, replace(bad, headers=tuple(stranger.items())))
    assert told(urls) == []
    assert [one.reason for one in (await Dead(parts.machinery_database).find()).records] == [
        "foreign-mandant"
    ]
