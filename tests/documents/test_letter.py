"""A letter: cover sheet and documents in one exact A4 file, within the limits."""

import io
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest

from documents.cover import Cover
from documents.cover_sheet import cover_sheet
from documents.letter import Letter, LetterLimits, LetterWarning, make_letter
from documents.rejections import DocumentRejected, Slug
from documents.render import pictures
from documents.testing import hostile, samples
from documents.testing.paper import deviations_from_a4, difference
from documents.zones import check_zones

LIMITS = LetterLimits()

GOOD = {
    "plain": samples.written(3),
    "umlauts": samples.written(title="Übergabeprotokoll für Größe & Süßmilch"),
    "landscape": samples.written(2, size=samples.LANDSCAPE_PT),
    "rotated": samples.rotated(samples.written(3), 90, -90, 180),
    "inherited": samples.with_inherited_keys(samples.written(2), Rotate=-90),
    "letter size": samples.written(size=samples.LETTER_PT),
    "a5": samples.written(size=samples.A5_PT),
    "oversize": samples.written(size=samples.OVERSIZE_PT),
    "unit": samples.with_page_keys(samples.written(), UserUnit=2),
    "stamp": samples.with_stamp(samples.written()),
    "link": samples.with_link(samples.written()),
    "form": samples.form(),
    "layer": samples.hidden_layer(),
    "junk in front": hostile.with_junk_in_front(samples.written()),
}


def letter(*sources: bytes, cover: Cover | None = None, duplex: bool = False) -> Letter:
    return make_letter(sources, cover, LIMITS, duplex=duplex)


def refusal(
    *sources: bytes, cover: Cover | None = None, limits: LetterLimits = LIMITS
) -> DocumentRejected:
    with pytest.raises(DocumentRejected) as caught:
        make_letter(sources, cover, limits, duplex=False)
    return caught.value


def inked_pages(content: bytes) -> list[bool]:
    return [picture.getextrema()[0] != 255 for picture in pictures(content, dpi=20)]


@pytest.mark.spec("EPO-04", "EPO-05")
@pytest.mark.parametrize("kind", GOOD)
def test_every_letter_is_exact_a4_with_its_cover_first(kind: str, cover: Cover) -> None:
    made = letter(GOOD[kind], cover=cover)

    assert deviations_from_a4(made.content) == []
    report = check_zones(made.content)
    assert (report.first_page, report.sender, report.recipient) == ((), True, True)
    first, *_ = pictures(made.content, dpi=60)
    assert difference(first, next(pictures(cover_sheet(cover), dpi=60))) == 0
    with pikepdf.open(io.BytesIO(GOOD[kind])) as pdf:
        assert made.pages == 1 + len(pdf.pages)
    with pikepdf.open(io.BytesIO(made.content)) as pdf:
        assert made.pages == made.sheets == len(pdf.pages)


@pytest.mark.parametrize("duplex", [False, True])
def test_the_same_input_gives_the_same_bytes(cover: Cover, duplex: bool) -> None:
    sources = tuple(GOOD.values())

    assert letter(*sources, cover=cover, duplex=duplex) == letter(
        *sources, cover=cover, duplex=duplex
    )


@pytest.mark.spec("EPO-03")
def test_92_pages_and_a_cover_sheet_are_sent_93_are_not(cover: Cover) -> None:
    assert letter(samples.written(92), cover=cover).pages == 93
    assert letter(samples.written(93)).pages == 93

    rejection = refusal(samples.written(93), cover=cover)
    assert (rejection.slug, rejection.figures) == (Slug.TOO_MANY_PAGES, {"pages": 94, "limit": 93})
    assert refusal(samples.written(94)).slug is Slug.TOO_MANY_PAGES


@pytest.mark.spec("EPO-03")
def test_blank_pages_count(cover: Cover) -> None:
    odd = [samples.written(1)] * 46

    assert letter(*odd, cover=cover).pages == 47
    with pytest.raises(DocumentRejected) as caught:
        make_letter([*odd, odd[0]], cover, LIMITS, duplex=True)
    assert caught.value.figures == {"pages": 95, "limit": 93}
    assert make_letter(odd, cover, LIMITS, duplex=True).pages == 93


@pytest.mark.spec("EPO-03")
def test_bytes_at_and_over_the_limit(cover: Cover) -> None:
    size = len(letter(samples.written(), cover=cover).content)

    exact = make_letter(
        [samples.written()], cover, LetterLimits(size_bytes=size), duplex=False
    ).content
    rejection = refusal(samples.written(), cover=cover, limits=LetterLimits(size_bytes=size - 1))

    assert len(exact) == size
    assert rejection.slug is Slug.TOO_MANY_BYTES
    assert rejection.figures == {"size_bytes": size, "limit_bytes": size - 1}


@pytest.mark.spec("EPO-03")
def test_the_limits_of_a_letter() -> None:
    assert (LIMITS.pages, LIMITS.size_bytes) == (93, 15 * 1024 * 1024)


