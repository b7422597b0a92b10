"""What the outbox remembers of a contact."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from events.contracts.deliveries import Channel, PostalAddress
from events.personal import Category, Personal
from events.registry import Event, Registry

registry = Registry()


@registry.event("recipient.noted")
class RecipientNoted(Event):
    """The address book told this snapshot, and it is newer than what was known."""

    contact: UUID
    epoch: int
    version: int
    preferred_channels: tuple[Channel, ...] = ()
    changed_at: AwareDatetime
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
