"""Requests and withdrawals come to the same end in any order, once or often."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from delivery_epost.application.desk import LETTERS
from delivery_epost.domain.decider import LETTER
from delivery_epost.domain.letter import Letter, Status
from delivery_epost.intake import hears
from events.contracts.deliveries import (
    Channel,
    DeliveryRequested,
    DeliveryWithdrawalRequested,
    FileReference,
    Sender,
)
from events.contracts.topics import TOPICS
from events.hearing import Policy
from events.ids import new_id
from events.registry import PublishedEvent
from events.stream import Cause, Heard, Order
from events.testing.orders import every_order

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DELIVERY = UUID(int=1)
REQUESTED = DeliveryRequested(
    delivery=DELIVERY,
    attempt=1,
    document=UUID(int=2),
    channel=Channel.EPOST,
    contact=UUID(int=3),
    batch=UUID(int=4),
    files=(FileReference(sha256="a" * 64, size_bytes=10, pages=1),),
    sender=Sender(name="Lindenhof", street="Allee 1", postal_code="04109", town="Leipzig"),
    requested_at=NOW,
)
WITHDRAWAL = DeliveryWithdrawalRequested(
    delivery=DELIVERY, attempt=1, document=UUID(int=2), channel=Channel.EPOST, requested_at=NOW
)
_HEARS = hears(timedelta(hours=72))


def orders(event: PublishedEvent, now: datetime) -> Sequence[Order]:
    cause = Cause(new_id())
    heard = Heard(new_id(), "outbox", UUID(int=9), DELIVERY, 1, 1, NOW, now, event, cause)
    policy: Policy = _HEARS[type(event)]  # type: ignore[assignment] # this service has no reactions
    return policy(heard)


def hear(letter: Letter, event: PublishedEvent, now: datetime = NOW) -> Letter:
    """What the policy makes of an event, decided and folded; nothing is deduplicated."""
    for order in orders(event, now):
        assert order.kind is LETTERS
        letter = LETTER.fold(LETTER.decide(order.command, letter), letter)
    return letter


@pytest.mark.spec("CHN-05")
@pytest.mark.parametrize(
    ("age", "end"),
    [(timedelta(), Status.WITHDRAWN), (timedelta(hours=73), Status.UNCERTAIN)],
)
def test_every_order_and_repetition_ends_in_the_same_state(age: timedelta, end: Status) -> None:
    story: list[PublishedEvent] = [REQUESTED, WITHDRAWAL]
    ends = set()
    for order in every_order(story):
        letter = LETTER.initial
        for event in order:
            letter = hear(letter, event, NOW + age)
        ends.add((letter.status, letter.number, letter.withdrawal_refused))
    assert ends == {(end, 0, end is Status.UNCERTAIN)}


def test_a_request_for_another_channel_is_none_of_our_business() -> None:
    for_mail = REQUESTED.model_copy(update={"channel": Channel.MAIL})
    assert hear(LETTER.initial, for_mail) == LETTER.initial


def test_a_request_that_is_three_days_old_starts_uncertain() -> None:
    late = NOW + timedelta(hours=73)
    assert hear(LETTER.initial, REQUESTED, late).status is Status.UNCERTAIN
    assert hear(LETTER.initial, REQUESTED, NOW).status is Status.PLANNED


def test_a_second_attempt_is_a_letter_of_its_own() -> None:
    second = REQUESTED.model_copy(update={"attempt": 2})
    react = _HEARS[DeliveryRequested]
    heard = Heard(
        new_id(), "outbox", UUID(int=9), DELIVERY, 1, 1, NOW, NOW, second, Cause(new_id())
    )
    policy: Policy = react  # type: ignore[assignment] # this service has no reactions
    (order,) = policy(heard)
    assert order.stream != DELIVERY


def test_what_it_hears_is_in_the_topic_table() -> None:
    assert {cls.__name__ for cls in _HEARS} <= TOPICS.keys()
