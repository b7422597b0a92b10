"""The rules of a letter: it leaves at most once, and once or a person is asked."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_epost.domain.commands import (
    DecideByPerson,
    IntendSubmission,
    LetterCommand,
    PlanLetter,
    RecordAcceptance,
    RecordFailedSubmission,
    RecordNoAnswer,
    RecordNotFound,
    RecordRefusal,
    RecordStage,
    RecordUncertainty,
    WithdrawLetter,
)
from delivery_epost.domain.decider import LETTER, LetterNotOpen, NothingToDecide
from delivery_epost.domain.events import (
    DecidedByPerson,
    LetterAccepted,
    LetterDoubled,
    LetterEvent,
    LetterFailed,
    LetterNotFound,
    LetterPlanned,
    LetterProgressed,
    LetterRefused,
    LetterSent,
    LetterWithdrawn,
    PersonAsked,
    ResubmissionAllowed,
    SubmissionFailed,
    SubmissionIntended,
    SubmissionUncertain,
    WithdrawalRefused,
    WithdrawalRemembered,
)
from delivery_epost.domain.letter import Letter, Status
from events.contracts.deliveries import FileReference, LetterOptions, Sender
from events.decider import Rejected
from events.testing.scenario import Scenario

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
WITHIN, GIVE_UP = 2700.0, 3600.0
DELIVERY = UUID(int=1)
FILE = FileReference(sha256="a" * 64, size_bytes=1000, pages=2)
LETTER_FILE = FileReference(sha256="b" * 64, size_bytes=2000, pages=3)

PLANNED = LetterPlanned(
    delivery=DELIVERY,
    attempt=1,
    document=UUID(int=2),
    contact=UUID(int=3),
    batch=UUID(int=4),
    files=(FILE,),
    sender=Sender(name="Lindenhof", street="Allee 1", postal_code="04109", town="Leipzig"),
    options=LetterOptions(),
    requested_at=NOW,
    planned_at=NOW,
)
INTENDED = SubmissionIntended(number=1, letter=LETTER_FILE, at=NOW)
UNCERTAIN = SubmissionUncertain(number=1, reason="no-answer", at=NOW)
FAILED = SubmissionFailed(number=1, reason="unreachable", code="", retry_at=LATER, at=NOW)
ACCEPTED = LetterAccepted(post_number=77, at=LATER)
NOT_FOUND = LetterNotFound(at=LATER)
UNTIL = NOW + timedelta(seconds=WITHIN)
ALLOWED = ResubmissionAllowed(until=UNTIL, at=LATER)
ASKED = PersonAsked(at=LATER)
REMEMBERED = WithdrawalRemembered(delivery=DELIVERY, attempt=1, document=PLANNED.document, at=NOW)

INTEND = IntendSubmission(LETTER_FILE, LATER)
ACCEPT = RecordAcceptance(77, LATER)
WITHDRAW = WithdrawLetter(DELIVERY, 1, PLANNED.document, NOW)
NOTHING_THERE = RecordNotFound(LATER, WITHIN, GIVE_UP)

letter = Scenario(LETTER)


def test_a_request_plans_the_letter_and_a_repeat_changes_nothing() -> None:
    letter.given().when(PlanLetter(PLANNED)).then(PLANNED)
    letter.given(PLANNED).when(PlanLetter(PLANNED)).then_nothing()


@pytest.mark.spec("CHN-05")
def test_a_withdrawal_before_the_request_is_remembered() -> None:
    letter.given().when(WITHDRAW).then(REMEMBERED)
    letter.given(REMEMBERED).when(PlanLetter(PLANNED)).then(PLANNED, LetterWithdrawn(at=NOW))


@pytest.mark.spec("CHN-05")
def test_a_letter_can_be_withdrawn_until_its_submission_is_intended() -> None:
    letter.given(PLANNED).when(WITHDRAW).then(LetterWithdrawn(at=NOW))
    letter.given(PLANNED, INTENDED).when(WITHDRAW).then(WithdrawalRefused(at=NOW))
    letter.given(PLANNED, INTENDED, FAILED).when(WITHDRAW).then(LetterWithdrawn(at=NOW))
    letter.given(PLANNED, INTENDED, UNCERTAIN, ALLOWED).when(WITHDRAW).then(
        WithdrawalRefused(at=NOW)
    )


def test_a_withdrawal_that_was_refused_stays_refused() -> None:
    refused = WithdrawalRefused(at=NOW)
    letter.given(PLANNED, INTENDED, refused).when(WITHDRAW).then_nothing()
    letter.given(PLANNED, INTENDED, refused, FAILED).when(WITHDRAW).then_nothing()


def test_a_withdrawn_letter_is_not_handed_over() -> None:
    letter.given(PLANNED, LetterWithdrawn(at=NOW)).when(INTEND).then_rejected(LetterNotOpen)


def test_only_one_submission_is_intended_at_a_time() -> None:
    letter.given(PLANNED).when(INTEND).then(
        SubmissionIntended(number=1, letter=LETTER_FILE, at=LATER)
    )
    letter.given(PLANNED, INTENDED).when(INTEND).then_rejected(LetterNotOpen)


def test_a_proven_failure_lets_it_be_handed_over_again() -> None:
    again = SubmissionIntended(number=2, letter=LETTER_FILE, at=LATER)
    letter.given(PLANNED, INTENDED, FAILED).when(INTEND).then(again)


@pytest.mark.spec("EPO-08")
def test_an_uncertain_letter_is_not_handed_over_before_the_provider_was_asked_twice() -> None:
    letter.given(PLANNED, INTENDED, UNCERTAIN).when(INTEND).then_rejected(LetterNotOpen)
    letter.given(PLANNED, INTENDED, UNCERTAIN).when(NOTHING_THERE).then(NOT_FOUND)
    letter.given(PLANNED, INTENDED, UNCERTAIN, NOT_FOUND).when(NOTHING_THERE).then(ALLOWED)


@pytest.mark.spec("EPO-08")
def test_the_second_copy_leaves_only_within_the_providers_failsafe() -> None:
    doubt = (PLANNED, INTENDED, UNCERTAIN, NOT_FOUND, ALLOWED)
    too_late = IntendSubmission(LETTER_FILE, UNTIL + timedelta(seconds=1))
    letter.given(*doubt).when(too_late).then(PersonAsked(at=too_late.now))


@pytest.mark.spec("EPO-08")
def test_after_an_hour_without_proof_a_person_is_asked() -> None:
    late = RecordNotFound(NOW + timedelta(seconds=GIVE_UP + 1), WITHIN, GIVE_UP)
    letter.given(PLANNED, INTENDED, UNCERTAIN, NOT_FOUND).when(late).then(PersonAsked(at=late.now))


def test_the_failsafe_counts_from_the_first_submission_in_doubt() -> None:
    second = SubmissionIntended(number=2, letter=LETTER_FILE, at=UNTIL - timedelta(minutes=1))
    doubt = (PLANNED, INTENDED, UNCERTAIN, NOT_FOUND, ALLOWED, second)
    assert letter.given(*doubt).state.doubt_since == NOW


def test_a_refused_second_copy_does_not_prove_that_the_first_was_refused() -> None:
    second = SubmissionIntended(number=2, letter=LETTER_FILE, at=LATER)
    refusal = RecordRefusal("format", "Format", LATER, number=2)
    letter.given(PLANNED, INTENDED, UNCERTAIN, NOT_FOUND, ALLOWED, second).when(refusal).then(
        SubmissionUncertain(number=2, reason="format", at=LATER)
    )


def test_a_refusal_ends_the_letter() -> None:
    refusal = RecordRefusal("too-many-pages", "zu lang", LATER, code="E304", number=1)
    refused = LetterRefused(reason="too-many-pages", text="zu lang", code="E304", at=LATER)
    letter.given(PLANNED, INTENDED).when(refusal).then(refused)


def test_an_acceptance_counts_whatever_we_believed() -> None:
    for history in ([UNCERTAIN], [UNCERTAIN, ASKED], [FAILED], []):
        letter.given(PLANNED, INTENDED, *history).when(ACCEPT).then(ACCEPTED)
    letter.given(PLANNED, INTENDED, ACCEPTED).when(ACCEPT).then_nothing()


def test_a_late_report_about_an_earlier_submission_changes_nothing() -> None:
    second = SubmissionIntended(number=2, letter=LETTER_FILE, at=LATER)
    late = RecordUncertainty(1, "no-answer", LATER)
    letter.given(PLANNED, INTENDED, FAILED, second).when(late).then_nothing()


def test_an_overdue_request_starts_uncertain_and_ends_with_a_person() -> None:
    uncertain = SubmissionUncertain(number=0, reason="overdue", at=NOW)
    letter.given().when(PlanLetter(PLANNED, overdue=True)).then(PLANNED, uncertain)
    letter.given(PLANNED, uncertain).when(INTEND).then_rejected(LetterNotOpen)
    letter.given(PLANNED, uncertain, NOT_FOUND).when(NOTHING_THERE).then(ASKED)


def test_a_person_decides_only_when_asked() -> None:
    sent = DecideByPerson(sent=True, now=LATER)
    letter.given(PLANNED, INTENDED).when(sent).then_rejected(NothingToDecide)
    letter.given(PLANNED, INTENDED, ASKED).when(sent).then(DecidedByPerson(sent=True, at=LATER))
    not_sent = DecidedByPerson(sent=False, at=LATER)
    again = SubmissionIntended(number=2, letter=LETTER_FILE, at=LATER)
    letter.given(PLANNED, INTENDED, ASKED, not_sent).when(INTEND).then(again)


@pytest.mark.spec("EPO-09")
def test_the_providers_stages_are_followed_and_99_outranks_the_print_centre() -> None:
    there = LetterProgressed(stage="at-print-centre", status_id=3, at=LATER)
    history = (PLANNED, INTENDED, ACCEPTED)
    letter.given(*history).when(stage("at-print-centre", 3)).then(there)
    letter.given(*history, there).when(stage("at-print-centre", 3)).then_nothing()
    letter.given(*history, there).when(stage("sent", 4)).then(LetterSent(at=LATER))
    failed = LetterFailed(reason="print", text="", at=LATER)
    letter.given(*history, there).when(stage("failed", 99, "print")).then(failed)
    letter.given(*history, there, failed).when(stage("sent", 4)).then_nothing()


def test_a_silent_provider_keeps_no_letter_in_doubt_for_ever() -> None:
    soon = RecordNoAnswer(LATER, GIVE_UP)
    late = RecordNoAnswer(NOW + timedelta(seconds=GIVE_UP + 1), GIVE_UP)
    overdue = SubmissionUncertain(number=0, reason="overdue", at=NOW)
    for history in ((PLANNED, INTENDED), (PLANNED, INTENDED, UNCERTAIN), (PLANNED, overdue)):
        letter.given(*history).when(soon).then_nothing()
        letter.given(*history).when(late).then(PersonAsked(at=late.now))
    letter.given(PLANNED, INTENDED, ACCEPTED).when(late).then_nothing()


def test_a_letter_in_doubt_has_not_failed_because_no_second_copy_can_be_made() -> None:
    gone = RecordRefusal("document-missing", "weg", LATER)
    doubt = (PLANNED, INTENDED, UNCERTAIN, NOT_FOUND, ALLOWED)
    letter.given(*doubt).when(gone).then(PersonAsked(at=LATER))
    letter.given(PLANNED).when(gone).then(
        LetterRefused(reason="document-missing", text="weg", at=LATER)
    )


def test_a_second_letter_at_the_post_is_told_once() -> None:
    doubled = LetterDoubled(post_number=78, at=LATER)
    another = RecordAcceptance(78, LATER)
    letter.given(PLANNED, INTENDED, ACCEPTED).when(another).then(doubled)
    letter.given(PLANNED, INTENDED, ACCEPTED, doubled).when(another).then_nothing()
    letter.given(PLANNED, INTENDED, ACCEPTED, doubled).when(ACCEPT).then_nothing()


def test_a_stage_of_another_letter_is_ignored() -> None:
    foreign = RecordStage(78, "sent", 4, LATER)
    letter.given(PLANNED, INTENDED, ACCEPTED).when(foreign).then_nothing()


def stage(name: str, status_id: int, reason: str = "") -> RecordStage:
    return RecordStage(77, name, status_id, LATER, reason=reason)


_minutes = st.integers(min_value=0, max_value=180)


@st.composite
def _any_command(draw: st.DrawFn, number: int) -> LetterCommand:
    now = NOW + timedelta(minutes=draw(_minutes))
    which = st.integers(min_value=max(number - 1, 0), max_value=number + 1)
    command: LetterCommand = draw(
        st.one_of(
            st.just(PlanLetter(PLANNED, overdue=draw(st.booleans()))),
            st.just(WithdrawLetter(DELIVERY, 1, PLANNED.document, now)),
            st.just(IntendSubmission(LETTER_FILE, now)),
            st.just(RecordFailedSubmission(draw(which), "unreachable", "", now, now)),
            st.just(RecordUncertainty(draw(which), "no-answer", now)),
            st.just(RecordNotFound(now, WITHIN, GIVE_UP)),
            st.just(DecideByPerson(sent=draw(st.booleans()), now=now)),
            st.just(RecordAcceptance(77, now)),
        )
    )
    return command


@given(st.data())
def test_whatever_comes_no_copy_leaves_outside_the_failsafe_while_another_is_in_doubt(
    data: st.DataObject,
) -> None:
    state, history = LETTER.initial, list[LetterEvent]()
    for _ in range(data.draw(st.integers(min_value=1, max_value=25))):
        command = data.draw(_any_command(state.number))
        try:
            events = LETTER.decide(command, state)
        except Rejected:
            continue
        for event in events:
            if isinstance(event, SubmissionIntended):
                _may_leave(event, state)
            state = LETTER.evolve(state, event)
        history += events
    if any(isinstance(event, LetterWithdrawn) for event in history):
        assert state.status in {Status.WITHDRAWN, Status.ACCEPTED}


def _may_leave(event: SubmissionIntended, before: Letter) -> None:
    assert before.status is Status.PLANNED
    if before.doubt_since is not None:
        assert before.resend_until is not None
        assert event.at <= before.doubt_since + timedelta(seconds=WITHIN)
