"""What the address book says about contacts."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime

from events.contracts import published
from events.contracts.deliveries import Channel, PostalAddress
from events.personal import Category, Personal
from events.registry import PublishedEvent


class ContactKind(StrEnum):
    """What a contact is; decides salutation and address block."""

    PERSON = "person"
    COUPLE = "couple"
    COMPANY = "company"


@published.event("ContactChanged")
class ContactChanged(PublishedEvent):
    """The contact as it is now: a full snapshot. The newest epoch and version wins."""

    contact: UUID
    kind: ContactKind
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
