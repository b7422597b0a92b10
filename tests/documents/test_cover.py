"""The cover sheet: complete, legible, in the template's zones, always the same bytes (EPO-04)."""

import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pikepdf
import pypdfium2  # type: ignore[import-untyped]  # ships no types
import pytest

from documents.cover import Cover, Sender
from documents.cover_layout import german_date
from documents.cover_sheet import cover_sheet
from documents.fonts import fonts_not_embedded
from documents.rejections import DocumentRejected, Slug
from documents.template import TEMPLATE_V3
from documents.testing.paper import deviations_from_a4
from documents.zones import check_zones

pytestmark = pytest.mark.spec("EPO-04")

EUROPE = {
    "German": "Jürgen Größe-Weiß, ÄÖÜẞ",
    "Polish": "Zażółć Gęślą Jaźń ĄĆĘŁŃÓŚŹŻ",
    "Czech": "Příliš Žluťoučký Kůň ĎŤŇĚŘ",
    "Slovak": "Ľubomír Kŕdeľ Ĺ ô ä",
    "Turkish": "İĞŞÇÖÜ ığşçöü Işık",
    "Romanian": "Ștefan Țăran Ăâî șț",
    "Hungarian": "Őrült Űr, árvíztűrő",
    "Croatian": "Đorđe Žižić Čačak",
    "Latvian": "Ķīļu Ģertrūde Ņ",
    "Lithuanian": "Žąsų Ūkis Ėjimas Įmonė",
    "Estonian": "Õnne Šokk",
    "Icelandic": "Þórður Æði",
    "Norwegian": "Bjørn Ærlig Åse",
    "French": "Œuvre d'Anaïs, Ÿ",
    "Maltese": "Għarb Ħaż-Żebbuġ Ċ",
    "Welsh": "Ŵyn Ŷsgol",
    "Greek": "Ελλάδα, Οδός",
    "Bulgarian": "Жълтуша, Улица",
}


def words_on(content: bytes) -> str:
    """The page's text as a reader would copy it, in one line."""
    document = pypdfium2.PdfDocument(content)
    try:
        text: str = document[0].get_textpage().get_text_range()
    finally:
        document.close()
    return " ".join(text.split())


def zone_text(content: bytes) -> list[str]:
    """The lines inside the recipient's zone."""
    document = pypdfium2.PdfDocument(content)
    try:
        box = TEMPLATE_V3.recipient.box
        text: str = document[0].get_textpage().get_text_bounded(*_edges(box))
    finally:
        document.close()
    return text.splitlines()


def _edges(box: object) -> tuple[float, float, float, float]:
    return tuple(getattr(box, edge) for edge in ("left", "bottom", "right", "top"))


def _letters(lines: Iterable[str]) -> str:
    """Without spaces and hyphens: pdfium takes a hyphen at a line's end for a divided word."""
    return "".join(lines).translate(str.maketrans("", "", " -\x02"))


def addressed(cover: Cover, *lines: str) -> Cover:
    return replace(cover, recipient_lines=lines)


def refusal(cover: Cover) -> DocumentRejected:
    with pytest.raises(DocumentRejected) as caught:
        cover_sheet(cover)
    return caught.value


def test_everything_is_on_the_page(cover: Cover) -> None:
    text = words_on(cover_sheet(cover))

    for expected in (
        "Hausverwaltung Müller & Söhne GmbH · Lindenstraße 5 · 10969 Berlin",
        "Frau Dr. Ayşe Öztürk-Groß Weißenburger Straße 12 10405 Berlin",
        "Telefon 030 123456-0",
        "1. März 2026",
        "Betriebskostenabrechnung 2025",
        "Sehr geehrte Damen und Herren,",
    ):
        assert expected in text


ADDRESSES = {
    "short": ("Erika Mustermann", "51147 Köln"),
    "couple": (
        "Herrn und Frau",
        "Zbigniew Żółć-Wiśniewski und",
        "Małgorzata Łódzka-Wiśniewska",
        "bei Hausmeisterei Ångström",
        "Straße der Pariser Kommune 117",
        "10243 Berlin",
    ),
    "abroad": ("Ayşe Çağlar İnönü", "İstiklal Caddesi 12/4", "34433 BEYOĞLU", "TÜRKEI"),
    "very long": (
        "Wohnungseigentümergemeinschaft Bürgermeister-Krautzig-Straße 128 bis 134 in Calau",
        "z. Hd. der Verwaltungsbeiratsvorsitzenden Frau Annegret Schulze-Großschönau",
        "Bürgermeister-Krautzig-Straße 128 a",
        "01968 Senftenberg",
    ),
}


@pytest.mark.parametrize("kind", ADDRESSES)
def test_the_address_is_whole_and_the_zones_are_clean(kind: str, cover: Cover) -> None:
    lines = ADDRESSES[kind]

    content = cover_sheet(addressed(cover, *lines))

    assert check_zones(content).ready
    assert _letters(zone_text(content)) == _letters(lines)
    assert len(zone_text(content)) <= 6
    assert deviations_from_a4(content) == []


