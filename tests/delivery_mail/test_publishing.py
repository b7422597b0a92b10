"""What others hear of a mail: never that it was delivered, never a name."""

import pytest
from tests.delivery_mail.mails import KEPT, MESSAGE_ID, PLAN, failed, in_doubt, intended
from tests.delivery_mail.requests import NOW

from delivery_mail.domain.decider import MAIL
from delivery_mail.domain.events import (
    DecidedByPerson,
    MailAccepted,
    MailEvent,
    MailRefused,
    MailWithdrawn,
    RequestSetAside,
    WithdrawalRefused,
    registry,
)
from delivery_mail.publishing import publish
from events.contracts.deliveries import (
    DeliveryAccepted,
    DeliveryEvent,
    DeliveryFailed,
    DeliverySent,
    DeliverySucceeded,
    DeliveryUncertain,
)
from events.registry import PublishedEvent

ACCEPTED = MailAccepted(number=1, at=NOW)
ASIDE = RequestSetAside(
    delivery=PLAN.delivery, attempt=PLAN.attempt, document=PLAN.document, at=NOW
)
REFUSED = MailRefused(reason="mailbox-full", text="Voll.", code="552", at=NOW)
HISTORIES: list[tuple[MailEvent, ...]] = [
    (PLAN, MailWithdrawn(at=NOW)),
    (PLAN, intended(), WithdrawalRefused(at=NOW), failed(), intended(2), ACCEPTED),
    (PLAN, intended(), *in_doubt(), DecidedByPerson(sent=True, at=NOW)),
    (PLAN, intended(), *in_doubt(reason="left-open"), DecidedByPerson(sent=False, at=NOW)),
    (PLAN, *in_doubt(0, "overdue")),
    (PLAN, REFUSED),
    (ASIDE, DecidedByPerson(sent=False, at=NOW)),
]


def told(history: tuple[MailEvent, ...]) -> list[PublishedEvent]:
    mail = MAIL.initial
    events: list[PublishedEvent] = []
    for event in history:
        after = MAIL.evolve(mail, event)
        events.extend(publish(mail, event, after))
        mail = after
    return events


def told_of_last(*history: MailEvent) -> list[PublishedEvent]:
    return told(history)[len(told(history[:-1])) :]


@pytest.mark.spec("EML-06")
def test_acceptance_is_told_as_accepted_and_sent() -> None:
    accepted, sent = told_of_last(PLAN, intended(), ACCEPTED)
    assert isinstance(accepted, DeliveryAccepted)
    assert (accepted.reference, accepted.sent_sha256) == (MESSAGE_ID, KEPT.sha256)
    assert isinstance(sent, DeliverySent)


@pytest.mark.spec("EML-06")
def test_nothing_is_ever_told_as_succeeded() -> None:
    events = [event for history in HISTORIES for event in told(history)]
    assert {type(event).__name__ for event in events} == {
        "DeliveryAccepted",
        "DeliveryFailed",
        "DeliveryNoted",
        "DeliverySent",
        "DeliveryUncertain",
        "DeliveryWithdrawalRefused",
        "DeliveryWithdrawn",
    }
    assert DeliverySucceeded not in {type(event) for event in events}


def test_every_kind_of_event_has_its_place_in_these_histories() -> None:
    kinds = {type(event) for history in HISTORIES for event in history}
    untold = {cls for cls in registry.names().values() if cls not in kinds}
    assert {cls.__name__ for cls in untold} == {"WithdrawalRemembered"}


def test_everything_told_names_the_delivery() -> None:
    for event in (event for history in HISTORIES for event in told(history)):
        assert isinstance(event, DeliveryEvent)
        assert (event.delivery, event.attempt, event.document, event.channel) == (
            PLAN.delivery,
            PLAN.attempt,
            PLAN.document,
            "mail",
        )


@pytest.mark.spec("EML-03")
@pytest.mark.parametrize("reason", ["outcome-unknown", "left-open", "overdue"])
def test_doubt_is_told_once_and_asks_for_a_person(reason: str) -> None:
    (doubt,) = [
        event
        for event in told((PLAN, intended(), *in_doubt(reason=reason)))
        if isinstance(event, DeliveryUncertain)
    ]
    assert (doubt.reason, doubt.needs_person) == (reason, True)


def test_a_refusal_is_told_with_reason_text_and_code() -> None:
    (refused,) = told_of_last(PLAN, REFUSED)
    assert isinstance(refused, DeliveryFailed)
    assert (refused.reason, refused.text, refused.code) == ("mailbox-full", "Voll.", "552")
