"""How names are written in an address and in a list."""

from dataclasses import replace

import pytest

from contacts.domain.names import (
    Company,
    Couple,
    Gender,
    Names,
    Person,
    name_lines,
    short_name,
    sort_name,
)

ANNA = Person(gender=Gender.FEMALE, first_names="Anna", surname="Müller")
HANS = Person(gender=Gender.MALE, first_names="Hans", surname="Maier")
KIM = Person(gender=Gender.DIVERSE, first_names="Kim", surname="Müller")
SANDRA = Person(gender=Gender.FEMALE, first_names="Sandra", surname="Weber")
RENE = Person(gender=Gender.MALE, first_names="René", surname="Weber")
COMPANY = Company(name_lines=("Muster GmbH", "Hausverwaltung"))

NAME_LINES: dict[str, tuple[Names, tuple[str, ...]]] = {
    "woman": (ANNA, ("Frau", "Anna Müller")),
    "man, in the accusative": (HANS, ("Herrn", "Hans Maier")),
    "diverse": (KIM, ("Kim Müller",)),
    "nothing said": (Person(first_names="Andrea", surname="Rossi"), ("Andrea Rossi",)),
    "titles before the name": (
        replace(HANS, title="Prof. Dr. Dr. h. c."),
        ("Herrn", "Prof. Dr. Dr. h. c. Hans Maier"),
    ),
    "degree behind the name": (replace(ANNA, degree="M.A."), ("Frau", "Anna Müller, M.A.")),
    "office beside Frau": (
        replace(ANNA, office="Rechtsanwältin", title="Dr."),
        ("Frau Rechtsanwältin", "Dr. Anna Müller"),
    ),
    "office of one who said nothing": (
        replace(KIM, office="Steuerberatung"),
        ("Steuerberatung", "Kim Müller"),
    ),
    "surname with prefix": (
        replace(HANS, surname_prefix="Graf von", surname="Bergen"),
        ("Herrn", "Hans Graf von Bergen"),
    ),
    "couple": (
        Couple(first=SANDRA, second=replace(RENE, title="Dr.")),
        ("Frau Sandra Weber", "Herrn Dr. René Weber"),
    ),
    "couple of two men": (
        Couple(first=HANS, second=RENE),
        ("Herrn Hans Maier", "Herrn René Weber"),
    ),
    "couple with a diverse person": (
        Couple(first=KIM, second=ANNA),
        ("Kim Müller", "Frau Anna Müller"),
    ),
    "company": (COMPANY, ("Muster GmbH", "Hausverwaltung")),
    "company with a contact person": (
        replace(COMPANY, contact_person=HANS),
        ("Muster GmbH", "Hausverwaltung", "Herrn Hans Maier"),
    ),
}

SHORT_NAMES: dict[str, tuple[Names, str]] = {
    "person": (replace(ANNA, title="Dr."), "Müller, Anna"),
    "person without first name": (Person(surname="Müller"), "Müller"),
    "prefix is part of the surname": (
        replace(HANS, surname_prefix="von der", surname="Heide"),
        "von der Heide, Hans",
    ),
    "couple of one name": (Couple(first=SANDRA, second=RENE), "Weber, Sandra und René"),
    "couple of two names": (Couple(first=ANNA, second=HANS), "Müller, Anna / Maier, Hans"),
    "couple of one name, one first name unknown": (
        Couple(first=SANDRA, second=Person(surname="Weber")),
        "Weber, Sandra / Weber",
    ),
    "company": (COMPANY, "Muster GmbH"),
}


@pytest.mark.spec("CON-20")
@pytest.mark.parametrize(("names", "expected"), NAME_LINES.values(), ids=NAME_LINES.keys())
def test_name_lines(names: Names, expected: tuple[str, ...]) -> None:
    assert name_lines(names) == expected


@pytest.mark.spec("CON-20")
@pytest.mark.parametrize(("names", "expected"), SHORT_NAMES.values(), ids=SHORT_NAMES.keys())
def test_short_name(names: Names, expected: str) -> None:
    assert short_name(names) == expected


@pytest.mark.parametrize(
    ("short", "sorted_as"),
    [
        ("Müller, Anna", "mueller anna"),
        ("Groß-Weber, Åsa", "gross weber asa"),
        ("O’Neill", "o neill"),
        ("Çelik", "celik"),
        ("…", ""),
    ],
)
def test_names_sort_as_in_german_lists(short: str, sorted_as: str) -> None:
    assert sort_name(Company(name_lines=(short,))) == sorted_as


def test_the_order_of_a_german_list() -> None:
    listed = ["Maier", "Mueller, Zoe", "Müller, Anna", "Muffler", "muster", "Zimmer"]
    companies = [Company(name_lines=(name,)) for name in reversed(listed)]

    assert [short_name(names) for names in sorted(companies, key=sort_name)] == [
        "Maier",
        "Müller, Anna",
        "Mueller, Zoe",
        "Muffler",
        "muster",
        "Zimmer",
    ]
