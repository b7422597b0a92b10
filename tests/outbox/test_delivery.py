"""The rules of a delivery, told as stories."""

from dataclasses import replace

import pytest
from tests.outbox.builders import (
    BASIS,
    BATCH,
    CONTACT,
    FILE,
    RECIPIENT,
    SENDER,
    UNKNOWN,
    answered,
    at,
    plan,
    planned,
)

from events.contracts.deliveries import Channel, MailOptions
from events.decider import Rejected
from events.testing.scenario import Scenario
from outbox.domain.checks import Reason
from outbox.domain.delivery.commands import (
    CheckDelivery,
    DropDelivery,
    PlanDelivery,
    RecordAnswer,
    RequestDelivery,
    WithdrawDelivery,
)
from outbox.domain.delivery.decider import DECIDER
from outbox.domain.delivery.events import (
    Answer,
    DeliveryChecked,
    DeliveryDropped,
    DeliveryEvent,
    DeliveryPlanned,
    DeliveryRequested,
    WithdrawalRequested,
)
from outbox.domain.delivery.rejections import (
    DeliveryAlreadyDelivered,
    DeliveryAlreadyRequested,
    DeliveryDroppedAlready,
    DeliveryFailedAlready,
    DeliveryNotDeliverable,
    DeliveryNotRequested,
    DeliveryUncertain,
    DeliveryUnknown,
    WithdrawalTooLate,
)
from outbox.domain.states import State

story = Scenario(DECIDER)
REQUEST = RequestDelivery(BASIS, BATCH, "Einladung.pdf", "anna", at(5))
WITHDRAW = WithdrawDelivery("anna", at(6))
DROPPED = DeliveryDropped(dropped_by="system", dropped_at=at(1))


def requested(attempt: int = 1, minute: int = 5) -> DeliveryRequested:
    return DeliveryRequested(
        contact=CONTACT,
        attempt=attempt,
        batch=BATCH,
        files=(FILE,),
        sender=SENDER,
        letter=plan().letter,
        requested_by="anna",
        requested_at=at(minute),
        short_name=RECIPIENT.short_name,
        salutation=RECIPIENT.salutation,
        name_lines=RECIPIENT.name_lines,
        postal_address=RECIPIENT.postal_address,
        address_lines=RECIPIENT.address_lines,
        mail_address=RECIPIENT.mail_address,
        file_names=("Einladung.pdf",),
    )


ASKED_BACK = WithdrawalRequested(attempt=1, requested_by="anna", requested_at=at(6))
UNKNOWN_RECIPIENT = (Reason("recipient-unknown"),)


def test_planning_checks_it() -> None:
    story.given().when(PlanDelivery(plan(), BASIS, at(0))).then(planned())
    story.given().when(PlanDelivery(plan(), UNKNOWN, at(0))).then(
        DeliveryPlanned(plan=plan(), reasons=UNKNOWN_RECIPIENT, planned_at=at(0))
    )


def test_planning_it_again_changes_nothing() -> None:
    story.given(planned()).when(PlanDelivery(plan(), BASIS, at(1))).then_nothing()


def test_a_dropped_one_can_be_planned_again() -> None:
    again = PlanDelivery(plan(by_hand=True), BASIS, at(0))

    story.given(planned(), DROPPED).when(again).then(planned(by_hand=True))


@pytest.mark.spec("OUT-11")
def test_a_check_says_something_only_when_its_outcome_is_new() -> None:
    red = DeliveryPlanned(plan=plan(), reasons=UNKNOWN_RECIPIENT, planned_at=at(0))

    story.given(red).when(CheckDelivery(UNKNOWN, at(1))).then_nothing()
    story.given(red).when(CheckDelivery(BASIS, at(1))).then(
        DeliveryChecked(reasons=(), against=RECIPIENT.stamp, checked_at=at(1))
    )
    assert standing(red) == (State.NOT_DELIVERABLE, 0)
    assert standing(red, DeliveryChecked(checked_at=at(1))) == (State.OPEN, 1)


def test_what_is_not_planned_or_dropped_is_not_checked() -> None:
    story.given().when(CheckDelivery(UNKNOWN, at(1))).then_nothing()
    story.given(planned(), DROPPED).when(CheckDelivery(UNKNOWN, at(1))).then_nothing()


@pytest.mark.spec("OUT-14")
def test_a_request_holds_all_that_the_channel_needs() -> None:
    story.given(planned()).when(REQUEST).then(requested())


@pytest.mark.spec("OUT-14")
def test_a_mail_carries_its_own_options_only() -> None:
    outcome = story.given(planned(Channel.MAIL)).when(REQUEST)

    outcome.then(requested().model_copy(update={"letter": None, "mail": MailOptions()}))


