"""The life of one mail, fact by fact, for the tests of its rules."""

from datetime import datetime, timedelta
from typing import Any

from tests.delivery_mail.requests import NOW, a_request

from delivery_mail.domain.commands import IntendHandover, WithdrawMail
from delivery_mail.domain.decider import MAIL
from delivery_mail.domain.events import (
    HandoverFailed,
    HandoverIntended,
    HandoverUncertain,
    KeptMessage,
    MailPlanned,
    PersonAsked,
)
from events.contracts.deliveries import MailOptions
from events.testing.scenario import Scenario

SCENARIO = Scenario(MAIL)
KEPT = KeptMessage(sha256="cd" * 32, size_bytes=6000)
MESSAGE_ID = "<1@lindenhof.example>"


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def planned(**changes: Any) -> MailPlanned:
    request = a_request(**changes)
    fields = request.model_dump(exclude={"channel", "batch", "letter", "mail", "name_lines"})
    plan = {name: fields[name] for name in MailPlanned.model_fields.keys() & fields.keys()}
    options = request.mail or MailOptions()
    return MailPlanned.model_validate({**plan, "options": options, "planned_at": NOW})


PLAN = planned()


def intended(number: int = 1, at: datetime = NOW) -> HandoverIntended:
    return HandoverIntended(number=number, message=KEPT, message_id=MESSAGE_ID, at=at)


def failed(number: int = 1, at: datetime = NOW) -> HandoverFailed:
    reason, code = "recipient-deferred", "450"
    retry_at = at + timedelta(minutes=1)
    return HandoverFailed(number=number, reason=reason, code=code, retry_at=retry_at, at=at)


def in_doubt(number: int = 1, reason: str = "outcome-unknown", at: datetime = NOW) -> Any:
    return (HandoverUncertain(number=number, reason=reason, at=at), PersonAsked(at=at))


def intend(at: datetime = NOW, message: KeptMessage = KEPT) -> IntendHandover:
    return IntendHandover(message, MESSAGE_ID, at)


def withdraw(at: datetime = NOW) -> WithdrawMail:
    return WithdrawMail(PLAN.delivery, PLAN.attempt, PLAN.document, at)
