"""What a letter can be told to do, or told of."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from delivery_epost.domain.events import LetterPlanned
from events.contracts.deliveries import FileReference


@dataclass(frozen=True, slots=True)
class PlanLetter:
    """The outbox's request, already in our words; `overdue`: so old that it may have been sent."""

    plan: LetterPlanned
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class WithdrawLetter:
    delivery: UUID
    attempt: int
    document: UUID
    now: datetime
    began_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DoubtAfterRestore:
    """Our database's present life began at `began_at`: what was to be sent before may be sent."""

    began_at: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class SetRequestAside:
    """The request lies among the dead, where a person has to look at it."""

    delivery: UUID
    attempt: int
    document: UUID
    now: datetime


@dataclass(frozen=True, slots=True)
class IntendSubmission:
    """Permission to hand over these bytes, asked for before every single submission."""

    letter: FileReference
    now: datetime
    turned_pages: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordAcceptance:
    post_number: int
    now: datetime
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class RecordFailedSubmission:
    """Proof of non-acceptance of submission `number`."""

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
    """`number` is None where the letter could not even be made."""

    reason: str
    text: str
    now: datetime
    code: str = ""
    permanent: bool = True
    number: int | None = None


@dataclass(frozen=True, slots=True)
class RecordNotFound:
    """The provider does not know our reference. The windows are those of its failsafe."""

    now: datetime
    resend_within_s: float
    give_up_after_s: float


@dataclass(frozen=True, slots=True)
class RecordNoAnswer:
    """The provider was asked for our reference and did not answer."""

    now: datetime
    give_up_after_s: float


@dataclass(frozen=True, slots=True)
class RecordNoNews:
    """The provider was asked how far the letter has come, and did not mention it."""

    now: datetime


@dataclass(frozen=True, slots=True)
class RecordStage:
    """What the provider says of the letter: a stage and, at the end, why it failed."""

    post_number: int
    stage: str
    status_id: int
    now: datetime
    at: datetime | None = None
    reason: str = ""
    text: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class DecideByPerson:
    """Somebody has found out whether the letter was sent."""

    sent: bool
    now: datetime


LetterCommand = (
    PlanLetter
    | WithdrawLetter
    | SetRequestAside
    | DoubtAfterRestore
    | IntendSubmission
    | RecordAcceptance
    | RecordFailedSubmission
    | RecordUncertainty
    | RecordRefusal
    | RecordNotFound
    | RecordNoAnswer
    | RecordNoNews
    | RecordStage
    | DecideByPerson
)
