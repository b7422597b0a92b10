"""Paper and boxes: A4 as the print centre wants it, and a page as its reader sees it."""

from dataclasses import dataclass
from math import isclose

from pikepdf import Array, Page, Stream

MM = 72 / 25.4
"""Points per millimetre."""

A4_WIDTH_PT = 595.276
A4_HEIGHT_PT = 841.890
"""The figures that E-POST expects in a MediaBox; 595.28 already earns a warning (W208)."""

A4_WIDTH_MM = 210.0
A4_HEIGHT_MM = 297.0

SAME_PAPER_MM = 1.0
"""Producers round A4 to 595 x 842 or 596 x 842 points: less than this is still A4."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in points, origin at the bottom left."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.top - self.bottom

    @property
    def centre(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2

    def cut_by(self, other: "Box") -> "Box":
        """The part of this box that lies in the other; this one where they do not meet."""
        common = Box(
            max(self.left, other.left),
            max(self.bottom, other.bottom),
            min(self.right, other.right),
            min(self.top, other.top),
        )
        return common if common.width > 0 and common.height > 0 else self

    def as_array(self) -> Array:
        return Array([round(edge, 3) for edge in (self.left, self.bottom, self.right, self.top)])


_LETTER = Box(0.0, 0.0, 612.0, 792.0)  # what viewers assume where a page has no MediaBox
A4 = Box(0.0, 0.0, A4_WIDTH_PT, A4_HEIGHT_PT)


@dataclass(frozen=True, slots=True)
class Look:
    """A page as its reader sees it: the visible box, turned by /Rotate, scaled by /UserUnit."""

    box: Box
    rotation: int
    unit: float

    @property
    def width_mm(self) -> float:
        return (self.box.height if self.rotation % 180 else self.box.width) * self.unit / MM

    @property
    def height_mm(self) -> float:
        return (self.box.width if self.rotation % 180 else self.box.height) * self.unit / MM

    @property
    def landscape(self) -> bool:
        return self.width_mm > self.height_mm + SAME_PAPER_MM / 10

    @property
    def a4_portrait(self) -> bool:
        return self.a4 and not self.landscape

    @property
    def a4(self) -> bool:
        """A4 either way up."""
        short, long = sorted((self.width_mm, self.height_mm))
        return _near(short, A4_WIDTH_MM) and _near(long, A4_HEIGHT_MM)

    @property
    def plain(self) -> bool:
        """Neither turned nor scaled by an attribute of the page."""
        return self.rotation == 0 and isclose(self.unit, 1.0)


def _near(length_mm: float, wanted_mm: float) -> bool:
    return abs(length_mm - wanted_mm) <= SAME_PAPER_MM


def look_at(page: Page) -> Look:
    """How the page looks; inherited attributes count, and what is malformed counts as absent."""
    attributes = page.obj
    media = _box(attributes.get("/MediaBox"), _LETTER)
    visible = media.cut_by(_box(attributes.get("/CropBox"), media))
    rotation = int(_number(attributes.get("/Rotate"), 0)) // 90 * 90 % 360
    unit = _number(attributes.get("/UserUnit"), 1)
    return Look(visible, rotation, unit if unit > 0 else 1.0)


def content_parts(page: Page) -> list[Stream]:
    """The page's content streams; a part that is no stream draws nothing."""
    contents = page.obj.get("/Contents")
    parts = contents if isinstance(contents, Array) else [contents]
    return [part for part in parts if isinstance(part, Stream)]


def _box(value: object, default: Box) -> Box:
    if not isinstance(value, Array) or len(value) != 4:  # noqa: PLR2004 - the edges of a box
        return default
    try:
        edges = [float(edge) for edge in value]
    except TypeError:
        return default
    left, right = sorted((edges[0], edges[2]))
    bottom, top = sorted((edges[1], edges[3]))
    return Box(left, bottom, right, top) if right > left and top > bottom else default


def _number(value: object, default: float) -> float:
    if value is None:
        return default
    try:
        return float(value)  # type: ignore[arg-type]  # may be anything
    except (TypeError, ValueError):
        return default
