"""The names of attached files: as given where possible, and safe on every system."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery_mail.message.attachments import MAX_NAME_BYTES, pdf_names, safe_name

pytestmark = pytest.mark.spec("EML-02")


@pytest.mark.parametrize(
    ("given_names", "names"),
    [
        (["Abrechnung Müller"], ["Abrechnung Müller.pdf"]),
        (["Abrechnung.PDF"], ["Abrechnung.pdf"]),
        (["Nr. 3/2025"], ["Nr. 3_2025.pdf"]),
        (["Brief", "brief.pdf", "Brief"], ["Brief.pdf", "brief (2).pdf", "Brief (3).pdf"]),
        (["Brief (2)", "Brief", "Brief"], ["Brief (2).pdf", "Brief.pdf", "Brief (3).pdf"]),
        (["../../etc/passwd"], ["_.._etc_passwd.pdf"]),
        (["zwei\r\nZeilen\u2028\x00"], ["zwei Zeilen.pdf"]),
        (["", " . ", ".pdf"], ["Dokument.pdf", "Dokument (2).pdf", "Dokument (3).pdf"]),
    ],
)
def test_a_name_is_kept_as_far_as_it_is_safe(given_names: list[str], names: list[str]) -> None:
    assert pdf_names(given_names, len(given_names), "Dokument") == names


def test_files_without_a_name_get_the_default() -> None:
    assert pdf_names(["Brief"], 3, "Dokument") == [
        "Brief.pdf",
        "Dokument.pdf",
        "Dokument (2).pdf",
    ]


@given(st.lists(st.text(alphabet=st.characters(codec=None), max_size=300), max_size=6))
def test_names_are_unique_short_and_safe_whatever_is_given(given_names: list[str]) -> None:
    names = pdf_names(given_names, len(given_names), "Dokument")
    assert len({name.casefold() for name in names}) == len(given_names)
    for name in names:
        assert name.endswith(".pdf")
        assert name.isprintable()
        assert len(name.encode()) <= MAX_NAME_BYTES
        assert safe_name(name) == name
