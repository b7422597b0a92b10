"""A postal address in the provider's fields (EPO-12)."""

import re
from functools import cache

from babel import Locale

from delivery_epost.ports import PostalAddress, RefusedError

_HOME = "DE"
_LINES_HOME = 5
_LINES_ABROAD = 4
_MAX_LINE = 80
_NO_POSTAL_CODE = "   "
_GERMAN_CODE = re.compile(r"\d{5}")
_FOREIGN_CODE = re.compile(r".{3,20}")
# "D-53113", "A-1010": the country's sign in front of the code.
_COUNTRY_SIGN = re.compile(r"[A-Za-z]{1,3}\s*-\s*(?=\d)")
# CLDR knows these, ISO 3166-1 does not assign them to a country.
_NO_COUNTRIES = frozenset(
    {"AC", "CP", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
)
# Where CLDR's name is not the one in use on letters.
_NAMES = {
    "CD": "DEMOKRATISCHE REPUBLIK KONGO",
    "CG": "REPUBLIK KONGO",
    "CI": "CÔTE D'IVOIRE",
    "HK": "HONGKONG",
    "MO": "MACAU",
}


def postal_fields(address: PostalAddress) -> dict[str, str]:
    """Return addressLine1-5, zipCode, city, and country unless it is Germany.

    Raises `RefusedError` for an address that the provider would refuse.
    """
    country = address.country.upper()
    lines = [line.strip() for line in address.lines if line.strip()]
    city = address.city.strip()
    _check_lengths(lines, city, _LINES_HOME if country == _HOME else _LINES_ABROAD)
    fields = {f"addressLine{number}": line for number, line in enumerate(lines, start=1)}
    if country != _HOME:
        fields["country"] = country_name(country)
    fields["zipCode"] = _postal_code(address.postal_code, country)
    fields["city"] = city
    return fields


@cache
def country_name(code: str) -> str:
    """Return a country's German name in capitals."""
    name: str = Locale("de").territories.get(code, "")
    if len(code) != len(_HOME) or code in _NO_COUNTRIES or not name:
        raise _refused("country-unknown", "E305", "Das Land der Anschrift ist unbekannt.")
    return _NAMES.get(code, name.upper())


def _check_lengths(lines: list[str], city: str, most_lines: int) -> None:
    if not lines:
        raise _refused("address-incomplete", "E306", "In der Anschrift fehlt der Name.")
    if not city:
        raise _refused("address-incomplete", "E306", "In der Anschrift fehlt der Ort.")
    if len(lines) > most_lines:
        text = f"Die Anschrift hat {len(lines)} Zeilen, möglich sind {most_lines}."
        raise _refused("address-too-long", "E306", text)
    if any(len(line) > _MAX_LINE for line in (*lines, city)):
        text = f"Eine Zeile der Anschrift ist länger als {_MAX_LINE} Zeichen."
        raise _refused("address-too-long", "E306", text)


def _postal_code(written: str, country: str) -> str:
    code = _COUNTRY_SIGN.sub("", written.strip(), count=1)
    if country == _HOME:
        if not _GERMAN_CODE.fullmatch(code):
            text = "Die Postleitzahl muss fünf Ziffern haben."
            raise _refused("postal-code-invalid", "E306", text)
        return code
    if not code:
        return _NO_POSTAL_CODE
    if not _FOREIGN_CODE.fullmatch(code):
        text = "Die Postleitzahl muss 3 bis 20 Zeichen lang sein."
        raise _refused("postal-code-invalid", "E306", text)
    return code


def _refused(slug: str, code: str, text_de: str) -> RefusedError:
    return RefusedError(slug, code, text_de, permanent=True)
