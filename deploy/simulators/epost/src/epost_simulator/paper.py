"""What the API finds out about a PDF: is it one, is it A4 portrait, what stands where."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import pikepdf

from epost_simulator import canvas, zones
from epost_simulator.catalogue import ApiError

# A megabyte is not defined in the contract; this is the smaller reading.
MAX_PDF_BYTES = 20_000_000
# The definition says 500 kB, the text of E314 1 MB.
MAX_COVER_BYTES = 500_000
MAX_PAGES = 94

_A4_WIDTH = 595.276
_A4_HEIGHT = 841.89
_TOLERANCE = 72 / 25.4
_EXACT = 0.003


@dataclass(frozen=True, slots=True)
class Finding:
    """A code of the catalogue and what was seen; one that starts with E stops the letter."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Printed:
    """What the request says to be printed in the address zone."""

    zip_code: str
    city: str


def count_pages(pdf: bytes) -> int:
    """Open the file as a strict reader does; damaged and encrypted ones are no PDF/A."""
    try:
        with pikepdf.open(io.BytesIO(pdf), attempt_recovery=False) as opened:
            if opened.is_encrypted or not opened.pages:
                raise ApiError("E301")
            return len(opened.pages)
    except pikepdf.PdfError as error:
        raise ApiError("E301") from error


def findings(pdf: bytes, printed: Printed | None = None) -> list[Finding]:
    """Look at all pages; without `printed`, a cover page bears the address."""
    found = list(_sizes(pdf))
    if any(finding.code.startswith("E") for finding in found):
        return found
    with canvas.opened(pdf) as pages:
        if printed is not None:
            found += _first_page(pages[0], printed)
        found += _left_edges(pages)
    return found


def _sizes(pdf: bytes) -> Iterator[Finding]:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for number, page in enumerate(opened.pages, start=1):
            yield from _size(page, number)


def _size(page: pikepdf.Page, number: int) -> Iterator[Finding]:
    # Boxes and /Rotate both have to say "portrait": a turned landscape page is none.
    left, bottom, right, top = (float(edge) for edge in page.cropbox)
    width, height = right - left, top - bottom
    rotated = int(page.obj.get("/Rotate", 0)) % 180 != 0
    if width > height or rotated:
        yield Finding("E307" if number == 1 else "E308", f"Seite {number}")
    elif page.obj.get("/UserUnit", 1) != 1 or not _is_a4(width, height, _TOLERANCE):
        yield Finding("E308", f"Seite {number}: {width:.3f} x {height:.3f}")
    elif not _is_a4(width, height, _EXACT):
        yield Finding("W208", f"Seite {number}: {width:.3f} x {height:.3f}")


def _is_a4(width: float, height: float, tolerance: float) -> bool:
    return abs(width - _A4_WIDTH) <= tolerance and abs(height - _A4_HEIGHT) <= tolerance


def _first_page(page: canvas.Page, printed: Printed) -> Iterator[Finding]:
    image = page.drawn(dpi=150)
    if zones.has_ink(image, zones.DVF_RESTRICTED):
        yield Finding("E302")
    if not zones.has_ink(image, zones.RECIPIENT):
        yield Finding("E323")
    if not zones.has_ink(image, zones.SENDER):
        yield Finding("E333")
    text = page.text_in(zones.RECIPIENT)
    if text.strip() and not (printed.zip_code in text and printed.city in text):
        yield Finding("W203", "PLZ oder Ort")


def _left_edges(pages: list[canvas.Page]) -> Iterator[Finding]:
    for number, page in enumerate(pages, start=1):
        image = page.drawn(dpi=72)
        if any(zones.has_ink(image, zone) for zone in zones.LEFT_EDGE):
            yield Finding("W202", f"Seite {number}")