@pytest.mark.spec("OUT-14")
@pytest.mark.parametrize(
    ("history", "rejection"),
    [
        ([], DeliveryUnknown),
        ([planned(), DROPPED], DeliveryDroppedAlready),
        ([planned(), requested()], DeliveryAlreadyRequested),
        ([planned(), requested(), answered(Answer.ACCEPTED, 6)], DeliveryAlreadyRequested),
        ([planned(), requested(), answered(Answer.SENT, 6)], DeliveryAlreadyRequested),
        ([planned(), requested(), answered(Answer.SUCCEEDED, 6)], DeliveryAlreadyDelivered),
        ([planned(), requested(), answered(Answer.FAILED, 6)], DeliveryFailedAlready),
        ([planned(), requested(), answered(Answer.UNCERTAIN, 6)], DeliveryUncertain),
        # After a restore, the channel knows more than we do.
        ([planned(), answered(Answer.ACCEPTED, 6)], DeliveryAlreadyRequested),
        ([answered(Answer.ACCEPTED, 6)], DeliveryUnknown),
    ],
)
def test_nothing_is_sent_twice(history: list[DeliveryEvent], rejection: type[Rejected]) -> None:
    story.given(*history).when(REQUEST).then_rejected(rejection)


@pytest.mark.spec("OUT-10", "OUT-14")
def test_a_request_is_checked_against_what_is_known_now() -> None:
    outcome = story.given(planned()).when(replace(REQUEST, basis=UNKNOWN))

    outcome.then_rejected(DeliveryNotDeliverable)
    assert isinstance(outcome.rejection, DeliveryNotDeliverable)
    assert outcome.rejection.reasons == UNKNOWN_RECIPIENT


@pytest.mark.spec("OUT-10")
def test_reasons_that_are_gone_stand_in_nobodys_way() -> None:
    red = DeliveryPlanned(plan=plan(), reasons=UNKNOWN_RECIPIENT, planned_at=at(0))

    story.given(red).when(REQUEST).then(requested())


@pytest.mark.spec("OUT-03")
def test_only_what_was_never_requested_can_be_dropped() -> None:
    drop = DropDelivery(by_hand=False, by="system", now=at(1))

    story.given(planned()).when(drop).then(DROPPED)
    story.given().when(drop).then_nothing()
    story.given(planned(), DROPPED).when(drop).then_nothing()
    story.given(planned(), requested()).when(drop).then_rejected(DeliveryAlreadyRequested)
    withdrawn = answered(Answer.WITHDRAWN, 7)
    story.given(planned(), requested(), withdrawn).when(drop).then_rejected(
        DeliveryAlreadyRequested
    )


@pytest.mark.spec("OUT-15", "CHN-05")
def test_a_request_can_be_asked_back_once() -> None:
    story.given(planned(), requested()).when(WITHDRAW).then(ASKED_BACK)
    story.given(planned(), requested(), ASKED_BACK).when(WITHDRAW).then_nothing()


@pytest.mark.spec("OUT-15")
@pytest.mark.parametrize(
    ("history", "rejection"),
    [
        ([], DeliveryUnknown),
        ([planned()], DeliveryNotRequested),
        ([planned(), requested(), answered(Answer.ACCEPTED, 6)], WithdrawalTooLate),
        ([planned(), requested(), answered(Answer.UNCERTAIN, 6)], WithdrawalTooLate),
        (
            [planned(), requested(), ASKED_BACK, answered(Answer.WITHDRAWAL_REFUSED, 7)],
            WithdrawalTooLate,
        ),
    ],
)
def test_a_withdrawal_can_be_too_late(
    history: list[DeliveryEvent], rejection: type[Rejected]
) -> None:
    story.given(*history).when(WITHDRAW).then_rejected(rejection)


@pytest.mark.spec("OUT-15", "OUT-16")
def test_a_withdrawn_one_is_open_again_and_can_be_sent_again() -> None:
    withdrawn: list[DeliveryEvent] = [
        planned(),
        requested(),
        ASKED_BACK,
        answered(Answer.WITHDRAWN, 7),
    ]

    assert standing(*withdrawn) == (State.WITHDRAWN, 7)
    story.given(*withdrawn).when(WITHDRAW).then_nothing()
    story.given(*withdrawn).when(replace(REQUEST, now=at(8))).then(requested(2, 8))
    assert standing(*withdrawn, requested(2, 8)) == (State.REQUESTED, 8)


def test_a_withdrawn_one_that_fails_its_checks_is_not_deliverable() -> None:
    checked = DeliveryChecked(reasons=UNKNOWN_RECIPIENT, checked_at=at(6))
    history: list[DeliveryEvent] = [
        planned(),
        requested(),
        checked,
        answered(Answer.WITHDRAWN, 7),
    ]

    assert standing(planned(), requested(), checked) == (State.REQUESTED, 5)
    assert standing(*history) == (State.NOT_DELIVERABLE, 7)
    story.given(*history).when(WITHDRAW).then_nothing()


@pytest.mark.spec("OUT-16")
def test_an_answer_is_recorded_once() -> None:
    accepted = answered(Answer.ACCEPTED, 6)

    story.given(planned(), requested()).when(RecordAnswer(accepted)).then(accepted)
    story.given(planned(), requested(), accepted).when(RecordAnswer(accepted)).then_nothing()
    story.given().when(RecordAnswer(accepted)).then(accepted)


def standing(*history: DeliveryEvent) -> tuple[State, int] | None:
    """State, and minutes after noon since when."""
    found = DECIDER.fold(history).standing
    return (found.state, int((found.since - at(0)).total_seconds() // 60)) if found else None
