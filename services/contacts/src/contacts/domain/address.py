"""Where a contact gets post, and the address block on the letter (DIN 5008)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from babel import Locale

from contacts.domain.names import Names, name_lines

GERMANY = "DE"
LINE_CHARACTERS = 80

# CLDR also names unions, groups of countries and islands without a code of their own.
_NOT_A_COUNTRY = frozenset(
    {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
)
COUNTRIES: Mapping[str, str] = {
    code: name
    for code, name in Locale("de").territories.items()
    if re.fullmatch(r"[A-Z]{2}", code) and code not in _NOT_A_COUNTRY
}

_FIVE_DIGITS = re.compile(r"[0-9]{5}")
# "A-1010" is how one wrote it once. Only in these two countries the letters belong to the code.
_COUNTRY_PREFIX = re.compile(r"^[A-Za-z]{1,2}\s?[-–]\s?(?=[0-9])")
_PREFIX_IS_PART_OF_CODE = frozenset({"LT", "LV"})
_WITHOUT_HOUSE_NUMBER = re.compile(
    r"\d|\bpost(fach|lagernd|box)|\bp\.?\s?o\.?\s?box", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalAddress:
    """One address. `country` is ISO 3166-1 alpha-2 (and XK for Kosovo, as the post uses it)."""

    addition: str | None = None
    street: str
    house_number: str | None = None
    postal_code: str
    town: str
    country: str = GERMANY

    def normal(self) -> "PostalAddress":
        """The same place with the country's code in capitals, and not in the postal code."""
        country, postal_code = self.country.upper(), self.postal_code
        if country not in _PREFIX_IS_PART_OF_CODE:
            postal_code = _COUNTRY_PREFIX.sub("", postal_code)
        return replace(self, country=country, postal_code=postal_code)

    @property
    def country_is_known(self) -> bool:
        return self.country in COUNTRIES

    @property
    def postal_code_is_valid(self) -> bool:
        """Five digits in Germany; elsewhere anything, as long as there is something."""
        if self.country == GERMANY:
            return _FIVE_DIGITS.fullmatch(self.postal_code) is not None
        return bool(self.postal_code)

    @property
    def lacks_house_number(self) -> bool:
        """Whether a German address has no number where one is usual: a post box has none."""
        if self.country != GERMANY or self.house_number:
            return False
        return _WITHOUT_HOUSE_NUMBER.search(self.street) is None


def address_lines(names: Names, address: PostalAddress) -> tuple[str, ...]:
    """The address block: at most nine lines, none of them empty."""
    return (*name_lines(names), *place_lines(address))


def place_lines(address: PostalAddress) -> tuple[str, ...]:
    """The part of the block below the names.

    Abroad, town and country stand in capitals, the country in German; no code stands before the
    postal code. The country must be known.
    """
    street = " ".join(filter(None, (address.street, address.house_number)))
    above = (address.addition, street) if address.addition else (street,)
    if address.country == GERMANY:
        return (*above, f"{address.postal_code} {address.town}")
    country = COUNTRIES[address.country].upper()
    return (*above, f"{address.postal_code} {address.town.upper()}", country)
