"""What has happened to a contact. Each event holds the whole of it as it was from then on."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from contacts.domain.address import PostalAddress
from contacts.domain.names import Company, Couple, Person
from events.contracts.contacts import ContactKind
from events.contracts.deliveries import Channel
from events.personal import Category, Personal
from events.registry import Event, Registry

registry = Registry()

_IDENTITY = Personal("contact", Category.IDENTITY, own=True)
_COMMUNICATION = Personal("contact", Category.COMMUNICATION, own=True)
_NAMES = Field(discriminator="kind")


class _Snapshot(Event):
    """The contact since `at`. Personal fields are None once the contact was erased."""

    contact: UUID
    at: AwareDatetime
    kind: ContactKind
    preferred_channels: tuple[Channel, ...]
    names: Annotated[Annotated[Person | Couple | Company, _NAMES] | None, _IDENTITY] = None
    salutation_override: Annotated[str | None, _IDENTITY] = None
    postal_address: Annotated[PostalAddress | None, _COMMUNICATION] = None
    mail_address: Annotated[str | None, _COMMUNICATION] = None


@registry.event("contact.registered")
class ContactRegistered(_Snapshot):
    """A contact was entered into the book."""


@registry.event("contact.changed")
class ContactChanged(_Snapshot):
    """At least one field was changed; `changed_fields` names them, sorted."""

    changed_fields: tuple[str, ...] = Field(min_length=1)


ContactEvent = ContactRegistered | ContactChanged
