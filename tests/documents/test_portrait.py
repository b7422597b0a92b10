"""Every page becomes exact A4 portrait; what is portrait A4 keeps its content (EPO-05)."""

import io
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name
from PIL import Image

from documents.geometry import A4, MM, look_at
from documents.portrait import portrait, shrink_pages
from documents.rejections import DocumentRejected, Slug
from documents.render import pictures
from documents.template import TEMPLATE_V3
from documents.testing import hostile, samples
from documents.testing.paper import deviations_from_a4, difference
from documents.zones import check_zones

pytestmark = pytest.mark.spec("EPO-05")

_DPI = 100
_SAME = 3.0
"""Mean grey difference that resampling alone may cause; a wrong turn makes twenty times that."""


def streams(content: bytes) -> list[list[bytes]]:
    """Each page's content streams, unpacked."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pages = [page.obj.Contents for page in pdf.pages]
        return [
            [part.read_bytes() for part in (list(one) if isinstance(one, Array) else [one])]
            for one in pages
        ]


def on_sheet(picture: Image.Image) -> Image.Image:
    """The picture in the middle of the printable area of an A4 sheet, as a person would lay it."""
    sheet = Image.new("L", (round(A4.width / 72 * _DPI), round(A4.height / 72 * _DPI)), 255)
    area = TEMPLATE_V3.printable
    unit = _DPI * MM / 72
    width, height = area.width_mm * unit, area.height_mm * unit
    scale = min(1.0, width / picture.width, height / picture.height)
    size = (round(picture.width * scale), round(picture.height * scale))
    left = area.x_mm * unit + (width - size[0]) / 2
    top = area.y_mm * unit + (height - size[1]) / 2
    sheet.paste(picture.resize(size, Image.Resampling.LANCZOS), (round(left), round(top)))
    return sheet


_LANDSCAPE = {
    "by box": samples.written(size=samples.LANDSCAPE_PT),
    "by rotate": samples.rotated(samples.written(), 90),
    "by negative rotate": samples.rotated(samples.written(), -90),
    "by inherited rotate": samples.with_inherited_keys(samples.written(), Rotate=270),
    "box upside down": samples.rotated(samples.written(size=samples.LANDSCAPE_PT), 180),
    "by crop": samples.with_page_keys(samples.written(), CropBox=[40, 500, 560, 830]),
    "off the origin": samples.with_page_keys(samples.written(), MediaBox=[-50, 400, 595, 842]),
    "stamped": samples.with_stamp(samples.written(size=samples.LANDSCAPE_PT)),
    "stamped and rotated": samples.rotated(samples.with_stamp(samples.written()), 90),
    "form": samples.form(size=samples.LANDSCAPE_PT),
    "oversize": samples.written(size=(1683.78, 1190.55)),
    "small": samples.written(size=(420, 300)),
}


@pytest.mark.parametrize("kind", _LANDSCAPE)
def test_a_landscape_page_is_turned(kind: str) -> None:
    content = _LANDSCAPE[kind]
    (original,) = pictures(content, dpi=_DPI)

    made = portrait(content)
    (picture,) = pictures(made.content, dpi=_DPI)

    assert (made.turned_pages, made.scaled_pages) == ((1,), ())
    assert deviations_from_a4(made.content) == []
    turned = on_sheet(original.transpose(Image.Transpose.ROTATE_90))
    wrong = on_sheet(original.transpose(Image.Transpose.ROTATE_270))
    assert difference(picture, turned) < _SAME
    assert difference(picture, wrong) > 2 * difference(picture, turned)


def test_the_top_of_a_turned_page_faces_the_binding_edge() -> None:
    """The sample's black bar runs along its top: on the sheet, along the left."""
    (picture,) = pictures(portrait(_LANDSCAPE["by box"]).content, dpi=_DPI)

    edge = picture.crop((0, 0, picture.width // 4, picture.height))
    black = edge.point(lambda grey: 255 if grey < 60 else 0).getbbox()
    assert black is not None
    left, top, right, bottom = black
    assert bottom - top > picture.height * 0.7
    assert right - left < picture.width * 0.2


def test_a_turned_page_leaves_the_left_strip_clean() -> None:
    to_the_edge = samples.written(2, size=samples.LANDSCAPE_PT, margin=0)

    report = check_zones(portrait(to_the_edge).content)

    assert "left-strip" not in report.first_page
    assert report.following_pages == {}


def test_mixed_documents_are_turned_page_by_page() -> None:
    content = samples.mixed(
        [samples.A4_PT, samples.LANDSCAPE_PT, samples.LETTER_PT, samples.A4_PT, (842, 595)]
    )

    made = portrait(content)

    assert (made.turned_pages, made.scaled_pages) == ((2, 5), (3,))
    assert deviations_from_a4(made.content) == []
    before, after = streams(content), streams(made.content)
    assert [after[n] == before[n] for n in range(5)] == [True, False, False, True, False]


@pytest.mark.parametrize(
    "content",
    [
        samples.written(2),
        samples.with_link(samples.written(2)),
        samples.written(2, size=(595, 842)),
        samples.written(2, size=(596, 842)),
        samples.with_page_keys(samples.written(), MediaBox=[10, 20, 605.28, 861.89]),
        samples.with_page_keys(samples.written(), TrimBox=[10, 10, 500, 700]),
        samples.rotated(samples.written(), 360),
    ],
    ids=["a4", "links", "595x842", "596x842", "off the origin", "trim box", "turned round"],
)
def test_portrait_a4_keeps_its_content_byte_for_byte(content: bytes) -> None:
    made = portrait(content)

    assert streams(made.content) == streams(content)
    assert (made.turned_pages, made.scaled_pages) == ((), ())
    assert deviations_from_a4(made.content) == []


_UPRIGHT = {
    "upside down": (samples.rotated(samples.written(), 180), 1),
    "shown upright": (samples.rotated(samples.written(size=samples.LANDSCAPE_PT), 90), 1),
    "unit": (samples.with_page_keys(samples.written(size=(297.638, 420.945)), UserUnit=2), 2),
}


@pytest.mark.parametrize("kind", _UPRIGHT)
def test_portrait_by_attribute_looks_the_same_without_it(kind: str) -> None:
    content, unit = _UPRIGHT[kind]
    (original,) = pictures(content, dpi=_DPI * unit)  # pdfium ignores the unit

    made = portrait(content)
    (picture,) = pictures(made.content, dpi=_DPI)

    assert (made.turned_pages, made.scaled_pages) == ((), ())
    assert deviations_from_a4(made.content) == []
    assert difference(picture, original.resize(picture.size)) < _SAME


@pytest.mark.parametrize(
    "size",
    [(567, 830), (612, 870), samples.LETTER_PT, samples.A5_PT, samples.OVERSIZE_PT, (300, 300)],
    ids=["nearly", "nearly-larger", "letter", "a5", "oversize", "square"],
)
def test_other_sizes_are_put_into_the_printable_area(size: samples.Size) -> None:
    content = samples.written(size=size, margin=0)
    (original,) = pictures(content, dpi=_DPI)

    made = portrait(content)
    (picture,) = pictures(made.content, dpi=_DPI)

    assert (made.turned_pages, made.scaled_pages) == ((), (1,))
    assert deviations_from_a4(made.content) == []
    assert difference(picture, on_sheet(original)) < _SAME
    assert "left-strip" not in check_zones(made.content).first_page


def test_a_stamp_on_an_upright_page_is_drawn_and_the_text_untouched() -> None:
    content = samples.with_stamp(samples.written())
    (original,) = pictures(content, dpi=_DPI)

    made = portrait(content).content
    (picture,) = pictures(made, dpi=_DPI)

    assert streams(content)[0][0] in streams(made)[0]
    assert difference(picture, original) == 0
    with pikepdf.open(io.BytesIO(made)) as pdf:
        assert "/Annots" not in pdf.pages[0].obj


@pytest.mark.parametrize("drawn", [True, False])
def test_a_field_keeps_its_value_on_paper(drawn: bool) -> None:
    filled = portrait(samples.form("Mietvertrag", drawn=drawn)).content
    blank = portrait(samples.form("", drawn=drawn)).content
    (with_value,), (without,) = pictures(filled, dpi=_DPI), pictures(blank, dpi=_DPI)

    assert difference(with_value, without) > 0


def test_named_pages_are_shrunk_out_of_the_left_strip() -> None:
    content = portrait(samples.written(3, margin=5)).content
    edges = ("left-strip-top", "border-top", "border-right")
    assert check_zones(content).following_pages == {2: edges, 3: edges}

    shrunk = shrink_pages(content, (2,))

    assert list(check_zones(shrunk).following_pages) == [3]
    before, after = streams(content), streams(shrunk)
    assert [after[n] == before[n] for n in range(3)] == [True, False, True]


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (samples.encrypted(samples.written(), user="geheim"), Slug.PASSWORD),
        (hostile.cut_in_half(samples.written(3)), Slug.DAMAGED),
    ],
)
def test_what_cannot_be_opened_is_refused(content: bytes, slug: Slug) -> None:
    with pytest.raises(DocumentRejected) as caught:
        portrait(content)
    assert caught.value.slug is slug


