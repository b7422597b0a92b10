"""What can happen to a letter. The log of these is all that this service knows."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from events.contracts.deliveries import FileReference, LetterOptions, PostalAddress, Sender
from events.personal import Category, Personal
from events.registry import Event, Registry

registry = Registry()


@registry.event("letter.planned")
class LetterPlanned(Event):
    """The outbox asked for this letter; here is all that it takes to make it."""

    delivery: UUID
    attempt: int
    document: UUID
    contact: UUID
    batch: UUID
    files: tuple[FileReference, ...] = Field(min_length=1)
    sender: Sender
    options: LetterOptions
    requested_at: AwareDatetime
    planned_at: AwareDatetime
    salutation: Annotated[str | None, Personal("contact", Category.IDENTITY)] = None
    name_lines: Annotated[tuple[str, ...] | None, Personal("contact", Category.IDENTITY)] = None
    postal_address: Annotated[PostalAddress | None, Personal("contact", Category.COMMUNICATION)] = (
        None
    )
    address_lines: Annotated[
        tuple[str, ...] | None, Personal("contact", Category.COMMUNICATION)
    ] = None
    file_names: Annotated[tuple[str, ...] | None, Personal("contact", Category.NOTES)] = None


@registry.event("letter.withdrawal-remembered")
class WithdrawalRemembered(Event):
    """The withdrawal came before the request that it withdraws."""

    delivery: UUID
    attempt: int
    document: UUID
    at: AwareDatetime


@registry.event("letter.request-set-aside")
class RequestSetAside(Event):
    """The request could not be handled and lies among the dead: nothing happens by itself."""

    delivery: UUID
    attempt: int
    document: UUID
    at: AwareDatetime


@registry.event("letter.withdrawn")
class LetterWithdrawn(Event):
    """Nothing was sent, and nothing will be."""

    at: AwareDatetime


@registry.event("letter.withdrawal-refused")
class WithdrawalRefused(Event):
    """Too late: a submission had been intended."""

    at: AwareDatetime


@registry.event("letter.submission-intended")
class SubmissionIntended(Event):
    """We are about to hand over exactly these bytes. From here on, we may have done so."""

    number: int = Field(ge=1)
    letter: FileReference
    turned_pages: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    at: AwareDatetime


@registry.event("letter.submission-failed")
class SubmissionFailed(Event):
    """The provider certainly does not have it: it may be handed over again, from `retry_at` on."""

    number: int
    reason: str
    code: str
    retry_at: AwareDatetime
    at: AwareDatetime


@registry.event("letter.submission-uncertain")
class SubmissionUncertain(Event):
    """No answer, or one that says nothing: the provider may have the letter."""

    number: int
    reason: str
    at: AwareDatetime


@registry.event("letter.not-found")
class LetterNotFound(Event):
    """The provider was asked for our reference and knew nothing of it, for now."""

    at: AwareDatetime


@registry.event("letter.resubmission-allowed")
class ResubmissionAllowed(Event):
    """Asked twice, the provider has no such letter, and until then it refuses a second copy."""

    until: AwareDatetime
    at: AwareDatetime


@registry.event("letter.person-asked")
class PersonAsked(Event):
    """Nothing was proved in time: a person decides whether it was sent."""

    at: AwareDatetime


@registry.event("letter.unheard-of")
class LetterUnheardOf(Event):
    """The provider has it and does not mention it any more: a person finds out why."""

    at: AwareDatetime


@registry.event("letter.decided")
class DecidedByPerson(Event):
    """Somebody has found out whether the letter was sent."""

    sent: bool
    at: AwareDatetime


@registry.event("letter.accepted")
class LetterAccepted(Event):
    """The provider has it, under its own number."""

    post_number: int
    at: AwareDatetime
    adopted: bool = False


@registry.event("letter.doubled")
class LetterDoubled(Event):
    """The provider holds a second letter of ours: what must never happen has happened."""

    post_number: int
    at: AwareDatetime


@registry.event("letter.refused")
class LetterRefused(Event):
    """It can't be sent: by our own limits, or by the provider's word."""

    reason: str
    text: str
    code: str = ""
    permanent: bool = True
    at: AwareDatetime


@registry.event("letter.progressed")
class LetterProgressed(Event):
    """The provider has come further with it: `checked` or `at-print-centre`, or in progress."""

    stage: str
    status_id: int
    at: AwareDatetime


@registry.event("letter.sent")
class LetterSent(Event):
    """The print centre has produced it and handed it to the post: the provider's last good word."""

    at: AwareDatetime


@registry.event("letter.failed")
class LetterFailed(Event):
    """The provider could not process it after all."""

    reason: str
    text: str
    code: str = ""
    at: AwareDatetime


LetterEvent = (
    LetterPlanned
    | WithdrawalRemembered
    | RequestSetAside
    | LetterWithdrawn
    | WithdrawalRefused
    | SubmissionIntended
    | SubmissionFailed
    | SubmissionUncertain
    | LetterNotFound
    | ResubmissionAllowed
    | PersonAsked
    | LetterUnheardOf
    | DecidedByPerson
    | LetterAccepted
    | LetterDoubled
    | LetterRefused
    | LetterProgressed
    | LetterSent
    | LetterFailed
)
