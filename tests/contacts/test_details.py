"""What keeps details from being saved, and what a clerk is told on saving."""

from dataclasses import replace

import pytest

from contacts.domain.address import PostalAddress
from contacts.domain.details import ContactDetails, Finding, errors, warnings
from contacts.domain.names import Company, Gender, Person
from events.contracts.deliveries import Channel

HALLE = PostalAddress(
    street="Marktplatz", house_number="1", postal_code="06108", town="Halle (Saale)"
)
ANNA = ContactDetails(
    names=Person(gender=Gender.FEMALE, first_names="Anna", surname="Müller"),
    postal_address=HALLE,
    mail_address="anna@example.org",
)


def test_whole_details_give_no_cause_for_complaint() -> None:
    details = replace(ANNA, preferred_channels=(Channel.EPOST, Channel.MAIL, Channel.PRINT))

    assert errors(details) == ()
    assert warnings(details) == ()


def test_details_are_stored_in_normal_form() -> None:
    entered = replace(
        ANNA,
        postal_address=replace(HALLE, country="de", postal_code="D-06108"),
        mail_address="anna@EXAMPLE.org",
        preferred_channels=(Channel.MAIL, Channel.EPOST, Channel.MAIL),
    )

    normal = entered.normal()

    assert normal == replace(ANNA, preferred_channels=(Channel.MAIL, Channel.EPOST))
    assert normal.normal() == normal


@pytest.mark.spec("CON-10")
def test_errors_are_told_all_at_once() -> None:
    details = replace(
        ANNA,
        names=Company(name_lines=("Muster GmbH", "x" * 81)),
        postal_address=replace(HALLE, postal_code="1234", town="x" * 80),
        mail_address="anna@",
    )

    assert set(errors(details)) == {
        Finding("names", "name-line-too-long"),
        Finding("postal_address", "address-line-too-long"),
        Finding("postal_address.postal_code", "postal-code-invalid"),
        Finding("mail_address", "mail-address-invalid"),
    }


@pytest.mark.spec("CON-10")
def test_an_unknown_country_is_an_error() -> None:
    details = replace(ANNA, postal_address=replace(HALLE, country="XX"))

    assert errors(details) == (Finding("postal_address.country", "country-unknown"),)


@pytest.mark.parametrize(("length", "found"), [(80, 0), (81, 1)])
def test_a_name_fits_on_the_line_of_an_address(length: int, found: int) -> None:
    names = Person(gender=Gender.FEMALE, first_names="Anna", surname="x" * (length - 5))

    assert len(errors(replace(ANNA, names=names))) == found


@pytest.mark.spec("CON-05", "CON-10")
@pytest.mark.parametrize(
    ("channel", "slug"),
    [
        (Channel.EPOST, "epost-needs-postal-address"),
        (Channel.MAIL, "mail-needs-mail-address"),
        (Channel.MAILSHARE, "mailshare-needs-mail-address"),
        (Channel.PORTAL, "portal-needs-portal-access"),
    ],
)
def test_a_channel_without_what_it_needs_is_a_warning(channel: Channel, slug: str) -> None:
    bare = ContactDetails(names=ANNA.names, preferred_channels=(Channel.PRINT, channel))

    assert warnings(bare) == (Finding("preferred_channels.1", slug),)
    assert errors(bare) == ()


@pytest.mark.spec("CON-10")
def test_a_missing_house_number_is_a_warning() -> None:
    details = replace(ANNA, postal_address=replace(HALLE, house_number=None))

    assert warnings(details) == (Finding("postal_address.house_number", "house-number-missing"),)
    assert errors(details) == ()
