"""What a mail can be told to do, or told of."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from delivery_mail.domain.events import KeptMessage, MailPlanned


@dataclass(frozen=True, slots=True)
class PlanMail:
    """The outbox's request, already in our words; `overdue`: so old that it may have been sent."""

    plan: MailPlanned
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class WithdrawMail:
    delivery: UUID
    attempt: int
    document: UUID
    now: datetime
    began_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SetRequestAside:
    """The request lies among the dead, where a person has to look at it."""

    delivery: UUID
    attempt: int
    document: UUID
    now: datetime


@dataclass(frozen=True, slots=True)
class DoubtAfterRestore:
    """Our database's present life began at `began_at`: what was to be sent before may be sent."""

    began_at: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class IntendHandover:
    """Permission to hand over these bytes, asked for before every single handover."""

    message: KeptMessage
    message_id: str
    now: datetime


@dataclass(frozen=True, slots=True)
class RecordAcceptance:
    number: int
    now: datetime


@dataclass(frozen=True, slots=True)
class RecordFailedHandover:
    """Proof of non-acceptance of handover `number`."""

    number: int
    reason: str
    code: str
    retry_at: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class RecordUncertainty:
    number: int
    reason: str
    now: datetime


@dataclass(frozen=True, slots=True)
class RecordRefusal:
    """`number` is None where the mail could not even be written."""

    reason: str
    text: str
    now: datetime
    code: str = ""
    permanent: bool = True
    number: int | None = None


@dataclass(frozen=True, slots=True)
class DecideByPerson:
    """Somebody has found out whether the mail was sent."""

    sent: bool
    now: datetime


MailCommand = (
    PlanMail
    | WithdrawMail
    | SetRequestAside
    | DoubtAfterRestore
    | IntendHandover
    | RecordAcceptance
    | RecordFailedHandover
    | RecordUncertainty
    | RecordRefusal
    | DecideByPerson
)
