"""Postal addresses in the provider's fields."""

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from delivery_epost.adapters.epost_address import country_name, postal_fields
from delivery_epost.ports import PostalAddress, RefusedError
from epost_simulator.addresses import COUNTRIES

pytestmark = pytest.mark.spec("EPO-12")

LINES = ("Eva Muster", "Ring 1")
NO_COUNTRIES = {"AC", "CP", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
TERRITORIES = sorted(code for code in map(str, Locale("de").territories) if code.isalpha())
ABROAD = [code for code in TERRITORIES if len(code) == 2 and code not in {*NO_COUNTRIES, "DE"}]


def test_germany_is_not_named() -> None:
    assert postal_fields(PostalAddress(LINES, "53113", "Bonn")) == {
        "addressLine1": "Eva Muster",
        "addressLine2": "Ring 1",
        "zipCode": "53113",
        "city": "Bonn",
    }


@pytest.mark.parametrize(
    ("country", "postal_code", "fields"),
    [
        ("AT", "1010", ("ÖSTERREICH", "1010")),
        ("at", "A-1010", ("ÖSTERREICH", "1010")),
        ("CH", "CH-8000", ("SCHWEIZ", "8000")),
        ("GB", "SW1A 1AA", ("VEREINIGTES KÖNIGREICH", "SW1A 1AA")),
        ("NL", "1012 AB", ("NIEDERLANDE", "1012 AB")),
        ("PL", "00-001", ("POLEN", "00-001")),
        ("HK", "", ("HONGKONG", "   ")),
        ("AE", "  ", ("VEREINIGTE ARABISCHE EMIRATE", "   ")),
        ("CI", "", ("CÔTE D'IVOIRE", "   ")),
    ],
)
def test_abroad(country: str, postal_code: str, fields: tuple[str, str]) -> None:
    found = postal_fields(PostalAddress(LINES, postal_code, "Ort", country))
    assert (found["country"], found["zipCode"]) == fields


@pytest.mark.parametrize("written", ["53113", " 53113 ", "D-53113", "DE-53113", "d - 53113"])
def test_a_german_code_stands_alone(written: str) -> None:
    assert postal_fields(PostalAddress(LINES, written, "Bonn"))["zipCode"] == "53113"


@pytest.mark.parametrize(
    ("address", "slug", "code"),
    [
        (PostalAddress((), "53113", "Bonn"), "address-incomplete", "E306"),
        (PostalAddress((" ", ""), "53113", "Bonn"), "address-incomplete", "E306"),
        (PostalAddress(LINES, "53113", " "), "address-incomplete", "E306"),
        (PostalAddress(("x" * 81,), "53113", "Bonn"), "address-too-long", "E306"),
        (PostalAddress(LINES, "53113", "x" * 81), "address-too-long", "E306"),
        (PostalAddress(tuple("abcdef"), "53113", "Bonn"), "address-too-long", "E306"),
        (PostalAddress(tuple("abcde"), "1010", "Wien", "AT"), "address-too-long", "E306"),
        (PostalAddress(LINES, "5311", "Bonn"), "postal-code-invalid", "E306"),
        (PostalAddress(LINES, "", "Bonn"), "postal-code-invalid", "E306"),
        (PostalAddress(LINES, "12", "Wien", "AT"), "postal-code-invalid", "E306"),
        (PostalAddress(LINES, "x" * 21, "Wien", "AT"), "postal-code-invalid", "E306"),
        (PostalAddress(LINES, "1", "Ort", "ZZ"), "country-unknown", "E305"),
        (PostalAddress(LINES, "1", "Ort", "EU"), "country-unknown", "E305"),
        (PostalAddress(LINES, "1", "Ort", "419"), "country-unknown", "E305"),
        (PostalAddress(LINES, "1", "Ort", ""), "country-unknown", "E305"),
    ],
)
def test_an_address_that_cannot_be_sent_is_refused_before_it_leaves(
    address: PostalAddress, slug: str, code: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        postal_fields(address)
    assert (refused.value.slug, refused.value.code) == (slug, code)
    assert refused.value.permanent


def test_five_lines_at_home_and_four_abroad() -> None:
    home = postal_fields(PostalAddress(tuple("abcde"), "53113", "Bonn"))
    assert home["addressLine5"] == "e"
    abroad = postal_fields(PostalAddress(tuple("abcd"), "1010", "Wien", "AT"))
    assert abroad["addressLine4"] == "d"


@pytest.mark.parametrize("code", ABROAD)
def test_the_post_knows_every_country_we_can_name(code: str) -> None:
    assert country_name(code) in COUNTRIES


@given(
    lines=st.lists(st.text(max_size=90), max_size=7),
    postal_code=st.text(max_size=25),
    city=st.text(max_size=90),
    country=st.sampled_from(TERRITORIES) | st.text(max_size=3),
)
def test_what_is_not_refused_keeps_the_limits(
    lines: list[str], postal_code: str, city: str, country: str
) -> None:
    try:
        fields = postal_fields(PostalAddress(tuple(lines), postal_code, city, country))
    except RefusedError:
        return
    assert all(1 <= len(value) <= 80 for value in fields.values())
    assert 3 <= len(fields["zipCode"]) <= 20
    assert ("country" in fields) == (country.upper() != "DE")
    assert ("addressLine5" not in fields) or "country" not in fields
