"""Why a document or a letter is refused: a stable slug and the figures that explain it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum

import pikepdf


class Slug(StrEnum):
    """The reasons by their stored names; services translate them into German."""

    NOT_A_PDF = "not-a-pdf"
    PASSWORD = "password"  # noqa: S105 - a reason, not a secret
    ENCRYPTED = "encrypted-pdf"
    ZERO_PAGES = "zero-pages"
    TOO_LARGE = "too-large"
    TOO_MANY_PAGES = "too-many-pages"
    TOO_MANY_BYTES = "too-many-bytes"
    DAMAGED = "damaged"
    BOMB = "bomb"
    UNREADABLE = "unreadable-pdf"
    ADDRESS_INCOMPLETE = "address-incomplete"
    ADDRESS_TOO_LONG = "address-too-long"
    SENDER_TOO_LONG = "sender-too-long"
    UNPRINTABLE = "unprintable-characters"


class DocumentRejected(Exception):
    """The content, not the machinery, is at fault: repeating the call ends the same way.

    `figures` hold counts, limits and kinds, never text out of the document or an address.
    """

    def __init__(self, slug: Slug, figures: Mapping[str, int | str] | None = None) -> None:
        super().__init__(slug, figures)
        self.slug = slug
        self.figures = dict(figures or {})

    def __str__(self) -> str:
        return " ".join([self.slug, *(f"{name}={figure}" for name, figure in self.figures.items())])


@contextmanager
def rejecting_damage(**figures: int | str) -> Iterator[None]:
    """Turn what pikepdf raises about a file into a rejection."""
    try:
        yield
    except pikepdf.PasswordError as error:
        raise DocumentRejected(Slug.PASSWORD, figures) from error
    except (pikepdf.PdfError, pikepdf.ForeignObjectError) as error:
        raise DocumentRejected(Slug.DAMAGED, figures) from error
