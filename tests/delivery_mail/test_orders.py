"""Requests and withdrawals come to the same end in every order, however often they come."""

import dataclasses
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from tests.delivery_mail.channel import channel_settings, hear
from tests.delivery_mail.requests import NOW, a_request, withdrawal_of

import stack
from delivery_mail.application.desk import MAILS
from delivery_mail.domain.decider import MAIL
from delivery_mail.domain.mail import Mail, Status
from delivery_mail.intake import hears
from delivery_mail.wiring import blueprint
from events.contracts.deliveries import (
    Channel,
    DeliveryRequested,
    DeliveryWithdrawalRequested,
    sending_id,
)
from events.hearing import Policy
from events.ids import new_id
from events.service import Machinery, machinery
from events.stream import Cause, Heard, Order
from events.testing.orders import every_order
from events.testing.postgres import fresh_database

pytestmark = pytest.mark.spec("CHN-05")

OVERDUE_AFTER = timedelta(hours=72)
Told = DeliveryRequested | DeliveryWithdrawalRequested


def a_story(requested_at: datetime = NOW) -> list[Told]:
    """One attempt that is withdrawn, and the next one, which is not."""
    first = a_request(requested_at=requested_at)
    second = first.model_copy(update={"attempt": 2})
    return [first, withdrawal_of(first), second]


def heard(event: Told) -> Heard:
    return Heard(
        id=new_id(),
        source="outbox",
        mandant=UUID(int=1),
        stream=event.delivery,
        epoch=1,
        version=1,
        at=NOW,
        heard_at=NOW,
        event=event,
        cause=Cause(UUID(int=2)),
    )


def orders_to(event: Told) -> Sequence[Order]:
    policy: Policy = hears(OVERDUE_AFTER)[type(event)]  # type: ignore[assignment] # no reactions
    return policy(heard(event))


def end_of(story: Sequence[Told]) -> dict[UUID, Mail]:
    mails: dict[UUID, Mail] = {}
    for order in (order for event in story for order in orders_to(event)):
        mail = mails.get(order.stream, MAIL.initial)
        mails[order.stream] = MAIL.fold(MAIL.decide(order.command, mail), mail)
    return mails


@pytest.mark.parametrize("age", [timedelta(), OVERDUE_AFTER + timedelta(seconds=1)])
def test_the_rules_come_to_the_same_end(age: timedelta) -> None:
    story = a_story(requested_at=NOW - age)
    ends = [end_of(told) for told in every_order(story)]

    assert all(end == ends[0] for end in ends)
    first, second = (ends[0][sending_id(story[0].delivery, attempt)] for attempt in (1, 2))
    assert (first.status, first.withdrawal_refused, second.status) == (
        (Status.ASKING, True, Status.ASKING) if age else (Status.WITHDRAWN, False, Status.PLANNED)
    )


def test_other_channels_are_none_of_our_business() -> None:
    letter = a_request(channel=Channel.EPOST)
    assert not orders_to(letter)
    assert not orders_to(withdrawal_of(letter))


@pytest.fixture
async def parts(postgres: stack.PostgresServer, tmp_path: Path) -> AsyncIterator[Machinery]:
    with fresh_database(postgres.admin_url(), "delivery_mail") as database:
        settings = channel_settings(database, tmp_path, kafka="", smtp_port=1)
        async with machinery(settings, blueprint(settings), clock=lambda: NOW) as running:
            yield running


async def test_inlet_and_worker_come_to_the_same_end(parts: Machinery) -> None:
    """Each repeat is an event of its own, so that deduplication can't help."""
    ends = []
    for told in every_order(a_story()):
        mandant = new_id()
        ends.append(await _end_in_the_log(parts, mandant, _renamed(told)))

    assert all(end == ends[0] for end in ends)
    assert [mail.status for mail in ends[0]] == [Status.WITHDRAWN, Status.PLANNED]


def _renamed(story: Sequence[Told]) -> list[Told]:
    """The story of another delivery to somebody else."""
    delivery, contact = new_id(), new_id()
    return [event.model_copy(update={"delivery": delivery, "contact": contact}) for event in story]


async def _end_in_the_log(parts: Machinery, mandant: UUID, story: Sequence[Told]) -> list[Mail]:
    await hear(parts, mandant, *story)
    mails = []
    for attempt in (1, 2):
        stream = sending_id(story[0].delivery, attempt)
        order = Order(MAILS, stream, mandant, None, Cause(stream))
        mail = await parts.commands.state(order)
        assert isinstance(mail, Mail)
        assert mail.plan is not None
        mails.append(dataclasses.replace(mail, plan=None))
    return mails
