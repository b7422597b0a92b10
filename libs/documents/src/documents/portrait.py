"""Every page becomes A4 portrait: landscape ones are turned, other sizes scaled (EPO-05)."""

import io
from collections.abc import Collection
from dataclasses import dataclass

import pikepdf
from pikepdf import Dictionary, Name, Page, Pdf

from documents.flatten import flatten
from documents.geometry import A4, A4_HEIGHT_PT, A4_WIDTH_PT, Box, Look, content_parts, look_at
from documents.rejections import rejecting_damage
from documents.template import TEMPLATE_V3, Template

_TURN = 270  # clockwise: the page's top then faces the binding edge, on the left
_TURNS = {0: (1, 0, 0, 1), 90: (0, -1, 1, 0), 180: (-1, 0, 0, -1), 270: (0, 1, -1, 0)}
_PAPER_KEYS = ("/Type", "/Parent", "/Contents", "/Resources", "/Group")


@dataclass(frozen=True, slots=True)
class Reworked:
    """Pages, counted from 1, whose content was moved; all others kept their content streams."""

    turned_pages: tuple[int, ...]
    scaled_pages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Portrait:
    """A document of exact A4 portrait pages."""

    content: bytes
    turned_pages: tuple[int, ...]
    scaled_pages: tuple[int, ...]


def portrait(content: bytes, template: Template = TEMPLATE_V3) -> Portrait:
    """Make every page A4 portrait; the same input gives the same bytes.

    Raises DocumentRejected: PASSWORD, DAMAGED.
    """
    with rejecting_damage(), pikepdf.open(io.BytesIO(content), suppress_warnings=True) as pdf:
        done = make_portrait(pdf, template)
        return Portrait(_saved(pdf), done.turned_pages, done.scaled_pages)


def shrink_pages(content: bytes, pages: Collection[int], template: Template = TEMPLATE_V3) -> bytes:
    """Scale the named pages (from 1) into the printable area: they have ink in the left strip.

    Raises DocumentRejected: PASSWORD, DAMAGED.
    """
    with rejecting_damage(), pikepdf.open(io.BytesIO(content), suppress_warnings=True) as pdf:
        make_portrait(pdf, template, shrink=pages)
        return _saved(pdf)


def make_portrait(pdf: Pdf, template: Template, *, shrink: Collection[int] = ()) -> Reworked:
    """Do it in place; flattens annotations first, since they do not move with the content.

    Portrait A4 stays where it is. Landscape is turned; it and every other size is put into
    the printable area, smaller where it must be, never larger.
    """
    flatten(pdf)
    turned: list[int] = []
    scaled: list[int] = []
    for number, page in enumerate(pdf.pages, start=1):
        look = look_at(page)
        if look.landscape:
            turned.append(number)
            _place(pdf, page, look, template.printable.box, turn=_TURN)
        elif not look.a4_portrait or number in shrink:
            scaled.append(number)
            _place(pdf, page, look, template.printable.box)
        elif not look.plain:
            _place(pdf, page, look, A4)
        else:
            _keep(page, look)
    return Reworked(tuple(turned), tuple(scaled))


def _keep(page: Page, look: Look) -> None:
    """Exact boxes around untouched content."""
    left, bottom = look.box.left, look.box.bottom
    paper = Box(left, bottom, left + A4_WIDTH_PT, bottom + A4_HEIGHT_PT).as_array()
    _strip(page)
    page.obj.MediaBox = paper
    page.obj.CropBox = paper


def _place(pdf: Pdf, page: Page, look: Look, area: Box, *, turn: int = 0) -> None:
    """Wrap the page's content into a form and draw that form, turned, in the middle of the area."""
    form = pdf.make_stream(
        b"\n".join(part.read_bytes() for part in content_parts(page)),
        Type=Name.XObject,
        Subtype=Name.Form,
        BBox=look.box.as_array(),
        Resources=page.obj.get("/Resources", Dictionary()),
    )
    if "/Group" in page.obj:
        form.Group = page.obj.Group
        del page.obj["/Group"]
    matrix = " ".join(f"{value:.6f}" for value in _matrix(look, area, turn))
    page.obj.Contents = pdf.make_stream(f"q {matrix} cm /Page Do Q\n".encode())
    page.obj.Resources = Dictionary(XObject=Dictionary(Page=form))
    _strip(page)
    page.obj.MediaBox = A4.as_array()
    page.obj.CropBox = A4.as_array()


def _matrix(look: Look, area: Box, turn: int) -> tuple[float, ...]:
    """The box's centre goes to the area's; never enlarged, but for what /UserUnit asks."""
    rotation = (look.rotation + turn) % 360
    wide, high = look.box.width * look.unit, look.box.height * look.unit
    if rotation % 180:
        wide, high = high, wide
    scale = look.unit * min(1.0, area.width / wide, area.height / high)
    a, b, c, d = (scale * value for value in _TURNS[rotation])
    (from_x, from_y), (to_x, to_y) = look.box.centre, area.centre
    return a, b, c, d, to_x - a * from_x - c * from_y, to_y - b * from_x - d * from_y


def _strip(page: Page) -> None:
    """Leave only what ink needs: no actions, thumbnails, other boxes or turning attributes."""
    for key in set(page.obj.keys()).difference(_PAPER_KEYS):
        del page.obj[key]


def _saved(pdf: Pdf) -> bytes:
    file = io.BytesIO()
    pdf.save(file, deterministic_id=True)
    return file.getvalue()
