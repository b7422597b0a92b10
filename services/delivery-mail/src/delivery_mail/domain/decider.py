"""What follows from what a mail is told. Nothing here lets the same mail leave twice.

SMTP knows no repetition: once the content has left, the same mail is handed over again only
after a person has found out that it was not sent.
"""

from datetime import datetime
from typing import assert_never

from delivery_mail.domain.commands import (
    DecideByPerson,
    DoubtAfterRestore,
    IntendHandover,
    MailCommand,
    PlanMail,
    RecordAcceptance,
    RecordFailedHandover,
    RecordRefusal,
    RecordUncertainty,
    SetRequestAside,
    WithdrawMail,
)
from delivery_mail.domain.events import (
    DecidedByPerson,
    HandoverFailed,
    HandoverIntended,
    HandoverUncertain,
    MailAccepted,
    MailEvent,
    MailRefused,
    MailWithdrawn,
    PersonAsked,
    RequestSetAside,
    WithdrawalRefused,
    WithdrawalRemembered,
)
from delivery_mail.domain.mail import Mail, Status, evolve
from events.decider import Decider, Rejected

_OPEN_OUTCOME = {Status.INTENDED, Status.ASKING}


class MailNotOpen(Rejected):
    """Nothing may be handed over: it was withdrawn, it is under way, or it is done."""


class NothingToDecide(Rejected):
    """Nobody was asked about this mail."""


def decide(command: MailCommand, mail: Mail) -> list[MailEvent]:
    """Say what follows from a command; raise `Rejected` to refuse it."""
    match command:
        case PlanMail():
            return _plan(command, mail)
        case WithdrawMail():
            return _withdraw(command, mail)
        case SetRequestAside():
            return _set_aside(command, mail)
        case DoubtAfterRestore():
            forgot = may_be_forgotten(mail, command.began_at)
            return _ask_a_person(mail.number, "restored", command.now) if forgot else []
        case IntendHandover():
            return _intend(command, mail)
        case RecordAcceptance():
            # The server's word outranks ours: it counts even after we gave up.
            old = mail.accepted or command.number > mail.number
            return [] if old else [MailAccepted(number=command.number, at=command.now)]
        case RecordFailedHandover() | RecordUncertainty() | RecordRefusal():
            return _end_handover(command, mail)
        case DecideByPerson():
            if mail.status not in {Status.ASKING, Status.SET_ASIDE}:
                raise NothingToDecide
            return [DecidedByPerson(sent=command.sent, at=command.now)]
        case _:
            assert_never(command)


def _plan(command: PlanMail, mail: Mail) -> list[MailEvent]:
    if mail.plan is not None:
        return []  # The same request again.
    if mail.status in {Status.SENT, Status.REFUSED}:
        return []  # A person has decided what became of it, while it lay among the dead.
    now = command.plan.planned_at
    withdrawn = mail.withdrawal is not None
    if command.overdue:
        # It may have been sent before our log was lost: only a person can tell.
        too_late = [WithdrawalRefused(at=now)] if withdrawn else []
        return [command.plan, *_ask_a_person(0, "overdue", now), *too_late]
    return [command.plan, MailWithdrawn(at=now)] if withdrawn else [command.plan]


def _set_aside(command: SetRequestAside, mail: Mail) -> list[MailEvent]:
    """Only who has never been able to read the request has something to ask."""
    if mail.status not in {Status.UNKNOWN, Status.WITHDRAWAL_REMEMBERED}:
        return []
    told = command
    return [
        RequestSetAside(
            delivery=told.delivery, attempt=told.attempt, document=told.document, at=told.now
        )
    ]


def _withdraw(command: WithdrawMail, mail: Mail) -> list[MailEvent]:
    match mail.status:
        case Status.UNKNOWN:
            told = command
            return [
                WithdrawalRemembered(
                    delivery=told.delivery,
                    attempt=told.attempt,
                    document=told.document,
                    at=told.now,
                )
            ]
        case Status.WITHDRAWAL_REMEMBERED | Status.WITHDRAWN:
            return []
        case _ if mail.withdrawal_refused:
            return []  # Who was told "too late" must not hear "withdrawn" from a repeat.
        case Status.PLANNED if may_be_forgotten(mail, command.began_at):
            doubt = _ask_a_person(mail.number, "restored", command.now)
            return [*doubt, WithdrawalRefused(at=command.now)]
        case Status.PLANNED:
            return [MailWithdrawn(at=command.now)]
        case _:
            return [WithdrawalRefused(at=command.now)]


def may_be_forgotten(mail: Mail, began_at: datetime | None) -> bool:
    """Whether it may have been sent in an earlier life of our database, which forgot it."""
    since = mail.trying_since
    if mail.status is not Status.PLANNED or began_at is None or since is None:
        return False
    return since < began_at


def _intend(command: IntendHandover, mail: Mail) -> list[MailEvent]:
    if mail.status is not Status.PLANNED:
        raise MailNotOpen
    assert mail.prepared in {None, command.message}, "a mail that was handed over was made anew"
    return [
        HandoverIntended(
            number=mail.number + 1,
            message=command.message,
            message_id=command.message_id,
            at=command.now,
        )
    ]


def _end_handover(
    command: RecordFailedHandover | RecordUncertainty | RecordRefusal, mail: Mail
) -> list[MailEvent]:
    if isinstance(command, RecordRefusal) and command.number is None:
        return [_refused(command)] if mail.status is Status.PLANNED else []
    if mail.status not in _OPEN_OUTCOME or command.number != mail.number:
        return []
    match command:
        case RecordFailedHandover():
            return [
                HandoverFailed(
                    number=command.number,
                    reason=command.reason,
                    code=command.code,
                    retry_at=command.retry_at,
                    at=command.now,
                )
            ]
        case RecordUncertainty():
            if mail.status is Status.ASKING:
                return []
            return _ask_a_person(command.number, command.reason, command.now)
        case RecordRefusal():
            return [_refused(command)]
        case _:
            assert_never(command)


def _ask_a_person(number: int, reason: str, now: datetime) -> list[MailEvent]:
    """There is nobody else to ask."""
    return [HandoverUncertain(number=number, reason=reason, at=now), PersonAsked(at=now)]


def _refused(command: RecordRefusal) -> MailRefused:
    return MailRefused(
        reason=command.reason,
        text=command.text,
        code=command.code,
        permanent=command.permanent,
        at=command.now,
    )


MAIL: Decider[MailCommand, Mail, MailEvent] = Decider(initial=Mail(), decide=decide, evolve=evolve)
