"""What an inspection tells of good, odd, damaged and hostile files (OUT-02)."""

from pathlib import Path

import pytest

from documents.bombs import BombLimits
from documents.inspect import Inspection, Limits, inspect
from documents.rejections import DocumentRejected, Slug
from documents.testing import hostile, samples

pytestmark = pytest.mark.spec("OUT-02")


def look(content: bytes) -> Inspection:
    return inspect(content, Limits())


def refusal(content: bytes, limits: Limits | None = None) -> DocumentRejected:
    with pytest.raises(DocumentRejected) as caught:
        inspect(content, limits or Limits())
    return caught.value


def test_a_plain_document() -> None:
    content = samples.written(3)

    assert look(content) == Inspection(
        pages=3,
        size_bytes=len(content),
        encrypted=False,
        repaired=None,
        sizes_mm=((210.0, 297.0),) * 3,
        landscape_pages=(),
        not_a4_pages=(),
        scaled_unit_pages=(),
        annotated_pages=(),
        form_fields=False,
        fonts_not_embedded=(),
    )


@pytest.mark.parametrize(
    ("content", "landscape"),
    [
        (samples.mixed([samples.A4_PT, samples.LANDSCAPE_PT, samples.A4_PT]), (2,)),
        (samples.rotated(samples.written(4), 0, 90, 180, -90), (2, 4)),
        (samples.rotated(samples.written(2, size=samples.LANDSCAPE_PT), 90, 0), (2,)),
        (samples.with_inherited_keys(samples.written(2), Rotate=-90), (1, 2)),
        (samples.with_inherited_keys(samples.written(1), MediaBox=[0, 0, 842, 595]), (1,)),
        (samples.with_page_keys(samples.written(1), CropBox=[0, 0, 500, 400]), (1,)),
        (samples.with_page_keys(samples.written(1), Rotate=450), (1,)),
    ],
    ids=["box", "rotate", "rotated-upright", "inherited", "inherited-box", "crop", "more-than-360"],
)
def test_landscape_pages_are_named(content: bytes, landscape: tuple[int, ...]) -> None:
    assert look(content).landscape_pages == landscape


def test_other_sizes_are_named() -> None:
    sizes = [samples.A4_PT, samples.LETTER_PT, samples.LANDSCAPE_PT, samples.A5_PT]

    told = look(samples.mixed(sizes))

    assert told.not_a4_pages == (2, 4)
    assert told.sizes_mm == ((210.0, 297.0), (215.9, 279.4), (297.0, 210.0), (148.0, 210.0))


def test_a_scaled_unit_counts_in_the_size() -> None:
    told = look(samples.with_page_keys(samples.written(), UserUnit=2))

    assert (told.scaled_unit_pages, told.sizes_mm) == ((1,), ((420.0, 594.0),))


def test_fonts_that_are_only_named() -> None:
    assert look(samples.font_only_named()).fonts_not_embedded == ("Helvetica",)


def test_annotations_and_fields() -> None:
    stamped = look(samples.with_stamp(samples.written(2)))
    filled = look(samples.form())

    assert (stamped.annotated_pages, stamped.form_fields) == ((1, 2), False)
    assert (filled.annotated_pages, filled.form_fields) == ((1,), True)


def test_an_owners_password_is_told_and_accepted() -> None:
    told = look(samples.encrypted(samples.written()))

    assert (told.encrypted, told.pages) == (True, 1)


@pytest.mark.parametrize(
    "content",
    [
        hostile.without_end(samples.written(3)),
        hostile.with_lying_count(samples.written(3), 3, 9),
        samples.written(3).removeprefix(b"%PDF-1.3"),
    ],
    ids=["end-missing", "count-lies", "header-missing"],
)
def test_harmless_damage_is_mended_and_told(content: bytes) -> None:
    told = look(content)

    assert told.repaired is not None
    assert (told.pages, told.size_bytes) == (3, len(told.repaired))
    assert look(told.repaired).repaired is None
    assert look(content).repaired == told.repaired


