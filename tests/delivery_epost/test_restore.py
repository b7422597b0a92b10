"""After a restore, and on an empty database, no letter leaves that may have left before."""

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from tests.delivery_epost.channel import LetterChannel, all_processes, channel_settings, until
from tests.delivery_epost.test_decider import NOW, PLANNED

import stack
from delivery_epost.domain.commands import DoubtAfterRestore, WithdrawLetter
from delivery_epost.domain.decider import LETTER
from delivery_epost.domain.events import (
    DecidedByPerson,
    PersonAsked,
    ResubmissionAllowed,
    SubmissionIntended,
    SubmissionUncertain,
    WithdrawalRefused,
)
from delivery_epost.domain.letter import Status
from delivery_epost.ports import Access
from epost_simulator.control import Control
from events.contracts.deliveries import DeliveryAccepted, DeliveryUncertain, FileReference
from events.ids import new_id
from events.testing.kafka import empty_topics
from events.testing.postgres import fresh_database

LATER = NOW + timedelta(minutes=5)
MUCH_LATER = NOW + timedelta(minutes=9)
FILE = FileReference(sha256="a" * 64, size_bytes=10, pages=1)


@pytest.mark.spec("PLT-33", "CHN-01", "EPO-08")
async def test_a_channel_whose_database_is_lost_finds_its_letters_and_sends_none_again(
    servers: stack.Servers, simulator: Control, access: Access, tmp_path: Path
) -> None:
    await empty_topics(servers.kafka.bootstrap_servers)
    folder = tmp_path / "documents"
    with fresh_database(servers.postgres.admin_url(), "delivery_epost") as database:
        settings = channel_settings(servers, database, folder, simulator, access)
        channel = LetterChannel(servers.kafka.bootstrap_servers, settings, simulator)
        request = await channel.request()
        async with all_processes(settings):
            await channel.say(request)
            await channel.until_told(request.delivery, DeliveryAccepted)
    never_sent = await channel.request()
    await channel.say(never_sent)
    with fresh_database(servers.postgres.admin_url(), "delivery_epost") as empty:
        lost = channel_settings(servers, empty, folder, simulator, access)
        async with all_processes(lost.model_copy(update={"keks": settings.keks})):
            await until(lambda: len(states(empty.migrator, "letter.person-asked")) == 1)
            await until(lambda: len(states(empty.migrator, "letter.accepted")) == 1)
            await channel.until_told(never_sent.delivery, DeliveryUncertain)
        assert states(empty.migrator, "letter.submission-intended") == []
        assert states(empty.migrator, "letter.accepted") == [request.delivery]
    assert len(channel.letters(request.delivery)) == 1
    assert len(channel.letters(never_sent.delivery)) == 0


def states(url: str, event: str) -> list[object]:
    with psycopg.connect(url) as connection:
        found = connection.execute("select stream from event where type = %s", (event,))
        return [stream for (stream,) in found.fetchall()]


@pytest.mark.spec("PLT-33")
def test_after_a_restore_what_was_to_be_sent_is_in_doubt_until_a_person_has_spoken() -> None:
    planned = LETTER.fold([PLANNED])
    doubt = DoubtAfterRestore(LATER, MUCH_LATER)
    (told,) = LETTER.decide(doubt, planned)
    assert told == SubmissionUncertain(number=0, reason="restored", at=MUCH_LATER)

    doubted = LETTER.fold([told, PersonAsked(at=MUCH_LATER)], planned)
    assert LETTER.decide(doubt, doubted) == []
    decided = LETTER.fold([DecidedByPerson(sent=False, at=MUCH_LATER)], doubted)
    assert decided.status is Status.PLANNED
    assert LETTER.decide(doubt, decided) == []


def test_a_letter_planned_since_then_is_not_in_doubt() -> None:
    assert LETTER.decide(DoubtAfterRestore(NOW, LATER), LETTER.fold([PLANNED])) == []


def test_what_the_failsafe_protects_may_leave_once_more_after_a_restore_too() -> None:
    letter = LETTER.fold(
        [
            PLANNED,
            SubmissionIntended(number=1, letter=FILE, at=NOW),
            ResubmissionAllowed(until=MUCH_LATER, at=LATER),
        ]
    )
    assert LETTER.decide(DoubtAfterRestore(LATER, LATER), letter) == []


@pytest.mark.spec("PLT-33", "CHN-05")
def test_a_withdrawal_after_a_restore_comes_too_late() -> None:
    withdraw = WithdrawLetter(new_id(), 1, new_id(), MUCH_LATER, LATER)
    told = LETTER.decide(withdraw, LETTER.fold([PLANNED]))
    assert [type(event) for event in told] == [SubmissionUncertain, WithdrawalRefused]
