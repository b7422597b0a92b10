"""What happened to a delivery."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from events.contracts.deliveries import (
    FileReference,
    LetterOptions,
    MailOptions,
    PostalAddress,
    Sender,
)
from events.personal import Category, Personal
from events.registry import Event, Registry
from outbox.domain.checks import Reason
from outbox.domain.delivery.plan import Plan
from outbox.domain.recipient.snapshot import Stamp

registry = Registry()


@registry.event("delivery.planned")
class DeliveryPlanned(Event):
    """It is to be sent, and can be unless there are reasons against it.

    `against` is the recipient's snapshot that was looked at; None: he was not known.
    """

    plan: Plan
    reasons: tuple[Reason, ...] = ()
    against: Stamp | None = None
    planned_at: AwareDatetime


@registry.event("delivery.checked")
class DeliveryChecked(Event):
    """Its checks came out differently than before."""

    reasons: tuple[Reason, ...] = ()
    against: Stamp | None = None
    checked_at: AwareDatetime


@registry.event("delivery.dropped")
class DeliveryDropped(Event):
    """It is not to be sent after all; nothing has left the house."""

    by_hand: bool = False
    dropped_by: str
    dropped_at: AwareDatetime


@registry.event("delivery.requested")
class DeliveryRequested(Event):
    """A clerk pressed send. It holds all that the channel needs, as it was at that moment."""

    contact: UUID
    attempt: int
    batch: UUID
    files: tuple[FileReference, ...]
    sender: Sender
    letter: LetterOptions | None = None
    mail: MailOptions | None = None
    requested_by: str
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


@registry.event("delivery.withdrawal_requested")
class WithdrawalRequested(Event):
    """A clerk wants it back. Whether that was still possible, the channel answers."""

    attempt: int
    requested_by: str
    requested_at: AwareDatetime


class Answer(StrEnum):
    """What a channel may tell about an attempt."""

    ACCEPTED = "accepted"
    SENT = "sent"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    WITHDRAWN = "withdrawn"
    WITHDRAWAL_REFUSED = "withdrawal-refused"
    NOTED = "noted"


@registry.event("delivery.answered")
class DeliveryAnswered(Event):
    """A fact that a channel told, recorded once: `heard` is the id of the event that told it.

    `at` is the instant at which it happened in the world outside. `text` is German, for clerks,
    and names nobody.
    """

    attempt: int
    answer: Answer
    at: AwareDatetime
    heard: UUID
    source: str
    reason: str | None = None
    text: str | None = None
    code: str | None = None
    reference: str | None = None
    pages: int | None = None
    sent_sha256: str | None = None
    permanent: bool | None = None
    needs_person: bool = False


DeliveryEvent = (
    DeliveryPlanned
    | DeliveryChecked
    | DeliveryDropped
    | DeliveryRequested
    | WithdrawalRequested
    | DeliveryAnswered
)
