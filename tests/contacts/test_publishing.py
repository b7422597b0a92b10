"""What other services hear of a contact."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from contacts.domain.address import PostalAddress
from contacts.domain.decider import Contact
from contacts.domain.events import ContactRegistered
from contacts.domain.names import Company, Gender, Person
from contacts.publishing import publish
from events.contracts import contacts, deliveries
from events.contracts.deliveries import Channel
from events.personal import Category, KeyId, take_apart

CONTACT = UUID("0190b6a0-0000-7000-8000-000000000001")
AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
ANNA = Person(gender=Gender.FEMALE, title="Dr.", first_names="Anna", surname="Müller")
VIENNA = PostalAddress(
    addition="Tür 3", street="Ring", house_number="1", postal_code="1010", town="Wien", country="AT"
)


def published(**fields: Any) -> contacts.ContactChanged:
    details: dict[str, Any] = {"names": ANNA, "kind": "person", "preferred_channels": ()}
    event = ContactRegistered(contact=CONTACT, at=AT, **(details | fields))
    (heard,) = publish(Contact(), event, Contact())
    assert isinstance(heard, contacts.ContactChanged)
    return heard


@pytest.mark.spec("CON-21")
def test_letter_writers_hear_all_that_a_letter_needs() -> None:
    heard = published(
        postal_address=VIENNA,
        mail_address="anna@büro.de",
        preferred_channels=(Channel.EPOST, Channel.MAIL),
    )

    assert heard == contacts.ContactChanged(
        contact=CONTACT,
        kind=contacts.ContactKind.PERSON,
        preferred_channels=(Channel.EPOST, Channel.MAIL),
        changed_at=AT,
        short_name="Müller, Anna",
        salutation="Sehr geehrte Frau Dr. Müller,",
        name_lines=("Frau", "Dr. Anna Müller"),
        postal_address=deliveries.PostalAddress(
            addition="Tür 3",
            street="Ring",
            house_number="1",
            postal_code="1010",
            town="Wien",
            country="AT",
        ),
        address_lines=("Frau", "Dr. Anna Müller", "Tür 3", "Ring 1", "1010 WIEN", "ÖSTERREICH"),
        mail_address="anna@xn--bro-hoa.de",
    )


@pytest.mark.spec("CON-20")
def test_a_stored_salutation_wins() -> None:
    assert published(salutation_override="Liebe Anna,").salutation == "Liebe Anna,"


def test_without_an_address_there_is_no_address_block() -> None:
    heard = published(names=Company(name_lines=("Muster GmbH",)), kind="company")

    assert heard.name_lines == ("Muster GmbH",)
    assert (heard.postal_address, heard.address_lines, heard.mail_address) == (None, None, None)


@pytest.mark.spec("CON-21")
def test_everything_personal_is_sealed() -> None:
    heard = published(postal_address=VIENNA, mail_address="anna@example.org")

    public, blocks = take_apart(heard)

    assert public.keys() == {"contact", "kind", "preferred_channels", "changed_at"}
    assert blocks.keys() == {
        KeyId(CONTACT, Category.IDENTITY),
        KeyId(CONTACT, Category.COMMUNICATION),
    }


def test_of_an_erased_contact_only_the_public_part_is_left() -> None:
    heard = published(names=None, preferred_channels=(Channel.PRINT,))

    _, blocks = take_apart(heard)

    assert blocks == {}
    assert heard.preferred_channels == (Channel.PRINT,)
