"""What the outbox asks of its channels, and what they answer.

A delivery may be sent again after it was withdrawn: each sending is an attempt, counted from 1.
A channel keeps one stream per `sending_id`, so a repeated request decides to nothing.
"""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from events.contracts import published
from events.ids import derived_id
from events.personal import Category, Personal
from events.registry import PublishedEvent


class Channel(StrEnum):
    """The ways on which a document reaches its recipient."""

    EPOST = "epost"
    MAIL = "mail"
    PRINT = "print"
    PORTAL = "portal"
    MAILSHARE = "mailshare"


def sending_id(delivery: UUID, attempt: int) -> UUID:
    """The channel's stream for one attempt: the delivery's own id for the first."""
    return delivery if attempt == 1 else derived_id(delivery, "attempt", attempt)


class _Value(BaseModel):
    """A part of an event, with the manners of an event."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class FileReference(_Value):
    """Where the bytes lie in the document store, and how many there are."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int = Field(ge=1)
    pages: int = Field(ge=1)


class Sender(_Value):
    """The mandant as recipients see it: a letter's return line, a mail's From and Reply-To."""

    name: str
    street: str
    postal_code: str
    town: str
    mail_address: str | None = None
    reply_to: str | None = None


class PostalAddress(_Value):
    """Street and number apart; `country` is ISO 3166-1 alpha-2."""

    addition: str | None = None
    street: str
    house_number: str | None = None
    postal_code: str
    town: str
    country: str = Field(pattern=r"^[A-Z]{2}$")


class LetterOptions(_Value):
    """How a letter is produced."""

    cover_sheet: bool = True
    color: bool = False
    duplex: bool = False


class MailOptions(_Value):
    """How a mail is written. `size_limit_mb` bounds the sum of the files, 1 MB = 1024 * 1024."""

    size_limit_mb: int = Field(default=10, ge=1)


class DeliveryEvent(PublishedEvent):
    """What every event about a delivery says."""

    delivery: UUID
    attempt: int = Field(ge=1)
    document: UUID
    channel: Channel


@published.event("DeliveryRequested")
class DeliveryRequested(DeliveryEvent):
    """Send this. It holds all that the channel needs, as it was when the clerk pressed send."""

    contact: UUID
    batch: UUID
    files: tuple[FileReference, ...] = Field(min_length=1)
    sender: Sender
    letter: LetterOptions | None = None
    mail: MailOptions | None = None
    requested_at: AwareDatetime
    short_name: Annotated[str | None, Personal("contact", Category.IDENTITY)] = None
    salutation: Annotated[str | None, Personal("contact", Category.IDENTITY)] = None
    name_lines: Annotated[tuple[str, ...] | None, Personal("contact", Category.IDENTITY)] = None
    postal_address: Annotated[PostalAddress | None, Personal("contact", Category.COMMUNICATION)] = (
        None
    )
    address_lines: Annotated[
        tuple[str, ...] | None, Personal("contact", Category.COMMUNICATION)
    ] = None
    mail_address: Annotated[str | None, Personal("contact", Category.COMMUNICATION)] = None
    file_names: Annotated[tuple[str, ...] | None, Personal("contact", Category.NOTES)] = None


@published.event("DeliveryWithdrawalRequested")
class DeliveryWithdrawalRequested(DeliveryEvent):
    """Do not send this, if that is still possible. May arrive before the request itself."""

    requested_at: AwareDatetime


class ChannelAnswer(DeliveryEvent):
    """A fact that a channel tells, with the instant at which it happened."""

    at: AwareDatetime


@published.event("DeliveryAccepted")
class DeliveryAccepted(ChannelAnswer):
    """The provider has taken it over. `reference` is the provider's own number, if it has one."""

    reference: str | None = None
    pages: int | None = None
    sent_sha256: str | None = None


@published.event("DeliverySent")
class DeliverySent(ChannelAnswer):
    """It has left the provider, or the recipient's mail server has accepted it."""


@published.event("DeliverySucceeded")
class DeliverySucceeded(ChannelAnswer):
    """What makes a delivery of this channel green has happened."""


@published.event("DeliveryFailed")
class DeliveryFailed(ChannelAnswer):
    """It will not arrive. `reason` is a stable slug, `text` German for clerks, without names."""

    reason: str
    text: str
    permanent: bool = True
    code: str | None = None


NO_NEWS = "no-news"
"""Why what was accepted is in doubt after all: its channel hears nothing of it any more."""


@published.event("DeliveryUncertain")
class DeliveryUncertain(ChannelAnswer):
    """Whether the provider has it is unknown. `needs_person`: nothing more happens by itself."""

    reason: str
    text: str
    needs_person: bool = False


@published.event("DeliveryWithdrawn")
class DeliveryWithdrawn(ChannelAnswer):
    """It was stopped before the provider was asked: nothing has left the house."""


@published.event("DeliveryWithdrawalRefused")
class DeliveryWithdrawalRefused(ChannelAnswer):
    """Too late: the sending had begun."""


@published.event("DeliveryNoted")
class DeliveryNoted(ChannelAnswer):
    """Something for the timeline that changes no state: an attempt, a retry, a print centre."""

    note: str
    text: str
