"""Files made to exhaust whoever opens them: found before anything large is unpacked."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pikepdf
from pikepdf import Name, Page, Pdf, Stream
from pikepdf.settings import set_qpdf_limits

from documents.geometry import MM, content_parts, look_at
from documents.rejections import DocumentRejected, Slug

_MIB = 1024 * 1024
_TOO_LONG = "memory limit exceeded"
_LIMITS_OF_QPDF = {_TOO_LONG: "decompression", "parser-max-nesting": "nesting"}


@dataclass(frozen=True, slots=True)
class BombLimits:
    """Far beyond what letters have; a page's edge is what PDF 1.7 allows (14 400 points)."""

    objects: int = 1_000_000
    content_bytes: int = 64 * _MIB
    image_pixels: int = 250_000_000
    page_edge_mm: int = 5_080


@contextmanager
def bounded_decoding(limits: BombLimits) -> Iterator[None]:
    """Let qpdf refuse to unpack more than this per stream; process-wide while it lasts."""
    size = limits.content_bytes
    before = set_qpdf_limits(flate_max_memory=size, run_length_max_memory=size, png_max_memory=size)
    try:
        yield
    finally:
        set_qpdf_limits(**before)  # type: ignore[arg-type]  # integers come back as integers


def refuse_bombs(complaints: Iterable[str]) -> None:
    """Raises DocumentRejected(BOMB) where qpdf complains that one of its own limits was met."""
    for complaint in complaints:
        for words, kind in _LIMITS_OF_QPDF.items():
            if words in complaint:
                raise DocumentRejected(Slug.BOMB, {"kind": kind})


def screen(pdf: Pdf, limits: BombLimits) -> None:
    """Look through an open document. Raises DocumentRejected: BOMB with its kind, DAMAGED."""
    if len(pdf.objects) > limits.objects:
        raise _bomb("objects", len(pdf.objects), limits.objects)
    sizes = _decoded_sizes(pdf, limits)
    for number, page in enumerate(pdf.pages, start=1):
        _check_edges(page, number, limits.page_edge_mm)
        _check_content(page, number, limits.content_bytes, sizes)


def _check_edges(page: Page, number: int, limit_mm: int) -> None:
    box = look_at(page).box
    edge_mm = round(max(box.width, box.height) / MM)
    if edge_mm > limit_mm:
        raise _bomb("page-size", edge_mm, limit_mm, page=number)


def _check_content(page: Page, number: int, limit: int, sizes: dict[tuple[int, int], int]) -> None:
    """Content that cannot be unpacked is lost: DocumentRejected(DAMAGED)."""
    streams = [part.objgen for part in content_parts(page)]
    if not sizes.keys() >= set(streams):
        raise DocumentRejected(Slug.DAMAGED, {"page": number})
    size = sum(sizes[stream] for stream in streams)
    if size > limit:
        raise _bomb("page-content", size, limit, page=number)


def _decoded_sizes(pdf: Pdf, limits: BombLimits) -> dict[tuple[int, int], int]:
    """Unpacked sizes of all streams but images, by object."""
    sizes: dict[tuple[int, int], int] = {}
    for thing in pdf.objects:
        if not isinstance(thing, Stream):
            continue
        if thing.get("/Subtype") == Name.Image:
            _check_image(thing, limits.image_pixels)
            continue
        try:
            sizes[thing.objgen] = len(thing.read_bytes())
        except pikepdf.PdfError as error:
            if _TOO_LONG in str(error):
                packed = len(thing.read_raw_bytes())
                raise _bomb("decompression", packed, limits.content_bytes) from error
    return sizes


def _check_image(image: Stream, limit: int) -> None:
    try:
        pixels = int(image.get("/Width", 0)) * int(image.get("/Height", 0))
    except (TypeError, ValueError):
        return
    if pixels > limit:
        raise _bomb("image", pixels, limit)


def _bomb(kind: str, found: int, limit: int, **where: int) -> DocumentRejected:
    return DocumentRejected(Slug.BOMB, {"kind": kind, "found": found, "limit": limit, **where})
