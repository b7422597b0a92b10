"""Where ink must and must not be on a page: template V3 (v3.1) of the print centre."""

from dataclasses import dataclass

from PIL import Image

A4_WIDTH_MM = 210.0
A4_HEIGHT_MM = 297.0
_INK = 250


@dataclass(frozen=True, slots=True)
class Zone:
    """A rectangle in millimetres from the page's top left corner."""

    left: float
    top: float
    width: float
    height: float


SENDER = Zone(23, 45, 85, 5.5)
DVF_RESTRICTED = Zone(23, 52, 85, 16)
RECIPIENT = Zone(23, 69, 85, 21)
# The print centre whitens both parts of the left edge, on follow-up pages too.
LEFT_EDGE = (Zone(0, 0, 2, 90), Zone(0, 90, 12, 207))


def has_ink(image: Image.Image, zone: Zone) -> bool:
    """Tell whether anything is drawn in a zone of an A4 page, rendered in grey."""
    darkest, _ = image.crop(_pixels(image, zone)).getextrema()
    return isinstance(darkest, int | float) and darkest < _INK


def _pixels(image: Image.Image, zone: Zone) -> tuple[int, int, int, int]:
    # Half a pixel inwards: what ends exactly at the edge does not count as inside.
    across = image.width / A4_WIDTH_MM
    down = image.height / A4_HEIGHT_MM
    return (
        round(zone.left * across + 0.5) if zone.left else 0,
        round(zone.top * down + 0.5) if zone.top else 0,
        round((zone.left + zone.width) * across - 0.5),
        round((zone.top + zone.height) * down - 0.5),
    )
