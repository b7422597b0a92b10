"""A mail as the rules see it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from delivery_mail.domain.events import (
    DecidedByPerson,
    HandoverFailed,
    HandoverIntended,
    HandoverUncertain,
    KeptMessage,
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


class Status(StrEnum):
    """Where a mail stands. INTENDED, UNCERTAIN and ASKING leave open whether the server has it."""

    UNKNOWN = "unknown"
    WITHDRAWAL_REMEMBERED = "withdrawal-remembered"
    SET_ASIDE = "set-aside"
    PLANNED = "planned"
    INTENDED = "intended"
    UNCERTAIN = "uncertain"
    ASKING = "asking"
    SENT = "sent"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Mail:
    """The state of one mail.

    `set_aside`: its request has lain among the dead. A mail that has ended without a plan has been
    decided by a person meanwhile.

    `number` counts the handovers; `accepted` says that the server itself has confirmed one.
    `doubt` is the slug of why a person was asked. `trying_since`: when it was planned, or given
    back to us by a person. `due_at`: when the next step may be taken.
    """

    status: Status = Status.UNKNOWN
    plan: MailPlanned | None = None
    withdrawal: WithdrawalRemembered | None = None
    set_aside: RequestSetAside | None = None
    withdrawal_refused: bool = False
    number: int = 0
    prepared: KeptMessage | None = None
    message_id: str = ""
    accepted: bool = False
    doubt: str = ""
    trying_since: datetime | None = None
    due_at: datetime | None = None


def evolve(mail: Mail, event: MailEvent) -> Mail:
    """Fold one fact into the state."""
    match event:
        case MailPlanned() | WithdrawalRemembered() | MailWithdrawn() | WithdrawalRefused():
            return _asked_for(mail, event)
        case HandoverIntended() | HandoverFailed() | MailAccepted():
            return _handing_over(mail, event)
        case HandoverUncertain() | PersonAsked() | DecidedByPerson():
            return _in_doubt(mail, event)
        case RequestSetAside():
            return replace(mail, status=Status.SET_ASIDE, set_aside=event)
        case MailRefused():
            return replace(mail, status=Status.REFUSED, due_at=None)
        case _:
            assert_never(event)


def _asked_for(
    mail: Mail, event: MailPlanned | WithdrawalRemembered | MailWithdrawn | WithdrawalRefused
) -> Mail:
    match event:
        case MailPlanned():
            at = event.planned_at
            return replace(
                mail,
                status=Status.PLANNED,
                plan=event,
                withdrawal=None,
                trying_since=at,
                due_at=at,
            )
        case WithdrawalRemembered():
            return replace(mail, status=Status.WITHDRAWAL_REMEMBERED, withdrawal=event)
        case MailWithdrawn():
            return replace(mail, status=Status.WITHDRAWN, due_at=None)
        case WithdrawalRefused():
            return replace(mail, withdrawal_refused=True)
        case _:
            assert_never(event)


def _handing_over(mail: Mail, event: HandoverIntended | HandoverFailed | MailAccepted) -> Mail:
    match event:
        case HandoverIntended():
            return replace(
                mail,
                status=Status.INTENDED,
                number=event.number,
                prepared=event.message,
                message_id=event.message_id,
                due_at=event.at,
            )
        case HandoverFailed():
            return replace(mail, status=Status.PLANNED, doubt="", due_at=event.retry_at)
        case MailAccepted():
            return replace(mail, status=Status.SENT, accepted=True, due_at=None)
        case _:
            assert_never(event)


def _in_doubt(mail: Mail, event: HandoverUncertain | PersonAsked | DecidedByPerson) -> Mail:
    match event:
        case HandoverUncertain():
            return replace(mail, status=Status.UNCERTAIN, doubt=event.reason, due_at=None)
        case PersonAsked():
            return replace(mail, status=Status.ASKING)
        case DecidedByPerson(sent=True):
            return replace(mail, status=Status.SENT)
        case DecidedByPerson() if mail.plan is None:
            return replace(mail, status=Status.REFUSED)
        case DecidedByPerson():
            at = event.at
            return replace(mail, status=Status.PLANNED, doubt="", trying_since=at, due_at=at)
        case _:
            assert_never(event)
