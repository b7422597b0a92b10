"""A letter for the print centre: cover sheet and documents as one PDF of exact A4 pages."""

import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise

import pikepdf
from pikepdf import Dictionary, Name, Pdf

from documents.cover import Cover
from documents.cover_sheet import append_cover
from documents.geometry import A4
from documents.layers import carry_layers
from documents.portrait import make_portrait
from documents.rejections import DocumentRejected, Slug, rejecting_damage
from documents.template import TEMPLATE_V3, Template


@dataclass(frozen=True, slots=True)
class LetterLimits:
    """What a letter may have, cover sheet and blank pages included (EPO-03)."""

    pages: int = 93
    size_bytes: int = 15 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class LetterWarning:
    """Something a clerk may want to know. Slugs: `first-page-moved`, `pages-scaled`."""

    slug: str
    pages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """The finished file; page numbers are those of the letter, from 1."""

    content: bytes
    pages: int
    sheets: int
    turned_pages: tuple[int, ...]
    warnings: tuple[LetterWarning, ...]


def make_letter(
    sources: Sequence[bytes],
    cover: Cover | None,
    limits: LetterLimits,
    *,
    duplex: bool,
    template: Template = TEMPLATE_V3,
) -> Letter:
    """Cover sheet, then each document; the same input gives the same bytes.

    In duplex each document starts on a new sheet, after a blank page if need be.
    Raises DocumentRejected: ENCRYPTED, DAMAGED, ZERO_PAGES, TOO_MANY_PAGES, TOO_MANY_BYTES,
    and what a cover sheet is refused for.
    """
    with ExitStack() as stack:
        opened = [stack.enter_context(_open(content, n)) for n, content in enumerate(sources, 1)]
        starts = _starts(
            [len(pdf.pages) for pdf in opened], covered=cover is not None, duplex=duplex
        )
        pages = starts[-1] - 1
        if not pages:
            raise DocumentRejected(Slug.ZERO_PAGES)
        if pages > limits.pages:
            raise DocumentRejected(Slug.TOO_MANY_PAGES, {"pages": pages, "limit": limits.pages})
        target = stack.enter_context(pikepdf.new())
        if cover is not None:
            append_cover(target, cover, template)
        turned, scaled = _append_documents(target, opened, starts, template)
        content = _saved(target, opened, limits.size_bytes)
    return Letter(
        content=content,
        pages=pages,
        sheets=(pages + 1) // 2 if duplex else pages,
        turned_pages=turned,
        warnings=tuple(_warnings(turned, scaled)),
    )


@contextmanager
def _open(content: bytes, number: int) -> Iterator[Pdf]:
    """The n-th source; encryption is refused whatever it permits, since PDF/A forbids it."""
    try:
        pdf = pikepdf.open(io.BytesIO(content), suppress_warnings=True)
    except pikepdf.PasswordError as error:
        raise DocumentRejected(Slug.ENCRYPTED, {"source": number}) from error
    except pikepdf.PdfError as error:
        raise DocumentRejected(Slug.DAMAGED, {"source": number}) from error
    with pdf:
        if pdf.is_encrypted:
            raise DocumentRejected(Slug.ENCRYPTED, {"source": number})
        if not len(pdf.pages):
            raise DocumentRejected(Slug.ZERO_PAGES, {"source": number})
        yield pdf


def _starts(counts: Sequence[int], *, covered: bool, duplex: bool) -> list[int]:
    """The page on which each document starts, and the one after the last page."""
    page = 2 if covered else 1
    starts = []
    for count in counts:
        if duplex and page % 2 == 0:
            page += 1
        starts.append(page)
        page += count
    return [*starts, page]


def _append_documents(
    target: Pdf, opened: Sequence[Pdf], starts: Sequence[int], template: Template
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Returns the numbers of the turned and of the scaled pages."""
    turned: list[int] = []
    scaled: list[int] = []
    for number, (source, (start, _)) in enumerate(zip(opened, pairwise(starts), strict=True), 1):
        with rejecting_damage(source=number):
            done = make_portrait(source, template)
            while len(target.pages) < start - 1:
                _append_blank(target)
            target.pages.extend(source.pages)
            carry_layers(source, target)
        turned += [start - 1 + page for page in done.turned_pages]
        scaled += [start - 1 + page for page in done.scaled_pages]
    return tuple(turned), tuple(scaled)


def _append_blank(target: Pdf) -> None:
    page = Dictionary(Type=Name.Page, MediaBox=A4.as_array(), CropBox=A4.as_array())
    page.Resources = Dictionary()
    target.pages.append(pikepdf.Page(target.make_indirect(page)))


def _saved(target: Pdf, opened: Sequence[Pdf], limit_bytes: int) -> bytes:
    file = io.BytesIO()
    with rejecting_damage():
        version = max((pdf.pdf_version for pdf in opened), default="1.4")
        target.save(file, deterministic_id=True, min_version=max(version, "1.4"))
    content = file.getvalue()
    if len(content) > limit_bytes:
        raise DocumentRejected(
            Slug.TOO_MANY_BYTES, {"size_bytes": len(content), "limit_bytes": limit_bytes}
        )
    return content


def _warnings(turned: Sequence[int], scaled: Sequence[int]) -> Iterator[LetterWarning]:
    if 1 in turned or 1 in scaled:
        yield LetterWarning("first-page-moved", (1,))
    if scaled:
        yield LetterWarning("pages-scaled", tuple(scaled))
