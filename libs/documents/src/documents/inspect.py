"""What a PDF is, told on its entry: pages, sizes, damage, and whether it can be taken at all."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pikepdf
from pikepdf import Pdf

from documents.bombs import BombLimits, bounded_decoding, refuse_bombs, screen
from documents.fonts import fonts_not_embedded
from documents.geometry import look_at
from documents.rejections import DocumentRejected, Slug
from documents.render import opened, page_picture

_HEADER = b"%PDF-"
_HEADER_WITHIN_BYTES = 1024
_PROOF_DPI = 20
_LOST_PAGE = "Pages tree includes non-dictionary"  # as qpdf complains
_LOST_TABLE = "Attempting to reconstruct cross-reference"


@dataclass(frozen=True, slots=True)
class Limits:
    """The hard limits of OUT-02; a letter's own are narrower."""

    size_bytes: int = 200 * 1024 * 1024
    pages: int = 2_000
    bombs: BombLimits = field(default_factory=BombLimits)


@dataclass(frozen=True, slots=True)
class Inspection:
    """A readable PDF; page numbers count from 1, sizes are as a reader sees the page.

    `repaired` is the content to store instead, where the original was damaged; all else is
    told of that. `encrypted` means by an owner's password only: readable by everyone.
    """

    pages: int
    size_bytes: int
    encrypted: bool
    repaired: bytes | None
    sizes_mm: tuple[tuple[float, float], ...]
    landscape_pages: tuple[int, ...]
    not_a4_pages: tuple[int, ...]
    scaled_unit_pages: tuple[int, ...]
    annotated_pages: tuple[int, ...]
    form_fields: bool
    fonts_not_embedded: tuple[str, ...]


def inspect(content: bytes, limits: Limits) -> Inspection:
    """Decided by pikepdf, cross-checked by pdfium, which draws every page once.

    Slow and risky with hostile input: services call it through a Workshop.
    Raises DocumentRejected: TOO_LARGE, NOT_A_PDF, PASSWORD, ZERO_PAGES, TOO_MANY_PAGES, BOMB,
    DAMAGED.
    """
    if len(content) > limits.size_bytes:
        raise DocumentRejected(
            Slug.TOO_LARGE, {"size_bytes": len(content), "limit_bytes": limits.size_bytes}
        )
    with bounded_decoding(limits.bombs), _open(content) as pdf:
        _count(pdf, limits.pages, content)
        screen(pdf, limits.bombs)
        complaints = [str(warning) for warning in pdf.get_warnings()]  # asking forgets them
        refuse_bombs(complaints)
        repaired = _repaired(pdf, content, complaints)
        _prove_drawable(repaired or content, len(pdf.pages))
        return _describe(pdf, content, repaired)


@contextmanager
def _open(content: bytes) -> Iterator[Pdf]:
    try:
        pdf = pikepdf.open(io.BytesIO(content), suppress_warnings=True)
    except pikepdf.PasswordError as error:
        raise DocumentRejected(Slug.PASSWORD) from error
    except pikepdf.PdfError as error:
        refuse_bombs([str(error)])
        raise _unopened(content) from error
    with pdf:
        try:
            yield pdf
        except pikepdf.PdfError as error:
            raise DocumentRejected(Slug.DAMAGED) from error


def _unopened(content: bytes) -> DocumentRejected:
    if _has_header(content):
        return DocumentRejected(Slug.DAMAGED, {"size_bytes": len(content)})
    return DocumentRejected(Slug.NOT_A_PDF, {"size_bytes": len(content)})


def _has_header(content: bytes) -> bool:
    return _HEADER in content[:_HEADER_WITHIN_BYTES]


def _count(pdf: Pdf, limit: int, content: bytes) -> None:
    pages = len(pdf.pages)
    if pages > limit:
        raise DocumentRejected(Slug.TOO_MANY_PAGES, {"pages": pages, "limit": limit})
    if not pages:
        raise DocumentRejected(Slug.ZERO_PAGES if _has_header(content) else Slug.NOT_A_PDF)


def _repaired(pdf: Pdf, content: bytes, complaints: Sequence[str]) -> bytes | None:
    """A clean copy where qpdf had to mend something or pdfium counts other pages; else None."""
    if not complaints and _pages_drawn_by_pdfium(content) == len(pdf.pages):
        return None
    _refuse_loss(pdf, complaints)
    if "/Size" not in pdf.trailer:  # cut off; qpdf would leave it out again
        pdf.trailer.Size = len(pdf.objects) + 1
    file = io.BytesIO()
    if pdf.is_encrypted:
        pdf.save(file, encryption=True)  # the owner's restrictions stay
    else:
        pdf.save(file, deterministic_id=True)
    return file.getvalue()


def _pages_drawn_by_pdfium(content: bytes) -> int | None:
    try:
        with opened(content) as document:
            return len(document)
    except DocumentRejected:
        return None


def _refuse_loss(pdf: Pdf, complaints: Sequence[str]) -> None:
    """Mending is safe only where no page is gone, nor its content with the file's table."""
    if any(_LOST_PAGE in complaint for complaint in complaints):
        raise DocumentRejected(Slug.DAMAGED, {"pages": len(pdf.pages)})
    if any(_LOST_TABLE in complaint for complaint in complaints):
        for number, page in enumerate(pdf.pages, start=1):
            if "/Contents" not in page.obj:
                raise DocumentRejected(Slug.DAMAGED, {"page": number})


def _prove_drawable(content: bytes, pages: int) -> None:
    with opened(content) as document:
        if len(document) != pages:
            raise DocumentRejected(Slug.DAMAGED, {"pages": pages, "drawn": len(document)})
        for number in range(1, pages + 1):
            page_picture(document, number, dpi=_PROOF_DPI)


def _describe(pdf: Pdf, content: bytes, repaired: bytes | None) -> Inspection:
    looks = list(enumerate(map(look_at, pdf.pages), start=1))
    return Inspection(
        pages=len(looks),
        size_bytes=len(repaired or content),
        encrypted=pdf.is_encrypted,
        repaired=repaired,
        sizes_mm=tuple((round(look.width_mm, 1), round(look.height_mm, 1)) for _, look in looks),
        landscape_pages=tuple(number for number, look in looks if look.landscape),
        not_a4_pages=tuple(number for number, look in looks if not look.a4),
        scaled_unit_pages=tuple(number for number, look in looks if look.unit != 1),
        annotated_pages=tuple(n for n, page in enumerate(pdf.pages, 1) if "/Annots" in page.obj),
        form_fields="/AcroForm" in pdf.Root and bool(pdf.acroform.fields),
        fonts_not_embedded=fonts_not_embedded(pdf),
    )
