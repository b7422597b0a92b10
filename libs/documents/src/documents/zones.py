"""Does a letter respect the print centre's template? Asked of the rendered pages."""

from dataclasses import dataclass
from math import ceil, floor

from PIL import Image

from documents.geometry import MM
from documents.render import opened, page_picture
from documents.template import TEMPLATE_V3, Template, Zone

_DPI = 150
_PIXELS_PER_MM = _DPI / (72 / MM)
_PAPER = 250
"""Grey values from here up are paper; what a scanner leaves on white lies above."""


@dataclass(frozen=True, slots=True)
class InkReport:
    """What was found, by the names of the template's zones.

    `first_page` and `following_pages` (by page number, from 2) name the zones that should be
    empty and are not; pages without a finding are left out.
    """

    first_page: tuple[str, ...]
    following_pages: dict[int, tuple[str, ...]]
    sender: bool
    recipient: bool

    @property
    def ready(self) -> bool:
        """The first page can be sent without a cover sheet, the others as they are."""
        clean = not self.first_page and not self.following_pages
        return clean and self.sender and self.recipient


def check_zones(content: bytes, template: Template = TEMPLATE_V3) -> InkReport:
    """Look at every page of a letter with exact A4 pages.

    Raises DocumentRejected where it cannot be rendered.
    """
    with opened(content) as document:
        first = page_picture(document, 1, dpi=_DPI)
        following: dict[int, tuple[str, ...]] = {}
        for number in range(2, len(document) + 1):
            found = _inked(page_picture(document, number, dpi=_DPI), template.empty_all)
            if found:
                following[number] = found
    return InkReport(
        first_page=_inked(first, template.empty_first + template.empty_all),
        following_pages=following,
        sender=has_ink(first, template.sender),
        recipient=has_ink(first, template.recipient),
    )


def has_ink(picture: Image.Image, zone: Zone) -> bool:
    """Any ink wholly inside the zone, on the picture of an A4 page at 150 dpi."""
    darkest, _ = picture.crop(_pixels(zone)).getextrema()
    return bool(darkest < _PAPER)  # type: ignore[operator]  # one band, hence a number


def _inked(picture: Image.Image, zones: tuple[Zone, ...]) -> tuple[str, ...]:
    return tuple(zone.name for zone in zones if has_ink(picture, zone))


def _pixels(zone: Zone) -> tuple[int, int, int, int]:
    """Only pixels that lie wholly inside, so that a neighbour's edge does not count."""
    return (
        ceil(zone.x_mm * _PIXELS_PER_MM),
        ceil(zone.y_mm * _PIXELS_PER_MM),
        floor((zone.x_mm + zone.width_mm) * _PIXELS_PER_MM),
        floor((zone.y_mm + zone.height_mm) * _PIXELS_PER_MM),
    )
