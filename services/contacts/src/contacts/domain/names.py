"""Who a contact is, in parts, and how those parts are written in an address and in a list."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from events.contracts.contacts import ContactKind

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


class Gender(StrEnum):
    """What the person said; `none` where nothing was said. Never inferred from a name."""

    FEMALE = "female"
    MALE = "male"
    DIVERSE = "diverse"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A natural person.

    `title` stands before the name ("Prof. Dr. med.", "Dipl.-Ing."), `degree` behind it ("M.A."),
    `office` is what the person is addressed as ("Rechtsanwältin"). `surname_prefix` holds
    "von der" or "Freifrau von": part of the surname since 1919 (Art. 109 WRV).
    """

    kind: Literal[ContactKind.PERSON] = ContactKind.PERSON
    gender: Gender = Gender.NONE
    title: str | None = None
    first_names: str | None = None
    surname_prefix: str | None = None
    surname: str
    degree: str | None = None
    office: str | None = None

    @property
    def full_surname(self) -> str:
        return _joined(self.surname_prefix, self.surname)

    @property
    def full_name(self) -> str:
        """As it stands in an address: title, first names, surname, degree."""
        name = _joined(self.title, self.first_names, self.full_surname)
        return f"{name}, {self.degree}" if self.degree else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Couple:
    """Two people who get one letter, in the order in which they want to be named."""

    kind: Literal[ContactKind.COUPLE] = ContactKind.COUPLE
    first: Person
    second: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A company under its name of one to three lines, and whom to ask for there."""

    kind: Literal[ContactKind.COMPANY] = ContactKind.COMPANY
    name_lines: tuple[str, ...]
    contact_person: Person | None = None


Names = Person | Couple | Company


def name_lines(names: Names) -> tuple[str, ...]:
    """The first lines of an address block (DIN 5008): one to four.

    A person alone has "Frau" or "Herrn" on a line above the name; where several share the block,
    it stands on the line of the name. A diverse person, or one who said nothing, has neither.
    """
    match names:
        case Person():
            above = _joined(_form_of_address(names), names.office)
            return (above, names.full_name) if above else (names.full_name,)
        case Couple():
            return _name_line(names.first), _name_line(names.second)
        case Company():
            to_ask_for = (_name_line(names.contact_person),) if names.contact_person else ()
            return names.name_lines + to_ask_for


def short_name(names: Names) -> str:
    """The contact in one line of a list, surname first."""
    match names:
        case Person():
            return _listed(names)
        case Couple(first=first, second=second):
            same_surname = first.full_surname == second.full_surname
            if same_surname and first.first_names and second.first_names:
                return f"{_listed(first)} und {second.first_names}"
            return f"{_listed(first)} / {_listed(second)}"
        case Company():
            return names.name_lines[0]


def sort_name(names: Names) -> str:
    """What lists are sorted by, code point by code point: ä as ae, ß as ss (DIN 5007-2).

    Other accents, case and punctuation count for nothing.
    """
    spelled = unicodedata.normalize("NFKD", short_name(names).casefold().translate(_UMLAUTS))
    letters = (c for c in spelled if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in letters).split())


def _name_line(person: Person) -> str:
    return _joined(_form_of_address(person), person.office, person.full_name)


def _form_of_address(person: Person) -> str | None:
    """The accusative: the letter goes *to* Herrn Maier."""
    match person.gender:
        case Gender.FEMALE:
            return "Frau"
        case Gender.MALE:
            return "Herrn"
        case Gender.DIVERSE | Gender.NONE:
            return None


def _listed(person: Person) -> str:
    if person.first_names:
        return f"{person.full_surname}, {person.first_names}"
    return person.full_surname


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)
