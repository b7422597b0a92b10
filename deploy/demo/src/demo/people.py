"""Who gets post in the demo, as a clerk would enter it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Person:
    """A contact's body for POST /contacts; `key` makes the entry repeatable."""

    key: str
    body: dict[str, Any]

    @property
    def label(self) -> str:
        """How a list names this contact."""
        names = self.body["names"]
        match names["kind"]:
            case "company":
                return str(names["name_lines"][0])
            case "couple":
                first, second = names["first"], names["second"]
                return f"{first['surname']}, {first['first_names']} und {second['first_names']}"
            case _:
                return f"{names['surname']}, {names['first_names']}"

    @property
    def channels(self) -> Sequence[str]:
        """The German names of the ways on which this contact wants to get post."""
        return [_CHANNELS[channel] for channel in self.body["preferred_channels"]]


_CHANNELS = {"epost": "E-POST-Brief", "mail": "E-Mail"}

SENDER = {
    "name": "Hausverwaltung Lindenhof GmbH",
    "street": "Lindenallee 1",
    "postal_code": "04109",
    "town": "Leipzig",
    "mail_address": "post@lindenhof.example",
    "reply_to": "service@lindenhof.example",
}


def _address(street: str, number: str, code: str, town: str, country: str = "DE") -> dict[str, Any]:
    return {
        "street": street,
        "house_number": number,
        "postal_code": code,
        "town": town,
        "country": country,
    }


BY_LETTER = Person(
    "anna",
    {
        "names": {
            "kind": "person",
            "gender": "female",
            "title": "Dr.",
            "first_names": "Änne",
            "surname": "Müller-Groß",
        },
        "postal_address": _address("Straße des 17. Juni", "135", "10623", "Berlin"),
        "preferred_channels": ["epost"],
    },
)
BY_MAIL = Person(
    "hans",
    {
        "names": {
            "kind": "person",
            "gender": "male",
            "first_names": "Hans-Jürgen",
            "surname": "Kößler",
        },
        "mail_address": "hj.koessler@mieter.example",
        "preferred_channels": ["mail"],
    },
)
BOTH_WAYS = Person(
    "weber",
    {
        "names": {
            "kind": "couple",
            "first": {"gender": "female", "first_names": "Sandra", "surname": "Weber"},
            "second": {"gender": "male", "first_names": "René", "surname": "Weber"},
        },
        "postal_address": _address("Am Bächle", "7 a", "79098", "Freiburg im Breisgau"),
        "mail_address": "familie.weber@mieter.example",
        "preferred_channels": ["epost", "mail"],
    },
)
COMPANY = Person(
    "firma",
    {
        "names": {
            "kind": "company",
            "name_lines": ["Żółkiewski & Söhne", "Gebäudetechnik GmbH & Co. KG"],
        },
        "postal_address": _address("Industriestraße", "12", "01067", "Dresden"),
        "preferred_channels": ["epost"],
    },
)
ABROAD = Person(
    "wien",
    {
        "names": {
            "kind": "person",
            "gender": "diverse",
            "first_names": "Kim",
            "surname": "Österreicher",
        },
        "postal_address": _address("Praterstraße", "5/2/14", "1020", "Wien", "AT"),
        "preferred_channels": ["epost"],
    },
)
WITHOUT_ADDRESS = Person(
    "ohne",
    {
        "names": {
            "kind": "person",
            "gender": "male",
            "first_names": "Otto",
            "surname": "Ohneland",
        },
        "preferred_channels": ["epost"],
    },
)

EVERYBODY = (BY_LETTER, BY_MAIL, BOTH_WAYS, COMPANY, ABROAD, WITHOUT_ADDRESS)
