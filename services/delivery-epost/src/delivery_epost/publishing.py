"""Our events -> what other services hear of a letter."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

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
    LetterUnheardOf,
    LetterWithdrawn,
    PersonAsked,
    RequestSetAside,
    ResubmissionAllowed,
    SubmissionFailed,
    SubmissionIntended,
    SubmissionUncertain,
    WithdrawalRefused,
    WithdrawalRemembered,
)
from delivery_epost.domain.letter import Letter, Status
from delivery_epost.texts import text
from events.contracts.deliveries import (
    NO_NEWS,
    Channel,
    DeliveryAccepted,
    DeliveryFailed,
    DeliveryNoted,
    DeliverySent,
    DeliverySucceeded,
    DeliveryUncertain,
    DeliveryWithdrawalRefused,
    DeliveryWithdrawn,
)
from events.registry import PublishedEvent

_SET_ASIDE = "request-set-aside"


def publish(_: Letter, event: LetterEvent, after: Letter) -> Iterable[PublishedEvent]:
    """What is told of an event; the provider's stages 3 and 4 are *sent* and *succeeded*."""
    match event:
        case LetterPlanned() | WithdrawalRemembered():
            return []
        case LetterWithdrawn():
            return [DeliveryWithdrawn(**_told(after, event.at))]
        case WithdrawalRefused():
            return [DeliveryWithdrawalRefused(**_told(after, event.at))]
        case LetterAccepted() | LetterProgressed() | LetterSent() | LetterDoubled():
            return _at_the_post(event, after)
        case LetterRefused() | LetterFailed():
            return [_failed(event, after)]
        case SubmissionIntended() | SubmissionFailed() | ResubmissionAllowed() | LetterNotFound():
            return _attempts(event, after)
        case RequestSetAside() | PersonAsked() | LetterUnheardOf():
            return [_person_asked(event, after)]
        case SubmissionUncertain() | DecidedByPerson():
            return _in_doubt(event, after)
        case _:
            assert_never(event)


def _at_the_post(
    event: LetterAccepted | LetterProgressed | LetterSent | LetterDoubled, after: Letter
) -> list[PublishedEvent]:
    told = _told(after, event.at)
    match event:
        case LetterAccepted():
            prepared = after.prepared
            return [
                DeliveryAccepted(
                    **told,
                    reference=str(event.post_number),
                    pages=prepared.pages if prepared else None,
                    sent_sha256=prepared.sha256 if prepared else None,
                )
            ]
        case LetterProgressed(stage="at-print-centre"):
            return [DeliverySent(**told)]
        case LetterProgressed():
            return [DeliveryNoted(**told, note=event.stage, text=text(event.stage))]
        case LetterSent():
            return [DeliverySucceeded(**told)]
        case LetterDoubled():
            return [DeliveryNoted(**told, note="doubled", text=text("doubled"))]
        case _:
            assert_never(event)


def _failed(event: LetterRefused | LetterFailed, after: Letter) -> PublishedEvent:
    return DeliveryFailed(
        **_told(after, event.at),
        reason=event.reason,
        text=event.text,
        permanent=event.permanent if isinstance(event, LetterRefused) else True,
        code=event.code or None,
    )


def _attempts(
    event: SubmissionIntended | SubmissionFailed | ResubmissionAllowed | LetterNotFound,
    after: Letter,
) -> list[PublishedEvent]:
    told = _told(after, event.at)
    match event:
        case SubmissionIntended():
            notes = ("submission-intended", *event.notes)
        case SubmissionFailed():
            notes = ("submission-failed",)
        case ResubmissionAllowed():
            notes = ("resubmission-allowed",)
        case LetterNotFound():
            notes = ()
        case _:
            assert_never(event)
    return [DeliveryNoted(**told, note=note, text=text(note)) for note in notes]


def _person_asked(
    event: RequestSetAside | PersonAsked | LetterUnheardOf, after: Letter
) -> PublishedEvent:
    match event:
        case RequestSetAside():
            reason = _SET_ASIDE
        case PersonAsked():
            reason = "no-proof"
        case LetterUnheardOf():
            reason = NO_NEWS
        case _:
            assert_never(event)
    told = _told(after, event.at)
    return DeliveryUncertain(**told, reason=reason, text=text(reason), needs_person=True)


def _in_doubt(event: SubmissionUncertain | DecidedByPerson, after: Letter) -> list[PublishedEvent]:
    told = _told(after, event.at)
    match event:
        case SubmissionUncertain():
            slug = event.reason if event.reason in {"overdue", "restored"} else "uncertain"
            return [DeliveryUncertain(**told, reason=event.reason, text=text(slug))]
        case DecidedByPerson(sent=True):
            return [DeliverySucceeded(**told)]
        case DecidedByPerson() if after.status is Status.FAILED:
            reason = _SET_ASIDE if after.plan is None else NO_NEWS
            failed = f"{reason}-not-sent"
            return [DeliveryFailed(**told, reason=reason, text=text(failed), permanent=False)]
        case DecidedByPerson():
            note = "decided-not-sent"
            return [DeliveryNoted(**told, note=note, text=text(note))]
        case _:
            assert_never(event)


def _told(letter: Letter, at: datetime) -> dict[str, Any]:
    """What every answer says; some are given before the letter itself is known."""
    source = letter.plan or letter.set_aside or letter.withdrawal
    assert source is not None
    ids: dict[str, UUID | int] = {
        "delivery": source.delivery,
        "attempt": source.attempt,
        "document": source.document,
    }
    return {**ids, "channel": Channel.EPOST, "at": at}
