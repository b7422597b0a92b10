"""The address block after DIN 5008, at home and abroad, and what makes an address whole."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.address import COUNTRIES, PostalAddress, address_lines, place_lines
from contacts.domain.names import Company, Couple, Gender, Names, Person

ANNA = Person(gender=Gender.FEMALE, first_names="Anna", surname="Müller")
COMPANY = Company(name_lines=("Muster GmbH", "Zweigniederlassung Ost", "Buchhaltung"))
HALLE = PostalAddress(
    street="Große Ulrichstraße", house_number="12 a", postal_code="06108", town="Halle (Saale)"
)
VIENNA = PostalAddress(
    street="Mariahilfer Straße", house_number="1", postal_code="1060", town="Wien", country="AT"
)

BLOCKS: dict[str, tuple[Names, PostalAddress, tuple[str, ...]]] = {
    "at home, without country": (
        ANNA,
        HALLE,
        ("Frau", "Anna Müller", "Große Ulrichstraße 12 a", "06108 Halle (Saale)"),
    ),
    "with an addition": (
        ANNA,
        replace(HALLE, addition="bei Hans Meier"),
        (
            "Frau",
            "Anna Müller",
            "bei Hans Meier",
            "Große Ulrichstraße 12 a",
            "06108 Halle (Saale)",
        ),
    ),
    "post box, without house number": (
        Company(name_lines=("Muster GmbH",)),
        replace(HALLE, street="Postfach 12 34", house_number=None),
        ("Muster GmbH", "Postfach 12 34", "06108 Halle (Saale)"),
    ),
    "abroad, town and country in capitals": (
        ANNA,
        VIENNA,
        ("Frau", "Anna Müller", "Mariahilfer Straße 1", "1060 WIEN", "ÖSTERREICH"),
    ),
    "abroad, country in German and town as it is called there": (
        Person(first_names="Anne", surname="Dupont"),
        PostalAddress(
            street="12 rue de la Forêt", postal_code="67000", town="Strasbourg", country="FR"
        ),
        ("Anne Dupont", "12 rue de la Forêt", "67000 STRASBOURG", "FRANKREICH"),
    ),
    "company with contact person, the longest of all": (
        replace(COMPANY, contact_person=ANNA),
        replace(VIENNA, addition="Stiege 2, Tür 14"),
        (
            "Muster GmbH",
            "Zweigniederlassung Ost",
            "Buchhaltung",
            "Frau Anna Müller",
            "Stiege 2, Tür 14",
            "Mariahilfer Straße 1",
            "1060 WIEN",
            "ÖSTERREICH",
        ),
    ),
}


@pytest.mark.spec("CON-20", "EPO-12")
@pytest.mark.parametrize(("names", "address", "expected"), BLOCKS.values(), ids=BLOCKS.keys())
def test_address_block(names: Names, address: PostalAddress, expected: tuple[str, ...]) -> None:
    assert address_lines(names, address) == expected


word = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=20)
person = st.builds(
    Person,
    gender=st.sampled_from(Gender),
    title=st.none() | word,
    first_names=st.none() | word,
    surname=word,
    degree=st.none() | word,
    office=st.none() | word,
)
company = st.builds(
    Company,
    name_lines=st.lists(word, min_size=1, max_size=3).map(tuple),
    contact_person=st.none() | person,
)
address = st.builds(
    PostalAddress,
    addition=st.none() | word,
    street=word,
    house_number=st.none() | word,
    postal_code=word,
    town=word,
    country=st.sampled_from(sorted(COUNTRIES)),
)


@pytest.mark.spec("CON-20")
@given(person | company | st.builds(Couple, first=person, second=person), address)
def test_a_block_has_at_most_nine_lines_and_no_empty_one(
    names: Names, address: PostalAddress
) -> None:
    lines = address_lines(names, address)

    assert 2 <= len(lines) <= 9
    assert all(line.strip() == line != "" for line in lines)


@pytest.mark.spec("CON-20")
@given(address)
def test_abroad_and_only_there_the_block_ends_with_the_country(address: PostalAddress) -> None:
    last = place_lines(address)[-1]

    assert (last == COUNTRIES[address.country].upper()) == (address.country != "DE")


def test_every_country_of_the_post_is_known_and_nothing_else() -> None:
    assert len(COUNTRIES) == 250
    assert {"DE", "AT", "CH", "GB", "HK", "XK"} <= set(COUNTRIES)
    assert COUNTRIES.keys().isdisjoint({"EU", "UN", "ZZ", "XX", "de"})


@pytest.mark.spec("CON-20")
@pytest.mark.parametrize(
    ("country", "entered", "stored"),
    [
        ("AT", "A-1010", "1010"),
        ("DE", "D-06108", "06108"),
        ("CH", "CH - 8001", "8001"),
        ("PL", "PL-00-950", "00-950"),
        ("LV", "LV-1010", "LV-1010"),
        ("LT", "LT-01100", "LT-01100"),
        ("GB", "SW1A 1AA", "SW1A 1AA"),
        ("NL", "1012 AB", "1012 AB"),
        ("AR", "X5000-B-12", "X5000-B-12"),
    ],
)
def test_no_country_prefix_stays_in_a_postal_code(country: str, entered: str, stored: str) -> None:
    address = replace(VIENNA, country=country, postal_code=entered).normal()

    assert address.postal_code == stored
    assert address.normal() == address


def test_the_country_is_stored_in_capitals() -> None:
    assert replace(VIENNA, country="at").normal() == VIENNA


@pytest.mark.spec("CON-10")
@pytest.mark.parametrize(
    ("country", "postal_code", "valid"),
    [
        ("DE", "06108", True),
        ("DE", "6108", False),
        ("DE", "061080", False),
        ("DE", "O6108", False),
        ("DE", "٠٦١٠٨", False),
        ("DE", "", False),
        ("AT", "1060", True),
        ("GB", "SW1A 1AA", True),
        ("AT", "", False),
    ],
)
def test_postal_code_by_country(country: str, postal_code: str, valid: bool) -> None:
    address = replace(VIENNA, country=country, postal_code=postal_code)

    assert address.postal_code_is_valid == valid


@pytest.mark.parametrize(
    ("address", "lacking"),
    [
        (HALLE, False),
        (replace(HALLE, house_number=None), True),
        (replace(HALLE, house_number=None, street="Postfach 12 34"), False),
        (replace(HALLE, house_number=None, street="postlagernd"), False),
        (replace(HALLE, house_number=None, street="Am Markt 5"), False),
        (replace(VIENNA, house_number=None), False),
    ],
)
def test_a_house_number_is_missed_only_where_one_is_usual(
    address: PostalAddress,
    lacking: bool,
) -> None:
    assert address.lacks_house_number == lacking