def test_the_same_input_gives_the_same_bytes() -> None:
    content = samples.mixed([samples.A4_PT, samples.LANDSCAPE_PT, samples.LETTER_PT])

    assert portrait(content) == portrait(content)


_edges = st.integers(min_value=-400, max_value=400)
_lengths = st.integers(min_value=30, max_value=3000)
_boxes = st.tuples(_edges, _edges, _lengths, _lengths)


def _page(
    media: tuple[int, int, int, int],
    crop: tuple[int, int, int, int] | None,
    rotate: int | None,
    unit: float | None,
    *,
    inherit: bool,
) -> bytes:
    """One page, black wherever it is visible."""
    file = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(100, 100))
        page = pdf.pages[0].obj
        page.Contents = pdf.make_stream(b"-9000 -9000 18000 18000 re f")
        holder = pdf.Root.Pages if inherit else page
        del page["/MediaBox"]
        holder.MediaBox = _box(media)
        if crop is not None:
            holder.CropBox = _box(crop)
        if rotate is not None:
            holder.Rotate = rotate
        if unit is not None:
            page.UserUnit = unit
        pdf.save(file)
    return file.getvalue()


def _box(edges: tuple[int, int, int, int]) -> Array:
    left, bottom, width, height = edges
    return Array([left, bottom, left + width, bottom + height])