def test_junk_in_front_needs_no_mending() -> None:
    assert look(hostile.with_junk_in_front(samples.written())).repaired is None


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"", Slug.NOT_A_PDF),
        (b"<html><body>Anmelden</body></html>", Slug.NOT_A_PDF),
        (bytes(range(256)) * 64, Slug.NOT_A_PDF),
        (samples.encrypted(samples.written(), user="geheim"), Slug.PASSWORD),
        (samples.no_pages(), Slug.ZERO_PAGES),
        (hostile.cut_in_half(samples.written(3)), Slug.DAMAGED),
        (hostile.with_page_lost(samples.written(3)), Slug.DAMAGED),
        (hostile.with_content_lost(samples.written(3)), Slug.DAMAGED),
        (hostile.without_end(samples.encrypted(samples.written())), Slug.DAMAGED),
    ],
    ids=[
        "empty",
        "html",
        "garbage",
        "password",
        "zero",
        "half",
        "page-lost",
        "content-lost",
        "encrypted-cut",
    ],
)
def test_what_cannot_be_taken(content: bytes, slug: Slug) -> None:
    assert refusal(content).slug is slug


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (hostile.content_bomb(), "decompression"),
        (hostile.split_content_bomb(), "page-content"),
        (hostile.huge_page(), "page-size"),
        (hostile.huge_image(), "image"),
        (hostile.nested(), "nesting"),
    ],
)
def test_bombs_are_found_by_their_kind(content: bytes, kind: str) -> None:
    rejection = refusal(content)

    assert (rejection.slug, rejection.figures["kind"]) == (Slug.BOMB, kind)


def test_too_many_objects_are_a_bomb() -> None:
    rejection = refusal(hostile.many_objects(500), Limits(bombs=BombLimits(objects=400)))

    assert (rejection.slug, rejection.figures["kind"]) == (Slug.BOMB, "objects")


def test_bytes_at_and_over_the_limit() -> None:
    content = samples.written()

    assert inspect(content, Limits(size_bytes=len(content))).pages == 1
    rejection = refusal(content, Limits(size_bytes=len(content) - 1))
    figures = {"size_bytes": len(content), "limit_bytes": len(content) - 1}
    assert (rejection.slug, rejection.figures) == (Slug.TOO_LARGE, figures)


def test_pages_at_and_over_the_limit() -> None:
    content = samples.written(4)

    assert inspect(content, Limits(pages=4)).pages == 4
    rejection = refusal(content, Limits(pages=3))
    assert (rejection.slug, rejection.figures) == (Slug.TOO_MANY_PAGES, {"pages": 4, "limit": 3})


def test_the_hard_limits() -> None:
    assert (Limits().size_bytes, Limits().pages) == (200 * 1024 * 1024, 2_000)


_REAL = {
    "002-trivial-libre-office-writer.pdf": (1, (), ()),
    "GeoTopo-komprimiert.pdf": (117, (), ()),
    "crazyones-pdfa.pdf": (1, (), (1,)),
    "google-doc-document.pdf": (1, (), ()),
    "habibi-rotated.pdf": (4, (1, 3), ()),
    "minimal-document.pdf": (1, (), ()),
    "pdfkit.pdf": (1, (), ()),
    "pdflatex-4-pages.pdf": (4, (), ()),
}


@pytest.mark.parametrize("name", _REAL)
def test_real_files(name: str, real_files: Path) -> None:
    told = look((real_files / name).read_bytes())

    assert (told.pages, told.landscape_pages, told.not_a4_pages) == _REAL[name]
    assert (told.repaired, told.fonts_not_embedded) == (None, ())


def test_a_real_file_with_a_password(real_files: Path) -> None:
    content = (real_files / "libreoffice-writer-password.pdf").read_bytes()

    assert refusal(content).slug is Slug.PASSWORD


def test_no_real_file_is_forgotten(real_files: Path) -> None:
    there = {path.name for path in real_files.glob("*.pdf")}

    assert there == {*_REAL, "libreoffice-writer-password.pdf"}
