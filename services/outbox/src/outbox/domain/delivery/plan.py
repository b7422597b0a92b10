"""What a delivery is: which file, to whom, by which channel."""

from dataclasses import dataclass, field
from uuid import UUID

from events.contracts.deliveries import Channel, FileReference, LetterOptions, MailOptions
from events.ids import derived_id


@dataclass(frozen=True, slots=True)
class Plan:
    """One document to one recipient by one channel.

    `slot` counts the recipients of a document from 0; without `contact` a clerk has yet to choose
    one. `file` belongs to the delivery, since in a serial letter each recipient has his own; it is
    None where it cannot be read. `encrypted`: an owner's password restricts what may be done with
    it. `by_hand`: a person chose this channel, so a changed preference of the contact leaves the
    slot alone.
    """

    delivery: UUID
    document: UUID
    slot: int
    contact: UUID | None
    channel: Channel
    file: FileReference | None
    encrypted: bool = False
    letter: LetterOptions = field(default_factory=LetterOptions)
    mail: MailOptions = field(default_factory=MailOptions)
    by_hand: bool = False


def delivery_id(document: UUID, slot: int, channel: Channel) -> UUID:
    """The delivery's id: planning the same delivery again finds the same stream."""
    return derived_id(document, slot, channel)
