"""The first line of a letter: "Sehr geehrte Frau Müller,"."""

import re

from contacts.domain.names import Company, Couple, Gender, Names, Person

# Part of every answer that shows a salutation or an address block. It rises when a rule of this
# module, of `names` or of `address` changes what the same parts are rendered to.
RULE_VERSION = 1

_NOBODY_IN_PARTICULAR = "Sehr geehrte Damen und Herren"
_WITHOUT_NAME = "Guten Tag"
_PROFESSOR = re.compile(r"prof", re.IGNORECASE)
_DOCTOR = re.compile(r"\bd?dr\b", re.IGNORECASE)


def salutation(names: Names) -> str:
    """How a letter to this contact begins, with the comma.

    Rests on stated facts only: who is diverse or said nothing gets "Guten Tag" and the full name
    (OLG Frankfurt, 9 U 92/20), and no gender is ever guessed.
    """
    match names:
        case Person():
            greeting = _greeting(names)
        case Couple():
            greeting = _both(_greeting(names.first), _greeting(names.second))
        case Company():
            person = names.contact_person
            greeting = _greeting(person) if person else _NOBODY_IN_PARTICULAR
    return f"{greeting},"


def _both(first: str, second: str) -> str:
    if first == second == _WITHOUT_NAME:
        return _WITHOUT_NAME
    return f"{first}, {second[0].lower()}{second[1:]}"


def _greeting(person: Person) -> str:
    match person.gender:
        case Gender.FEMALE:
            title = _spoken_title(person, professor="Professorin")
            return " ".join(["Sehr geehrte Frau", *title, person.full_surname])
        case Gender.MALE:
            title = _spoken_title(person, professor="Professor")
            return " ".join(["Sehr geehrter Herr", *title, person.full_surname])
        case Gender.DIVERSE | Gender.NONE if person.first_names:
            title = _spoken_title(person, professor="Prof.")
            return " ".join(["Guten Tag", *title, person.first_names, person.full_surname])
        case Gender.DIVERSE | Gender.NONE:
            return _WITHOUT_NAME  # A bare surname would be rude.


def _spoken_title(person: Person, *, professor: str) -> list[str]:
    """The highest academic title alone. Degrees such as Dipl.-Ing. are written, never spoken."""
    title = person.title or ""
    if _PROFESSOR.search(title):
        return [professor]
    return ["Dr."] if _DOCTOR.search(title) else []
