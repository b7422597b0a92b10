"""The one form in which lines of text are stored."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.text import ControlCharacterError, one_line


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Müller", "Müller"),
        ("Mu\u0308ller", "Müller"),
        ("  Große\u00a0\u00a0Straße \n 12\t", "Große Straße 12"),
        ("   ", ""),
    ],
)
def test_a_line_is_tidied(typed: str, stored: str) -> None:
    assert one_line(typed) == stored


@pytest.mark.spec("CON-10")
@pytest.mark.parametrize("hidden", ["\x00", "\x1b", "\x7f", "\u200b", "\u202e", "\ufeff", "\ud800"])
def test_what_nobody_can_see_is_refused(hidden: str) -> None:
    with pytest.raises(ControlCharacterError):
        one_line(f"Mül{hidden}ler")


@given(st.text(st.characters(exclude_categories=["C"])))
def test_tidying_twice_changes_nothing_more(text: str) -> None:
    line = one_line(text)

    assert one_line(line) == line
    assert unicodedata.is_normalized("NFC", line)
    assert "  " not in line
    assert line.strip() == line