@given(
    media=_boxes,
    crop=st.none() | _boxes,
    rotate=st.none() | st.sampled_from([-450, -270, -180, -90, 0, 90, 180, 270, 360, 450]),
    unit=st.none() | st.sampled_from([0.5, 1.0, 2.0, 2.5]),
    inherit=st.booleans(),
)
def test_whatever_the_boxes_the_ink_lands_where_it_belongs(
    media: tuple[int, int, int, int],
    crop: tuple[int, int, int, int] | None,
    rotate: int | None,
    unit: float | None,
    inherit: bool,
) -> None:
    content = _page(media, crop, rotate, unit, inherit=inherit)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        look = look_at(pdf.pages[0])

    made = portrait(content)

    assert deviations_from_a4(made.content) == []
    assert made.turned_pages == ((1,) if look.landscape else ())
    if look.a4_portrait:
        return
    (picture,) = pictures(made.content, dpi=72)
    box = picture.point(lambda grey: 255 if grey < 128 else 0).getbbox()
    assert box is not None
    left, top, right, bottom = (edge / MM for edge in box)
    area = TEMPLATE_V3.printable
    long, short = max(look.width_mm, look.height_mm), min(look.width_mm, look.height_mm)
    scale = min(1.0, area.width_mm / short, area.height_mm / long)
    assert right - left == pytest.approx(short * scale, abs=1)
    assert bottom - top == pytest.approx(long * scale, abs=1)
    assert (left + right) / 2 == pytest.approx(area.x_mm + area.width_mm / 2, abs=0.6)
    assert (top + bottom) / 2 == pytest.approx(area.y_mm + area.height_mm / 2, abs=0.6)


def test_malformed_attributes_count_as_absent() -> None:
    keys = {"Rotate": Name.Left, "UserUnit": -1, "CropBox": Array([1, 2]), "MediaBox": Dictionary()}

    made = portrait(samples.with_page_keys(samples.written(), **keys))

    assert deviations_from_a4(made.content) == []
    assert made.scaled_pages == (1,)  # viewers take it for Letter paper


def test_an_angle_that_is_no_quarter_turn_counts_as_the_one_before() -> None:
    content = samples.rotated(samples.written(), 100)

    assert portrait(content).turned_pages == (1,)


def test_real_files(real_files: Path) -> None:
    reworked = {"crazyones-pdfa.pdf": ((), (1,)), "habibi-rotated.pdf": ((1, 3), ())}
    for path in sorted(real_files.glob("*.pdf")):
        if "password" in path.name:
            continue
        made = portrait(path.read_bytes())

        assert deviations_from_a4(made.content) == [], path.name
        pages = made.turned_pages, made.scaled_pages
        assert pages == reworked.get(path.name, ((), ())), path.name
