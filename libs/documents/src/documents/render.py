"""Pictures of pages, drawn by pdfium as a printer would draw them.

pdfium is not thread-safe: call this in a process of its own or from one thread only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2  # type: ignore[import-untyped]  # ships no types
from PIL import Image

from documents.rejections import DocumentRejected, Slug

_POINTS_PER_INCH = 72


@contextmanager
def opened(content: bytes) -> Iterator[Any]:
    """A pdfium document with its form fields shown; DocumentRejected(DAMAGED) if it has none."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise DocumentRejected(Slug.DAMAGED) from error
    try:
        if document.get_formtype():
            document.init_forms()
        yield document
    except pypdfium2.PdfiumError as error:
        raise DocumentRejected(Slug.DAMAGED) from error
    finally:
        document.close()


def page_picture(document: Any, number: int, *, dpi: int) -> Image.Image:
    """Page `number` (from 1) in grey on white."""
    page = document[number - 1]
    try:
        bitmap = page.render(scale=dpi / _POINTS_PER_INCH, grayscale=True)
        picture: Image.Image = bitmap.to_pil().copy()
        bitmap.close()
    finally:
        page.close()
    return picture


def pictures(content: bytes, *, dpi: int) -> Iterator[Image.Image]:
    """Every page in turn."""
    with opened(content) as document:
        for number in range(1, len(document) + 1):
            yield page_picture(document, number, dpi=dpi)
