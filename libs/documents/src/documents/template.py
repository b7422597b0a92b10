"""The print centre's template as versioned figures: where a page may and may not carry ink."""

from dataclasses import dataclass

from documents.geometry import A4_HEIGHT_MM, A4_WIDTH_MM, MM, Box


@dataclass(frozen=True, slots=True)
class Zone:
    """A rectangle in millimetres, measured from the top left corner of the sheet."""

    name: str
    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float

    @property
    def box(self) -> Box:
        """The same rectangle as PDF coordinates of an A4 page."""
        top_mm = A4_HEIGHT_MM - self.y_mm
        return Box(
            self.x_mm * MM,
            (top_mm - self.height_mm) * MM,
            (self.x_mm + self.width_mm) * MM,
            top_mm * MM,
        )


@dataclass(frozen=True, slots=True)
class Template:
    """One edition of the template.

    `empty_first` must be free of ink on the first page, `empty_all` on every page;
    `sender` and `recipient` must carry ink on the first page; `printable` is where a page
    of any size can be put without touching what must be empty.
    """

    version: str
    sender: Zone
    recipient: Zone
    printable: Zone
    empty_first: tuple[Zone, ...]
    empty_all: tuple[Zone, ...]


TEMPLATE_V3 = Template(
    # Deutsche Post, "Schablone V3", edition 3.1; measured from the official PDF.
    version="3.1",
    sender=Zone("sender", 23, 45, 85, 5.5),
    recipient=Zone("recipient", 23, 69, 85, 21),
    printable=Zone("printable", 12, 2, A4_WIDTH_MM - 12 - 2, A4_HEIGHT_MM - 2 - 2),
    empty_first=(
        Zone("dvf", 23, 52, 85, 16),
        Zone("address-strip", 20, 45, 3, 45),
    ),
    empty_all=(
        Zone("left-strip-top", 0, 0, 2, 90),
        Zone("left-strip", 0, 90, 12, 207),
        Zone("border-top", 0, 0, A4_WIDTH_MM, 2),
        Zone("border-right", A4_WIDTH_MM - 2, 0, 2, A4_HEIGHT_MM),
        Zone("border-bottom", 0, A4_HEIGHT_MM - 2, A4_WIDTH_MM, 2),
    ),
)
