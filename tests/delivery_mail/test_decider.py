"""The rules of a mail: what has left may have arrived, and is never sent again by itself."""

import pytest
from tests.delivery_mail.mails import (
    KEPT,
    PLAN,
    SCENARIO,
    after,
    failed,
    in_doubt,
    intend,
    intended,
    withdraw,
)
from tests.delivery_mail.requests import NOW

from delivery_mail.domain.commands import (
    DecideByPerson,
    PlanMail,
    RecordAcceptance,
    RecordFailedHandover,
    RecordRefusal,
    RecordUncertainty,
    SetRequestAside,
)
from delivery_mail.domain.decider import MAIL, MailNotOpen, NothingToDecide
from delivery_mail.domain.events import (
    DecidedByPerson,
    MailAccepted,
    MailEvent,
    MailRefused,
    MailWithdrawn,
    RequestSetAside,
    WithdrawalRefused,
    WithdrawalRemembered,
)
from delivery_mail.domain.mail import Mail
from delivery_mail.publishing import publish
from events.contracts.deliveries import DeliveryFailed, DeliverySent, DeliveryUncertain

REMEMBERED = WithdrawalRemembered(
    delivery=PLAN.delivery, attempt=PLAN.attempt, document=PLAN.document, at=NOW
)
WITHDRAWN = MailWithdrawn(at=NOW)
ACCEPTED = MailAccepted(number=1, at=NOW)
REFUSED = MailRefused(reason="recipient-unknown", text="Unbekannt.", code="550", at=NOW)
REFUSAL = RecordRefusal("recipient-unknown", "Unbekannt.", NOW, code="550", number=1)
FAILURE = RecordFailedHandover(1, "recipient-deferred", "450", after(1), NOW)
UNKNOWN = RecordUncertainty(1, "outcome-unknown", NOW)

ENDED: list[tuple[MailEvent, ...]] = [
    (PLAN, WITHDRAWN),
    (PLAN, REFUSED),
    (PLAN, intended(), ACCEPTED),
    (PLAN, intended(), REFUSED),
    (PLAN, intended(), *in_doubt()),
    (PLAN, intended(), *in_doubt(), DecidedByPerson(sent=True, at=NOW)),
]


def test_a_request_plans_a_mail() -> None:
    SCENARIO.given().when(PlanMail(PLAN)).then(PLAN)


def test_a_request_among_the_dead_waits_for_a_person_or_for_being_read() -> None:
    aside = RequestSetAside(
        delivery=PLAN.delivery, attempt=PLAN.attempt, document=PLAN.document, at=NOW
    )
    order = SetRequestAside(PLAN.delivery, PLAN.attempt, PLAN.document, NOW)
    SCENARIO.given().when(order).then(aside)
    SCENARIO.given(PLAN).when(order).then_nothing()
    SCENARIO.given(aside).when(order).then_nothing()
    SCENARIO.given(aside).when(PlanMail(PLAN)).then(PLAN)
    SCENARIO.given(REMEMBERED, aside).when(PlanMail(PLAN)).then(PLAN, WITHDRAWN)
    (asked,) = publish(Mail(), aside, MAIL.fold([aside]))
    assert isinstance(asked, DeliveryUncertain)
    assert asked.needs_person
    for sent, tells in ((True, DeliverySent), (False, DeliveryFailed)):
        decided = DecidedByPerson(sent=sent, at=NOW)
        SCENARIO.given(aside).when(DecideByPerson(sent, NOW)).then(decided)
        SCENARIO.given(aside, decided).when(PlanMail(PLAN)).then_nothing()
        (told,) = publish(Mail(), decided, MAIL.fold([aside, decided]))
        assert type(told) is tells


def test_a_repeated_request_changes_nothing() -> None:
    SCENARIO.given(PLAN).when(PlanMail(PLAN)).then_nothing()
    for history in ENDED:
        SCENARIO.given(*history).when(PlanMail(PLAN)).then_nothing()


@pytest.mark.spec("CHN-05")
def test_a_withdrawal_before_the_intent_is_honoured() -> None:
    SCENARIO.given(PLAN).when(withdraw()).then(WITHDRAWN)


@pytest.mark.spec("CHN-05")
def test_a_withdrawal_between_two_handovers_is_honoured() -> None:
    SCENARIO.given(PLAN, intended(), failed()).when(withdraw()).then(WITHDRAWN)


@pytest.mark.spec("CHN-05")
def test_a_withdrawal_before_the_request_is_remembered_and_honoured() -> None:
    SCENARIO.given().when(withdraw()).then(REMEMBERED)
    SCENARIO.given(REMEMBERED).when(PlanMail(PLAN)).then(PLAN, WITHDRAWN)


@pytest.mark.spec("CHN-05")
@pytest.mark.parametrize("history", [(PLAN, intended()), *ENDED[1:]])
def test_a_withdrawal_after_the_intent_is_too_late_and_told_once(
    history: tuple[MailEvent, ...],
) -> None:
    too_late = WithdrawalRefused(at=NOW)
    SCENARIO.given(*history).when(withdraw()).then(too_late)
    SCENARIO.given(*history, too_late).when(withdraw()).then_nothing()


@pytest.mark.spec("CHN-05")
def test_who_was_told_too_late_does_not_hear_withdrawn_from_a_repeat() -> None:
    too_late = WithdrawalRefused(at=NOW)
    SCENARIO.given(PLAN, intended(), too_late, failed()).when(withdraw()).then_nothing()


