"""Our events, as other services hear of them."""

from collections.abc import Iterable

from contacts.domain.address import PostalAddress, address_lines
from contacts.domain.decider import Contact
from contacts.domain.events import ContactEvent
from contacts.domain.mail import wire_mail_address
from contacts.domain.names import name_lines, short_name
from contacts.domain.salutation import salutation
from events.contracts import contacts, deliveries
from events.registry import Event, PublishedEvent


def publish(_before: Contact, event: ContactEvent, _after: Contact) -> Iterable[PublishedEvent]:
    """One snapshot per event: it already holds the whole contact."""
    names, address = event.names, event.postal_address
    yield contacts.ContactChanged(
        contact=event.contact,
        kind=event.kind,
        preferred_channels=event.preferred_channels,
        changed_at=event.at,
        short_name=short_name(names) if names else None,
        salutation=event.salutation_override or (salutation(names) if names else None),
        name_lines=name_lines(names) if names else None,
        postal_address=_published(address) if address else None,
        address_lines=address_lines(names, address) if names and address else None,
        mail_address=wire_mail_address(event.mail_address) if event.mail_address else None,
    )


def keep_to_ourselves(_before: object, _event: Event, _after: object) -> Iterable[PublishedEvent]:
    """What others have to hear of an erasure they hear as a fence."""
    return ()


def _published(address: PostalAddress) -> deliveries.PostalAddress:
    return deliveries.PostalAddress(
        addition=address.addition,
        street=address.street,
        house_number=address.house_number,
        postal_code=address.postal_code,
        town=address.town,
        country=address.country,
    )
