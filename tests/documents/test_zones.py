"""The template's zones, checked on rendered pages (EPO-07)."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image

from documents.geometry import A4_HEIGHT_PT, MM
from documents.portrait import portrait
from documents.rejections import DocumentRejected, Slug
from documents.template import TEMPLATE_V3, Zone
from documents.testing import samples
from documents.zones import check_zones, has_ink

pytestmark = pytest.mark.spec("EPO-07")

EMPTY = (*TEMPLATE_V3.empty_first, *TEMPLATE_V3.empty_all)


def with_square(content: bytes, x_mm: float, y_mm: float, *, page: int = 1) -> bytes:
    """A square of a millimetre, by its top left corner."""

    def change(pdf: Pdf) -> None:
        bottom = A4_HEIGHT_PT - (y_mm + 1) * MM
        square = f"q 0 g {x_mm * MM:.3f} {bottom:.3f} {MM:.3f} {MM:.3f} re f Q"
        pdf.pages[page - 1].contents_add(square.encode())

    return samples.changed(content, change)


def finished_letter() -> bytes:
    lines = ("Frau", "Erika Mustermann", "Heidestraße 17", "51147 Köln")
    letter = samples.numbered_letter(lines, sender="Hausverwaltung Müller · 10969 Berlin")
    return portrait(letter).content


def test_a_finished_letter_is_ready() -> None:
    report = check_zones(finished_letter())

    assert report.ready
    assert (report.first_page, report.following_pages) == ((), {})


@pytest.mark.parametrize("zone", EMPTY, ids=lambda zone: zone.name)
def test_ink_in_a_zone_is_named(zone: Zone) -> None:
    middle = zone.x_mm + zone.width_mm / 2 - 0.5, zone.y_mm + zone.height_mm / 2 - 0.5

    report = check_zones(with_square(finished_letter(), *middle))

    assert zone.name in report.first_page
    assert not report.ready


@pytest.mark.parametrize(
    ("x_mm", "y_mm", "found"),
    [
        (23, 51, ()),
        (23, 52, ("dvf",)),
        (107, 67, ("dvf",)),
        (108, 67, ()),
        (23, 68, ()),
        (19, 60, ()),
        (20, 45, ("address-strip",)),
        (2, 40, ()),
        (1, 40, ("left-strip-top",)),
        (11, 90, ("left-strip",)),
        (11, 89, ()),
        (12, 150, ()),
        (207, 150, ()),
        (208, 150, ("border-right",)),
        (100, 294, ()),
        (100, 295, ("border-bottom",)),
        (100, 2, ()),
        (100, 1, ("border-top",)),
    ],
)
def test_zones_end_where_the_template_says(
    x_mm: float, y_mm: float, found: tuple[str, ...]
) -> None:
    assert check_zones(with_square(finished_letter(), x_mm, y_mm)).first_page == found


def test_an_empty_page_has_neither_sender_nor_recipient() -> None:
    def change(pdf: Pdf) -> None:
        pdf.pages[0].obj.Contents = pdf.make_stream(b"")

    report = check_zones(samples.changed(finished_letter(), change))

    assert (report.sender, report.recipient, report.ready) == (False, False, False)


def test_following_pages_have_zones_of_their_own() -> None:
    content = portrait(samples.written(3)).content
    in_the_address_zone = with_square(content, 50, 60, page=2)
    in_the_strip = with_square(in_the_address_zone, 5, 150, page=3)

    assert check_zones(in_the_strip).following_pages == {3: ("left-strip",)}


def test_a_scan_has_ink_though_it_has_no_text() -> None:
    def change(pdf: Pdf) -> None:
        scan = pdf.make_stream(b"\x80", Type=Name.XObject, Subtype=Name.Image)
        scan.Width = scan.Height = 1
        scan.ColorSpace, scan.BitsPerComponent = Name.DeviceGray, 8
        page = pdf.pages[0].obj
        page.Resources = Dictionary(XObject=Dictionary(Scan=scan))
        page.Contents = pdf.make_stream(b"q 595 0 0 842 0 0 cm /Scan Do Q")
        page.MediaBox = Array([0, 0, 595.276, 841.89])

    report = check_zones(samples.changed(samples.written(), change))

    assert set(report.first_page) == {zone.name for zone in EMPTY}


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(DocumentRejected) as caught:
        check_zones(b"%PDF-1.4 nothing")
    assert caught.value.slug is Slug.DAMAGED


def test_the_printable_area_touches_no_zone_that_stays_empty_on_all_pages() -> None:
    for zone in TEMPLATE_V3.empty_all:
        assert not _overlap(zone, TEMPLATE_V3.printable), zone.name


def test_sender_recipient_and_what_lies_between_do_not_overlap() -> None:
    dvf = TEMPLATE_V3.empty_first[0]
    for one, other in combinations((TEMPLATE_V3.sender, dvf, TEMPLATE_V3.recipient), 2):
        assert not _overlap(one, other)


@given(x=st.integers(0, 1239), y=st.integers(0, 1753))
def test_one_dark_pixel_is_found_in_exactly_the_zones_around_it(x: int, y: int) -> None:
    picture = Image.new("L", (1240, 1754), 255)
    picture.putpixel((x, y), 0)
    per_mm = 150 / 25.4
    for zone in EMPTY:
        right, bottom = zone.x_mm + zone.width_mm, zone.y_mm + zone.height_mm
        inside = (
            zone.x_mm * per_mm <= x
            and zone.y_mm * per_mm <= y
            and x + 1 <= right * per_mm
            and y + 1 <= bottom * per_mm
        )
        assert has_ink(picture, zone) == inside, zone.name


def _overlap(one: Zone, other: Zone) -> bool:
    return (
        one.x_mm < other.x_mm + other.width_mm
        and other.x_mm < one.x_mm + one.width_mm
        and one.y_mm < other.y_mm + other.height_mm
        and other.y_mm < one.y_mm + one.height_mm
    )
