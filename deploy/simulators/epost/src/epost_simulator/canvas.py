"""Pages as a reader sees them: drawn, and with their text. The only user of PDFium."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2  # type: ignore[import-untyped]  # ships no types
from PIL import Image

from epost_simulator.zones import Zone

_POINTS_PER_MM = 72 / 25.4


class Page:
    """One page, as long as its document is open."""

    def __init__(self, page: Any) -> None:
        self._page = page

    def drawn(self, dpi: int) -> Image.Image:
        """Render the page, annotations included, in grey."""
        bitmap = self._page.render(scale=dpi / 72, grayscale=True)
        try:
            image: Image.Image = bitmap.to_pil().convert("L")
            return image
        finally:
            bitmap.close()

    def text_in(self, zone: Zone) -> str:
        """Return the text that can be read in a zone; empty for a scan."""
        height = self._page.get_height()
        text_page = self._page.get_textpage()
        try:
            return str(
                text_page.get_text_bounded(
                    left=zone.left * _POINTS_PER_MM,
                    bottom=height - (zone.top + zone.height) * _POINTS_PER_MM,
                    right=(zone.left + zone.width) * _POINTS_PER_MM,
                    top=height - zone.top * _POINTS_PER_MM,
                )
            )
        finally:
            text_page.close()


@contextmanager
def opened(pdf: bytes) -> Iterator[list[Page]]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        yield [Page(page) for page in document]
    finally:
        document.close()
