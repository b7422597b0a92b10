"""How letters begin: the table of cases that the rule has to get right."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.names import Company, Couple, Gender, Names, Person
from contacts.domain.salutation import salutation

ANNA = Person(gender=Gender.FEMALE, first_names="Anna", surname="Müller")
HANS = Person(gender=Gender.MALE, first_names="Hans", surname="Maier")
KIM = Person(gender=Gender.DIVERSE, first_names="Kim", surname="Müller")
NOTHING_SAID = Person(first_names="Andrea", surname="Rossi")
SANDRA = Person(gender=Gender.FEMALE, first_names="Sandra", surname="Weber")
RENE = Person(gender=Gender.MALE, first_names="René", surname="Weber")
OWNERS = Company(name_lines=("WEG Lindenstraße 12",))

CASES: dict[str, tuple[Names, str]] = {
    "woman": (ANNA, "Sehr geehrte Frau Müller,"),
    "man": (HANS, "Sehr geehrter Herr Maier,"),
    "diverse": (KIM, "Guten Tag Kim Müller,"),
    "nothing said": (NOTHING_SAID, "Guten Tag Andrea Rossi,"),
    "nothing said, first name unknown": (Person(surname="Rossi"), "Guten Tag,"),
    "doctor": (replace(HANS, title="Dr."), "Sehr geehrter Herr Dr. Maier,"),
    "doctor of medicine": (replace(ANNA, title="Dr. med."), "Sehr geehrte Frau Dr. Müller,"),
    "Austrian double doctor": (replace(HANS, title="DDr."), "Sehr geehrter Herr Dr. Maier,"),
    "engineer with a doctorate": (
        replace(HANS, title="Dipl.-Ing. Dr.-Ing."),
        "Sehr geehrter Herr Dr. Maier,",
    ),
    "professor, her highest title alone and written out": (
        Person(gender=Gender.FEMALE, title="Prof. Dr. Dr. h. c.", surname="Klos"),
        "Sehr geehrte Frau Professorin Klos,",
    ),
    "professor": (
        replace(HANS, title="Univ.-Prof. Dr."),
        "Sehr geehrter Herr Professor Maier,",
    ),
    "diverse doctor": (replace(KIM, title="Dr. phil."), "Guten Tag Dr. Kim Müller,"),
    "diverse professor": (replace(KIM, title="Prof. Dr."), "Guten Tag Prof. Kim Müller,"),
    "engineer": (replace(ANNA, title="Dipl.-Ing."), "Sehr geehrte Frau Müller,"),
    "Dutch doctorandus": (replace(HANS, title="drs."), "Sehr geehrter Herr Maier,"),
    "Master of Arts": (replace(ANNA, degree="M.A."), "Sehr geehrte Frau Müller,"),
    "lawyer": (replace(ANNA, office="Rechtsanwältin"), "Sehr geehrte Frau Müller,"),
    "of noble name": (
        replace(ANNA, surname_prefix="von der", surname="Heide"),
        "Sehr geehrte Frau von der Heide,",
    ),
    "of noble name and doctor": (
        replace(ANNA, title="Dr.", surname_prefix="Freifrau von", surname="Bergen"),
        "Sehr geehrte Frau Dr. Freifrau von Bergen,",
    ),
    "couple": (
        Couple(first=SANDRA, second=RENE),
        "Sehr geehrte Frau Weber, sehr geehrter Herr Weber,",
    ),
    "couple, named in its own order": (
        Couple(first=RENE, second=SANDRA),
        "Sehr geehrter Herr Weber, sehr geehrte Frau Weber,",
    ),
    "couple with titles of their own": (
        Couple(first=replace(SANDRA, title="Prof. Dr."), second=replace(RENE, title="Dr.")),
        "Sehr geehrte Frau Professorin Weber, sehr geehrter Herr Dr. Weber,",
    ),
    "couple with different names": (
        Couple(first=ANNA, second=HANS),
        "Sehr geehrte Frau Müller, sehr geehrter Herr Maier,",
    ),
    "two women of one name": (
        Couple(first=SANDRA, second=replace(SANDRA, first_names="Ute")),
        "Sehr geehrte Frau Weber, sehr geehrte Frau Weber,",
    ),
    "couple of a woman and a diverse person": (
        Couple(first=ANNA, second=KIM),
        "Sehr geehrte Frau Müller, guten Tag Kim Müller,",
    ),
    "couple of whom nothing was said": (
        Couple(first=NOTHING_SAID, second=replace(NOTHING_SAID, first_names="Luca")),
        "Guten Tag Andrea Rossi, guten Tag Luca Rossi,",
    ),
    "couple of whom nothing but a surname is known": (
        Couple(first=Person(surname="Rossi"), second=Person(surname="Rossi")),
        "Guten Tag,",
    ),
    "company": (Company(name_lines=("Muster GmbH",)), "Sehr geehrte Damen und Herren,"),
    "community of owners": (OWNERS, "Sehr geehrte Damen und Herren,"),
    "company with a contact person": (
        Company(name_lines=("Muster GmbH",), contact_person=ANNA),
        "Sehr geehrte Frau Müller,",
    ),
    "company with a contact person who said nothing": (
        Company(name_lines=("Muster GmbH",), contact_person=NOTHING_SAID),
        "Guten Tag Andrea Rossi,",
    ),
}


@pytest.mark.spec("CON-20")
@pytest.mark.parametrize(("names", "expected"), CASES.values(), ids=CASES.keys())
def test_salutation(names: Names, expected: str) -> None:
    assert salutation(names) == expected


@pytest.mark.spec("CON-20")
@given(st.sampled_from(["Andrea", "Hans", "Anna", "Kim", "Nikola"]), st.text(min_size=1))
def test_gender_is_never_inferred_from_a_first_name(first_names: str, surname: str) -> None:
    person = Person(first_names=first_names, surname=surname)

    assert salutation(person) == f"Guten Tag {first_names} {surname},"
