"""Our events -> what other services hear of a mail."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

from delivery_mail.domain.events import (
    DecidedByPerson,
    HandoverFailed,
    HandoverIntended,
    HandoverUncertain,
    MailAccepted,
    MailEvent,
    MailPlanned,
    MailRefused,
    MailWithdrawn,
    PersonAsked,
    RequestSetAside,
    WithdrawalRefused,
    WithdrawalRemembered,
)
from delivery_mail.domain.mail import Mail
from delivery_mail.texts import text
from events.contracts.deliveries import (
    Channel,
    DeliveryAccepted,
    DeliveryFailed,
    DeliveryNoted,
    DeliverySent,
    DeliveryUncertain,
    DeliveryWithdrawalRefused,
    DeliveryWithdrawn,
)
from events.registry import PublishedEvent

_SET_ASIDE = "request-set-aside"


def publish(_: Mail, event: MailEvent, after: Mail) -> Iterable[PublishedEvent]:
    """What is told of an event. No mail ever *succeeds*: acceptance is all that SMTP tells."""
    match event:
        case MailPlanned() | WithdrawalRemembered():
            return []
        case MailWithdrawn():
            return [DeliveryWithdrawn(**_told(after, event.at))]
        case WithdrawalRefused():
            return [DeliveryWithdrawalRefused(**_told(after, event.at))]
        case HandoverIntended() | HandoverFailed() | HandoverUncertain():
            return [_noted(event, after)]
        case RequestSetAside() | PersonAsked():
            reason = _SET_ASIDE if isinstance(event, RequestSetAside) else after.doubt
            told = _told(after, event.at)
            return [DeliveryUncertain(**told, reason=reason, text=text(reason), needs_person=True)]
        case MailAccepted() | DecidedByPerson():
            return _sent(event, after)
        case MailRefused():
            return [_failed(event, after)]
        case _:
            assert_never(event)


def _noted(
    event: HandoverIntended | HandoverFailed | HandoverUncertain, after: Mail
) -> PublishedEvent:
    match event:
        case HandoverIntended():
            note, figures = "handover-intended", {}
        case HandoverFailed():
            note, figures = "handover-failed", {"why": text(event.reason, code=event.code)}
        case HandoverUncertain():
            note, figures = "handover-uncertain", {}
        case _:
            assert_never(event)
    return DeliveryNoted(**_told(after, event.at), note=note, text=text(note, **figures))


def _sent(event: MailAccepted | DecidedByPerson, after: Mail) -> list[PublishedEvent]:
    told = _told(after, event.at)
    match event:
        case MailAccepted():
            assert after.prepared is not None
            sha256 = after.prepared.sha256
            accepted = DeliveryAccepted(**told, reference=after.message_id, sent_sha256=sha256)
            return [accepted, DeliverySent(**told)]
        case DecidedByPerson(sent=True):
            return [DeliverySent(**told)]
        case DecidedByPerson() if after.plan is None:
            ended = text(f"{_SET_ASIDE}-not-sent")
            return [DeliveryFailed(**told, reason=_SET_ASIDE, text=ended, permanent=False)]
        case DecidedByPerson():
            note = "decided-not-sent"
            return [DeliveryNoted(**told, note=note, text=text(note))]
        case _:
            assert_never(event)


def _failed(event: MailRefused, after: Mail) -> PublishedEvent:
    return DeliveryFailed(
        **_told(after, event.at),
        reason=event.reason,
        text=event.text,
        permanent=event.permanent,
        code=event.code or None,
    )


def _told(mail: Mail, at: datetime) -> dict[str, Any]:
    """What every answer says; some are given before the request could be read."""
    source = mail.plan or mail.set_aside
    assert source is not None
    ids: dict[str, UUID | int] = {
        "delivery": source.delivery,
        "attempt": source.attempt,
        "document": source.document,
    }
    return {**ids, "channel": Channel.MAIL, "at": at}
