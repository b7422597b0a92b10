"""What is stored of a contact: names chosen for ever, and nothing personal in the clear."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from contacts.domain.address import PostalAddress
from contacts.domain.events import ContactChanged, ContactEvent, ContactRegistered, registry
from contacts.domain.names import Company, Couple, Gender, Names, Person
from events.contracts.deliveries import Channel
from events.personal import Category, KeyId, put_together, sealing_keys, take_apart
from events.registry import Name, UnreadableError

CONTACT = UUID("0190b6a0-0000-7000-8000-000000000001")
ANNA = Person(gender=Gender.FEMALE, first_names="Anna", surname="Müller")
HANS = Person(gender=Gender.MALE, title="Dr.", surname="Maier")


def registered(names: Names | None = ANNA, **fields: Any) -> ContactRegistered:
    details: dict[str, Any] = {
        "names": names,
        "salutation_override": "Liebe Anna,",
        "postal_address": PostalAddress(street="Markt", postal_code="06108", town="Halle"),
        "mail_address": "anna@example.org",
        "preferred_channels": (Channel.MAIL, Channel.EPOST),
    }
    kind = names.kind if names else "person"
    at = datetime(2026, 11, 22, 9, tzinfo=UTC)
    return ContactRegistered(contact=CONTACT, at=at, kind=kind, **(details | fields))


def test_stored_names_are_chosen_for_ever() -> None:
    assert registry.names() == {
        "contact.registered": ContactRegistered,
        "contact.changed": ContactChanged,
    }


@pytest.mark.parametrize(
    "names",
    [
        ANNA,
        Couple(first=ANNA, second=HANS),
        Company(name_lines=("Muster GmbH", "Verwaltung"), contact_person=HANS),
    ],
    ids=["person", "couple", "company"],
)
def test_an_event_comes_back_as_it_was_stored(names: Names) -> None:
    event = registered(names)

    assert reloaded(event, lambda blocks: blocks) == event


@pytest.mark.spec("CON-21")
def test_nothing_personal_stands_outside_of_the_sealed_blocks() -> None:
    public, blocks = take_apart(registered(Couple(first=ANNA, second=HANS)))

    assert public.keys() == {"contact", "at", "kind", "preferred_channels"}
    assert blocks.keys() == {
        KeyId(CONTACT, Category.IDENTITY),
        KeyId(CONTACT, Category.COMMUNICATION),
    }


def test_the_address_book_makes_the_keys_itself() -> None:
    event = registered()

    assert sealing_keys(event, own_only=True) == sealing_keys(event)


def test_an_erased_contact_can_still_be_replayed() -> None:
    event = reloaded(registered(), lambda _blocks: {})

    assert (event.names, event.postal_address, event.mail_address) == (None, None, None)
    assert event.preferred_channels == (Channel.MAIL, Channel.EPOST)


def test_a_field_that_nobody_declared_is_an_error() -> None:
    public, blocks = take_apart(registered())
    blocks[KeyId(CONTACT, Category.COMMUNICATION)]["postal_address"]["floor"] = 3

    with pytest.raises(UnreadableError, match="floor"):
        registry.load(
            Name("contact.registered", 1), put_together(ContactRegistered, public, blocks)
        )


Blocks = dict[KeyId, dict[str, Any]]


def reloaded(event: ContactRegistered, opened: Callable[[Blocks], Blocks]) -> ContactEvent:
    public, blocks = take_apart(event)
    stored = orjson.loads(orjson.dumps(put_together(ContactRegistered, public, opened(blocks))))
    loaded = registry.load(Name("contact.registered", 1), stored)
    assert isinstance(loaded, ContactRegistered)
    return loaded