def test_a_planned_mail_may_be_handed_over() -> None:
    SCENARIO.given(PLAN).when(intend()).then(intended())


@pytest.mark.spec("EML-03")
@pytest.mark.parametrize("history", [(), (PLAN, intended()), *ENDED])
def test_nothing_else_may_be_handed_over(history: tuple[MailEvent, ...]) -> None:
    SCENARIO.given(*history).when(intend()).then_rejected(MailNotOpen)


@pytest.mark.spec("CHN-03")
def test_a_proven_failure_lets_the_same_bytes_be_handed_over_again() -> None:
    SCENARIO.given(PLAN, intended()).when(FAILURE).then(failed())
    SCENARIO.given(PLAN, intended(), failed()).when(intend()).then(intended(2))


def test_other_bytes_than_before_are_a_bug() -> None:
    other = KEPT.model_copy(update={"size_bytes": 1})
    with pytest.raises(AssertionError, match="made anew"):
        SCENARIO.given(PLAN, intended(), failed()).when(intend(message=other))


@pytest.mark.spec("EML-06")
def test_acceptance_by_the_server_is_the_end() -> None:
    SCENARIO.given(PLAN, intended()).when(RecordAcceptance(1, NOW)).then(ACCEPTED)
    SCENARIO.given(PLAN, intended(), ACCEPTED).when(RecordAcceptance(1, NOW)).then_nothing()


@pytest.mark.spec("EML-03")
def test_an_unknown_outcome_is_for_a_person_at_once() -> None:
    SCENARIO.given(PLAN, intended()).when(UNKNOWN).then(*in_doubt())
    SCENARIO.given(PLAN, intended(), *in_doubt()).when(UNKNOWN).then_nothing()


@pytest.mark.spec("EML-03")
def test_an_overdue_request_is_for_a_person_at_once() -> None:
    asked = in_doubt(0, "overdue")
    SCENARIO.given().when(PlanMail(PLAN, overdue=True)).then(PLAN, *asked)
    SCENARIO.given(PLAN, *asked).when(intend()).then_rejected(MailNotOpen)


@pytest.mark.spec("CHN-05")
def test_an_overdue_request_can_not_be_withdrawn_whichever_comes_first() -> None:
    asked, too_late = in_doubt(0, "overdue"), WithdrawalRefused(at=NOW)
    SCENARIO.given(PLAN, *asked).when(withdraw()).then(too_late)
    SCENARIO.given(REMEMBERED).when(PlanMail(PLAN, overdue=True)).then(PLAN, *asked, too_late)


def test_whoever_knows_the_outcome_may_tell_it_after_a_person_was_asked() -> None:
    asked = SCENARIO.given(PLAN, intended(), *in_doubt(reason="left-open"))
    asked.when(RecordAcceptance(1, NOW)).then(ACCEPTED)
    asked.when(FAILURE).then(failed())
    asked.when(REFUSAL).then(REFUSED)


def test_a_late_acceptance_counts_even_after_the_mail_was_given_up() -> None:
    SCENARIO.given(PLAN, intended(), REFUSED).when(RecordAcceptance(1, NOW)).then(ACCEPTED)


@pytest.mark.parametrize("late", [FAILURE, UNKNOWN, REFUSAL])
def test_what_is_told_of_an_earlier_handover_does_not_touch_the_later_one(
    late: RecordFailedHandover | RecordUncertainty | RecordRefusal,
) -> None:
    SCENARIO.given(PLAN, intended(), failed(), intended(2)).when(late).then_nothing()


def test_an_acceptance_that_nobody_can_have_got_is_ignored() -> None:
    SCENARIO.given(PLAN).when(RecordAcceptance(1, NOW)).then_nothing()


@pytest.mark.spec("EML-03")
def test_a_refusal_by_the_server_is_the_end() -> None:
    SCENARIO.given(PLAN, intended()).when(REFUSAL).then(REFUSED)


def test_a_mail_that_can_not_be_made_is_refused() -> None:
    refusal = RecordRefusal("recipient-unknown", "Unbekannt.", NOW, code="550")
    SCENARIO.given(PLAN).when(refusal).then(REFUSED)
    SCENARIO.given(PLAN, intended()).when(refusal).then_nothing()


def test_a_person_decides_only_where_one_was_asked() -> None:
    for history in ((), (PLAN,), (PLAN, intended()), (PLAN, intended(), ACCEPTED)):
        decision = DecideByPerson(sent=True, now=NOW)
        SCENARIO.given(*history).when(decision).then_rejected(NothingToDecide)


@pytest.mark.spec("EML-03")
def test_only_a_person_lets_a_mail_in_doubt_be_handed_over_again() -> None:
    doubtful = (PLAN, intended(), *in_doubt())
    decided = DecidedByPerson(sent=False, at=NOW)
    SCENARIO.given(*doubtful).when(DecideByPerson(sent=False, now=NOW)).then(decided)
    SCENARIO.given(*doubtful, decided).when(intend()).then(intended(2))


def test_a_mail_that_a_person_has_found_to_be_sent_stays_sent() -> None:
    doubtful = (PLAN, intended(), *in_doubt())
    decided = DecidedByPerson(sent=True, at=NOW)
    SCENARIO.given(*doubtful).when(DecideByPerson(sent=True, now=NOW)).then(decided)
    SCENARIO.given(*doubtful, decided).when(DecideByPerson(sent=False, now=NOW)).then_rejected(
        NothingToDecide
    )