@pytest.mark.parametrize("language", EUROPE)
def test_names_of_all_europe_are_printed(language: str, cover: Cover) -> None:
    name = EUROPE[language]

    content = cover_sheet(addressed(cover, name, "10405 Berlin"))

    assert zone_text(content)[0] == name


def test_composed_and_decomposed_letters_are_the_same(cover: Cover) -> None:
    composed = addressed(cover, "M\u00fcller", "10405 Berlin")
    decomposed = addressed(cover, "Mu\u0308ller\u200b", "10405\u00a0Berlin ", "")

    assert cover_sheet(composed) == cover_sheet(decomposed)


def test_the_same_input_gives_the_same_bytes(cover: Cover) -> None:
    assert cover_sheet(cover) == cover_sheet(replace(cover))
    assert cover_sheet(cover) != cover_sheet(replace(cover, date=date(2026, 3, 2)))


def test_all_fonts_are_embedded(cover: Cover) -> None:
    with pikepdf.open(io.BytesIO(cover_sheet(cover))) as pdf:
        assert len(pdf.pages) == 1
        assert pdf.pages[0].obj.Resources.Font.keys()
        assert fonts_not_embedded(pdf) == ()


def test_a_long_sender_takes_two_lines_above_and_a_short_name_in_the_return_line(
    cover: Cover,
) -> None:
    name = (
        "Gemeinnützige Wohnungsbau- und Immobilienverwaltungsgesellschaft "
        "Großräschen-Senftenberg mbH & Co. KG"
    )
    sender = Sender(name, ("Bürgermeister-Krautzig-Straße 128 a", "01983 Großräschen"))

    rejection = refusal(replace(cover, sender=sender))
    content = cover_sheet(replace(cover, sender=replace(sender, short_name="GWIG mbH & Co. KG")))

    assert rejection.slug is Slug.SENDER_TOO_LONG
    assert check_zones(content).ready
    assert name in words_on(content)
    assert "GWIG mbH & Co. KG · Bürgermeister-Krautzig-Straße 128 a" in words_on(content)


def test_several_documents_are_listed(cover: Cover) -> None:
    subjects = ("Einladung", "Wirtschaftsplan 2027", "Beschlüsse.pdf")

    text = words_on(cover_sheet(replace(cover, subjects=subjects)))

    assert "Ihre Unterlagen – Einladung – Wirtschaftsplan 2027 – Beschlüsse.pdf" in text
    assert "die genannten Dokumente" in text


def test_a_list_too_long_for_the_page_ends_with_a_count(cover: Cover) -> None:
    subjects = tuple(f"Dokument {number}" for number in range(60))

    content = cover_sheet(replace(cover, subjects=subjects))
    text = words_on(content)
    listed = [subject for subject in subjects if f"{subject} –" in text]

    assert f"und weitere Dokumente: {60 - len(listed)}" in text
    assert "Mit freundlichen Grüßen" in text
    assert check_zones(content).ready


def test_a_long_file_name_is_broken_and_whole(cover: Cover) -> None:
    subject = "Nebenkostenabrechnung_" * 12

    content = cover_sheet(replace(cover, subjects=(subject,)))

    assert subject in words_on(content).replace(" ", "")
    assert check_zones(content).ready


def test_an_endless_subject_leaves_room_for_the_letter(cover: Cover) -> None:
    content = cover_sheet(replace(cover, subjects=("Protokoll " * 500,)))

    assert "… Sehr geehrte Damen und Herren," in words_on(content)
    assert check_zones(content).ready


def test_an_unknown_character_in_a_subject_is_no_reason_to_fail(cover: Cover) -> None:
    assert "Plan ? 2026" in words_on(cover_sheet(replace(cover, subjects=("Plan 🏠 2026",))))


def test_an_unknown_character_in_a_name_is(cover: Cover) -> None:
    rejection = refusal(addressed(cover, "Frau", "山田花子", "10405 Berlin"))

    assert rejection.slug is Slug.UNPRINTABLE
    assert rejection.figures == {"field": "recipient", "line": 2}


@pytest.mark.parametrize(
    ("lines", "slug"),
    [
        ((), Slug.ADDRESS_INCOMPLETE),
        (("Erika Mustermann", "  "), Slug.ADDRESS_INCOMPLETE),
        (("a", "b", "c", "d", "e", "f", "g"), Slug.ADDRESS_TOO_LONG),
        (("W" * 60, "10405 Berlin"), Slug.ADDRESS_TOO_LONG),
        (("Name " * 80, "10405 Berlin"), Slug.ADDRESS_TOO_LONG),
    ],
    ids=["none", "one", "seven", "one long word", "too much to wrap"],
)
def test_an_address_that_cannot_be_printed_whole_is_refused(
    lines: tuple[str, ...], slug: Slug, cover: Cover
) -> None:
    assert refusal(addressed(cover, *lines)).slug is slug


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 3, 1), "1. März 2026"),
        (date(2026, 12, 24), "24. Dezember 2026"),
        (date(2027, 1, 31), "31. Januar 2027"),
    ],
)
def test_dates_are_long_and_german(day: date, text: str) -> None:
    assert german_date(day) == text
