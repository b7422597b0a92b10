"""What a delivery's answers come to, in whatever order and however often they arrive."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.outbox.builders import answered, at, planned
from tests.outbox.test_delivery import ASKED_BACK, REQUEST, requested

from events.contracts.deliveries import Channel
from events.decider import Rejected
from events.testing.orders import every_order
from outbox.domain.delivery.commands import RecordAnswer
from outbox.domain.delivery.decider import DECIDER
from outbox.domain.delivery.events import Answer, DeliveryAnswered
from outbox.domain.delivery.state import Delivery
from outbox.domain.states import State

ACCEPTED, SENT = answered(Answer.ACCEPTED, 6), answered(Answer.SENT, 8)
NO_NEWS = answered(Answer.UNCERTAIN, 8, needs_person=True, reason="no-news")
SUCCEEDED, NOTED = answered(Answer.SUCCEEDED, 9), answered(Answer.NOTED, 7)


def told(state: Delivery, answers: Sequence[DeliveryAnswered]) -> Delivery:
    """The state after the channel has told all this, one by one."""
    for answer in answers:
        state = DECIDER.fold(DECIDER.decide(RecordAnswer(answer), state), state)
    return state


def outcome(*answers: DeliveryAnswered, channel: Channel = Channel.EPOST) -> tuple[State, int]:
    state = told(DECIDER.fold([planned(channel), requested()]), answers)
    assert state.standing is not None
    return state.standing.state, int((state.standing.since - at(0)).total_seconds() // 60)


@pytest.mark.spec("OUT-16", "OUT-19")
@pytest.mark.parametrize(
    ("answers", "state", "since"),
    [
        ([], State.REQUESTED, 5),
        ([NOTED], State.REQUESTED, 5),
        ([ACCEPTED], State.ACCEPTED, 6),
        ([ACCEPTED, SENT], State.IN_PROGRESS, 8),
        ([ACCEPTED, SENT, SUCCEEDED], State.DELIVERED, 9),
        ([SUCCEEDED, answered(Answer.SENT, 11)], State.DELIVERED, 9),
        ([ACCEPTED, answered(Answer.FAILED, 7)], State.FAILED, 7),
        ([SENT, answered(Answer.FAILED, 10)], State.FAILED, 10),
        ([SENT, answered(Answer.FAILED, 8)], State.FAILED, 8),
        ([answered(Answer.FAILED, 5), ACCEPTED], State.ACCEPTED, 6),
        ([answered(Answer.FAILED, 5), SENT, answered(Answer.FAILED, 9)], State.FAILED, 9),
        ([SUCCEEDED, answered(Answer.FAILED, 20)], State.FAILED, 20),
        ([answered(Answer.UNCERTAIN, 7)], State.UNCERTAIN, 7),
        ([answered(Answer.UNCERTAIN, 7), ACCEPTED], State.ACCEPTED, 6),
        ([answered(Answer.UNCERTAIN, 7), answered(Answer.FAILED, 6)], State.FAILED, 6),
        ([ACCEPTED, NO_NEWS], State.UNCERTAIN, 8),
        ([ACCEPTED, NO_NEWS, answered(Answer.SENT, 9)], State.IN_PROGRESS, 9),
        ([ACCEPTED, NO_NEWS, answered(Answer.SUCCEEDED, 7)], State.DELIVERED, 7),
        ([ACCEPTED, NO_NEWS, answered(Answer.FAILED, 9)], State.FAILED, 9),
        ([answered(Answer.WITHDRAWN, 7)], State.WITHDRAWN, 7),
        ([answered(Answer.WITHDRAWN, 7), ACCEPTED], State.ACCEPTED, 6),
        ([answered(Answer.WITHDRAWAL_REFUSED, 7)], State.REQUESTED, 5),
    ],
)
def test_the_facts_decide(answers: list[DeliveryAnswered], state: State, since: int) -> None:
    assert outcome(*answers) == (state, since)


@pytest.mark.spec("OUT-19")
def test_a_mail_is_green_when_the_recipients_server_has_it_and_red_when_it_bounces() -> None:
    assert outcome(SENT, channel=Channel.MAIL) == (State.DELIVERED, 8)
    bounced = outcome(SENT, answered(Answer.FAILED, 60), channel=Channel.MAIL)
    assert bounced == (State.FAILED, 60)


@pytest.mark.spec("OUT-16", "PLT-01")
@pytest.mark.parametrize(
    "answers",
    [
        [ACCEPTED, NOTED, SENT, SUCCEEDED],
        [ACCEPTED, SENT, answered(Answer.FAILED, 30), answered(Answer.UNCERTAIN, 31)],
        [answered(Answer.UNCERTAIN, 6), ACCEPTED, answered(Answer.WITHDRAWAL_REFUSED, 7), SENT],
        [ACCEPTED, NO_NEWS, answered(Answer.SENT, 9), SUCCEEDED],
        [answered(Answer.WITHDRAWN, 7), answered(Answer.NOTED, 6)],
        [answered(Answer.FAILED, 7), answered(Answer.ACCEPTED, 7), SENT, SUCCEEDED],
    ],
)
def test_every_order_and_repetition_ends_the_same(answers: list[DeliveryAnswered]) -> None:
    begun = DECIDER.fold([planned(), requested(), ASKED_BACK])
    expected = told(begun, answers)

    for order in every_order(answers):
        assert told(begun, order) == expected


ANSWERS = st.builds(
    answered, st.sampled_from(Answer), st.integers(0, 9), attempt=st.sampled_from([1, 2])
)


@pytest.mark.spec("OUT-16", "PLT-01")
@given(st.lists(ANSWERS, max_size=8), st.randoms(use_true_random=False))
def test_any_facts_about_any_attempts_in_any_order(
    answers: list[DeliveryAnswered], chance: st.DataObject
) -> None:
    shuffled = [*answers, *answers[:3]]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # it is a random.Random

    begun = DECIDER.fold([planned(), requested()])

    assert told(begun, shuffled) == told(begun, answers)


@pytest.mark.spec("OUT-16")
def test_what_is_told_about_an_earlier_attempt_only_enters_the_timeline() -> None:
    again = DECIDER.fold([planned(), requested(), answered(Answer.WITHDRAWN, 7), requested(2, 8)])

    late = told(again, [answered(Answer.FAILED, 9, attempt=1)])

    assert late.standing == again.standing
    assert late.heard - again.heard
    assert told(again, [answered(Answer.ACCEPTED, 9, attempt=2)]).standing != again.standing


@pytest.mark.spec("OUT-14", "OUT-16")
@given(st.lists(ANSWERS, max_size=5))
def test_while_something_may_have_left_the_house_nothing_is_sent_again(
    answers: list[DeliveryAnswered],
) -> None:
    state = told(DECIDER.fold([planned(), requested()]), answers)
    current = {answer.answer for answer in answers if answer.attempt == state.attempt}

    try:
        DECIDER.decide(REQUEST, state)
    except Rejected:
        return
    assert Answer.WITHDRAWN in current
    assert not current & {Answer.ACCEPTED, Answer.SENT, Answer.SUCCEEDED}


ASKING, WAITING = (
    answered(Answer.UNCERTAIN, 7, needs_person=True),
    answered(Answer.UNCERTAIN, 6),
)


@pytest.mark.spec("OUT-18")
@pytest.mark.parametrize(
    ("answers", "needed"),
    [
        ([], False),
        ([WAITING], False),
        ([WAITING, ASKING], True),
        ([ASKING, NOTED], True),
        ([ASKING, answered(Answer.UNCERTAIN, 8)], False),
        ([ASKING, ACCEPTED], False),
        ([ASKING, answered(Answer.FAILED, 9)], False),
    ],
)
def test_a_person_decides_what_is_uncertain_and_lately_said_to_need_one(
    answers: list[DeliveryAnswered], *, needed: bool
) -> None:
    begun = DECIDER.fold([planned(), requested()])

    for order in every_order(answers):
        assert told(begun, order).needs_decision is needed
