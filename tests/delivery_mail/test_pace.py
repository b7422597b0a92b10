"""When the next step of a mail is due."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.delivery_mail.mails import PLAN, after, failed, in_doubt, intended
from tests.delivery_mail.requests import NOW

from delivery_mail.domain.decider import MAIL
from delivery_mail.domain.events import (
    DecidedByPerson,
    MailAccepted,
    MailEvent,
    MailRefused,
    MailWithdrawn,
)
from delivery_mail.domain.pace import Pace, Task

PACE = Pace(call_may_take=timedelta(minutes=30))
NOT_SENT = DecidedByPerson(sent=False, at=after(60))


def next_step(*history: MailEvent) -> object:
    return PACE.next_step(MAIL.fold(history))


def test_a_planned_mail_is_due_at_once_and_a_failed_one_when_it_may_be_tried_again() -> None:
    assert next_step(PLAN) == (Task.HAND_OVER, NOW)
    assert next_step(PLAN, intended(), failed()) == (Task.HAND_OVER, after(1))
    assert next_step(PLAN, intended(), *in_doubt(), NOT_SENT) == (Task.HAND_OVER, after(60))


def test_an_open_intent_is_settled_when_no_conversation_can_be_under_way() -> None:
    assert next_step(PLAN, intended(at=after(5))) == (Task.SETTLE, after(35))


@pytest.mark.spec("EML-03")
def test_nothing_else_happens_by_itself() -> None:
    refused = MailRefused(reason="mailbox-full", text="Voll.", at=NOW)
    assert next_step() is None
    assert next_step(PLAN, MailWithdrawn(at=NOW)) is None
    assert next_step(PLAN, refused) is None
    assert next_step(PLAN, intended(), MailAccepted(number=1, at=NOW)) is None
    assert next_step(PLAN, intended(), *in_doubt()) is None
    assert next_step(PLAN, *in_doubt(0, "overdue")) is None


@pytest.mark.spec("CHN-03")
@given(st.integers(1, 10_000), st.floats(0.5, 1.5))
def test_pauses_double_up_to_the_longest_and_are_spread(number: int, spread: float) -> None:
    unspread_s = min(60 * 2 ** min(number - 1, 10), 3600)
    assert PACE.back_off(number, spread) == timedelta(seconds=unspread_s) * spread


def test_a_mail_is_given_up_when_it_was_tried_for_too_long_since_the_last_decision() -> None:
    tried, given_back = [
        MAIL.fold([PLAN, intended(), *more]) for more in ([], [*in_doubt(), NOT_SENT])
    ]
    last = NOW + PACE.retry_for
    assert not PACE.is_in_vain(tried, last)
    assert PACE.is_in_vain(tried, last + timedelta(seconds=1))
    assert not PACE.is_in_vain(given_back, last + timedelta(seconds=1))
