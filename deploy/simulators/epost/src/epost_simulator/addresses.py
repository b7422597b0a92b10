"""The rules for a recipient's address: postal code, country, what belongs in which field."""

import re
from importlib.resources import files

from epost_simulator.catalogue import ApiError
from epost_simulator.schema import Letter

_NO_POSTAL_CODE = "   "
_GERMAN_CODE = re.compile(r"(?!00)\d{5}")
_CODE_WITH_PREFIX = re.compile(r"[A-Z]{1,3}\s*-\s*\d")
COUNTRIES = frozenset(
    files("epost_simulator").joinpath("countries.txt").read_text(encoding="utf-8").splitlines()
)


def is_abroad(letter: Letter) -> bool:
    return bool(letter.country)


def check_address(letter: Letter) -> None:
    """Refuse what is not written as the API wants it; `detail` repeats the address, as it does."""
    if letter.country and letter.country not in COUNTRIES:
        raise ApiError("E305", letter.country)
    whole = f"{letter.address_line1}, {letter.zip_code} {letter.city}"
    if not (letter.address_line1.strip() and letter.city.strip()):
        raise ApiError("E306", whole)
    if not _code_fits(letter) or (is_abroad(letter) and letter.address_line5):
        raise ApiError("E306", whole)
    lines = (letter.address_line2, letter.address_line3, letter.address_line4, letter.address_line5)
    if any(line and f"{letter.zip_code} {letter.city}" in line for line in lines):
        raise ApiError("E306", whole)


def _code_fits(letter: Letter) -> bool:
    code = letter.zip_code
    if not is_abroad(letter):
        return bool(_GERMAN_CODE.fullmatch(code))
    return code == _NO_POSTAL_CODE or bool(code.strip() and not _CODE_WITH_PREFIX.match(code))