@pytest.mark.parametrize(
    ("counts", "covered", "inked"),
    [
        ((1,), True, "x-x"),
        ((2,), True, "x-xx"),
        ((1, 2, 3, 1), True, "x-x-xxxxx-x"),
        ((1, 1), False, "x-x"),
        ((2, 2), False, "xxxx"),
        ((3,), False, "xxx"),
        ((), True, "x"),
    ],
)
def test_in_duplex_each_document_starts_on_a_new_sheet(
    counts: tuple[int, ...],
    covered: bool,
    inked: str,
    cover: Cover,
) -> None:
    sources = [samples.written(count) for count in counts]

    made = letter(*sources, cover=cover if covered else None, duplex=True)

    assert inked_pages(made.content) == [mark == "x" for mark in inked]
    assert (made.pages, made.sheets) == (len(inked), (len(inked) + 1) // 2)
    assert deviations_from_a4(made.content) == []


@pytest.mark.spec("EPO-05")
def test_turned_and_scaled_pages_are_numbered_in_the_letter(cover: Cover) -> None:
    mixed = samples.mixed([samples.A4_PT, samples.LANDSCAPE_PT, samples.LETTER_PT])

    single = letter(mixed, mixed, cover=cover)
    double = letter(mixed, mixed, cover=cover, duplex=True)

    assert single.turned_pages == (3, 6)
    assert single.warnings == (LetterWarning("pages-scaled", (4, 7)),)
    assert double.turned_pages == (4, 8)
    assert double.warnings == (LetterWarning("pages-scaled", (5, 9)),)


@pytest.mark.spec("EPO-05")
def test_a_first_page_that_was_moved_is_warned_of() -> None:
    assert letter(samples.written(size=samples.LANDSCAPE_PT)).warnings == (
        LetterWarning("first-page-moved", (1,)),
    )
    assert letter(samples.written()).warnings == ()


@pytest.mark.parametrize(
    ("source", "slug"),
    [
        (samples.encrypted(samples.written()), Slug.ENCRYPTED),
        (samples.encrypted(samples.written(), user="geheim"), Slug.ENCRYPTED),
        (samples.no_pages(), Slug.ZERO_PAGES),
        (hostile.cut_in_half(samples.written()), Slug.DAMAGED),
        (b"<html></html>", Slug.DAMAGED),
    ],
    ids=["owner", "user", "zero", "half", "html"],
)
def test_a_source_that_cannot_be_sent_is_named(source: bytes, slug: Slug, cover: Cover) -> None:
    rejection = refusal(samples.written(), source, cover=cover)

    assert (rejection.slug, rejection.figures) == (slug, {"source": 2})


def test_nothing_is_no_letter() -> None:
    assert refusal().slug is Slug.ZERO_PAGES


@pytest.mark.spec("EPO-05")
def test_portrait_pages_keep_their_content_through_the_merge(cover: Cover) -> None:
    source = samples.mixed([samples.A4_PT, samples.LANDSCAPE_PT, samples.A4_PT])

    made = letter(source, cover=cover)

    with (
        pikepdf.open(io.BytesIO(source)) as before,
        pikepdf.open(io.BytesIO(made.content)) as after,
    ):
        for number in (0, 2):
            original = before.pages[number].obj.Contents.read_bytes()
            assert after.pages[number + 1].obj.Contents.read_bytes() == original


def test_a_layer_that_is_off_stays_off() -> None:
    hidden = samples.hidden_layer()
    plain = next(pictures(samples.written(), dpi=60))

    made = letter(samples.written(), hidden, hidden)

    assert [difference(picture, plain) for picture in pictures(made.content, dpi=60)] == [0, 0, 0]


def test_nothing_but_pages_is_taken_over(cover: Cover) -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.docinfo["/Author"] = "Erika Mustermann"
        pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        pdf.attachments["geheim.txt"] = b"geheim"

    made = letter(samples.changed(samples.written(), change), cover=cover)

    with pikepdf.open(io.BytesIO(made.content)) as pdf:
        assert set(pdf.Root.keys()) == {"/Type", "/Pages"}
        assert "/Info" not in pdf.trailer


@pytest.mark.spec("EPO-03", "EPO-04", "EPO-05")
def test_real_files(real_files: Path, cover: Cover) -> None:
    for path in sorted(real_files.glob("*.pdf")):
        content = path.read_bytes()
        if "password" in path.name:
            assert refusal(content, cover=cover).slug is Slug.ENCRYPTED
        elif "GeoTopo" in path.name:
            assert refusal(content, cover=cover).figures == {"pages": 118, "limit": 93}
        else:
            made = letter(content, cover=cover)
            assert deviations_from_a4(made.content) == [], path.name
            assert check_zones(made.content).first_page == (), path.name
            assert made == letter(content, cover=replace(cover)), path.name
