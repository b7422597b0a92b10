"""What can happen to a mail. The log of these is all that this service knows."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from events.contracts.deliveries import FileReference, MailOptions, Sender
from events.personal import Category, Personal
from events.registry import Event, Registry

registry = Registry()


class KeptMessage(BaseModel):
    """Where the exact bytes of a mail lie in the document store."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int = Field(ge=1)


@registry.event("mail.planned")
class MailPlanned(Event):
    """The outbox asked for this mail; here is all that it takes to write it."""

    delivery: UUID
    attempt: int
    document: UUID
    contact: UUID
    files: tuple[FileReference, ...] = Field(min_length=1)
    sender: Sender
    options: MailOptions
    requested_at: AwareDatetime
    planned_at: AwareDatetime
    short_name: Annotated[str | None, Personal("contact", Category.IDENTITY)] = None
    salutation: Annotated[str | None, Personal("contact", Category.IDENTITY)] = None
    mail_address: Annotated[str | None, Personal("contact", Category.COMMUNICATION)] = None
    file_names: Annotated[tuple[str, ...] | None, Personal("contact", Category.NOTES)] = None


@registry.event("mail.withdrawal-remembered")
class WithdrawalRemembered(Event):
    """The withdrawal came before the request that it withdraws."""

    delivery: UUID
    attempt: int
    document: UUID
    at: AwareDatetime


@registry.event("mail.request-set-aside")
class RequestSetAside(Event):
    """The request could not be handled and lies among the dead: nothing happens by itself."""

    delivery: UUID
    attempt: int
    document: UUID
    at: AwareDatetime


@registry.event("mail.withdrawn")
class MailWithdrawn(Event):
    """Nothing was sent, and nothing will be."""

    at: AwareDatetime


@registry.event("mail.withdrawal-refused")
class WithdrawalRefused(Event):
    """Too late: a handover had been intended, or may have happened before our time."""

    at: AwareDatetime


@registry.event("mail.handover-intended")
class HandoverIntended(Event):
    """We are about to hand over exactly these bytes. From here on, we may have done so."""

    number: int = Field(ge=1)
    message: KeptMessage
    message_id: str
    at: AwareDatetime


@registry.event("mail.handover-failed")
class HandoverFailed(Event):
    """The server certainly does not have it: it may be handed over again, from `retry_at` on."""

    number: int
    reason: str
    code: str
    retry_at: AwareDatetime
    at: AwareDatetime


@registry.event("mail.handover-uncertain")
class HandoverUncertain(Event):
    """No answer after the content had left: the server may have the mail. Number 0 is none."""

    number: int
    reason: str
    at: AwareDatetime


@registry.event("mail.person-asked")
class PersonAsked(Event):
    """There is no server to ask what it has taken: a person decides whether it was sent."""

    at: AwareDatetime


@registry.event("mail.decided")
class DecidedByPerson(Event):
    """Somebody has found out whether the mail was sent."""

    sent: bool
    at: AwareDatetime


@registry.event("mail.accepted")
class MailAccepted(Event):
    """The server has taken it into its queue: sent. Whether it is delivered, nobody tells."""

    number: int
    at: AwareDatetime


@registry.event("mail.refused")
class MailRefused(Event):
    """It can't be sent: by our own limits, or by the server's word."""

    reason: str
    text: str
    code: str = ""
    permanent: bool = True
    at: AwareDatetime


MailEvent = (
    MailPlanned
    | WithdrawalRemembered
    | RequestSetAside
    | MailWithdrawn
    | WithdrawalRefused
    | HandoverIntended
    | HandoverFailed
    | HandoverUncertain
    | PersonAsked
    | DecidedByPerson
    | MailAccepted
    | MailRefused
)
