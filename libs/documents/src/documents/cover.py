"""What stands on a cover sheet (DIN 5008 form B), and why it may be refused."""

from dataclasses import dataclass
from datetime import date

from documents.rejections import DocumentRejected, Slug
from documents.typeface import prepared, typeface

_MIN_ADDRESS_LINES = 2
_MAX_ADDRESS_LINES = 6


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the company's name, its address, and lines for the information block.

    `short_name` stands in the one return line above the recipient, where a name is too long.
    """

    name: str
    address_lines: tuple[str, ...]
    contact_lines: tuple[str, ...] = ()
    short_name: str = ""

    @property
    def return_line(self) -> str:
        return " · ".join((self.short_name or self.name, *self.address_lines))


@dataclass(frozen=True, slots=True)
class Cover:
    """A cover sheet's content; the country line of a foreign address comes last, in capitals."""

    sender: Sender
    recipient_lines: tuple[str, ...]
    date: date
    subjects: tuple[str, ...]
    salutation: str = "Sehr geehrte Damen und Herren,"


def printable_cover(cover: Cover) -> Cover:
    """The same with texts prepared for print and empty lines left out.

    Raises DocumentRejected: ADDRESS_INCOMPLETE, ADDRESS_TOO_LONG, UNPRINTABLE.
    A subject's unknown characters become question marks; a name's never do.
    """
    lines = _kept(cover.recipient_lines)
    if len(lines) < _MIN_ADDRESS_LINES:
        raise DocumentRejected(Slug.ADDRESS_INCOMPLETE, {"lines": len(lines)})
    if len(lines) > _MAX_ADDRESS_LINES:
        figures = {"lines": len(lines), "limit": _MAX_ADDRESS_LINES}
        raise DocumentRejected(Slug.ADDRESS_TOO_LONG, figures)
    sender = Sender(
        prepared(cover.sender.name),
        _kept(cover.sender.address_lines),
        _kept(cover.sender.contact_lines),
        prepared(cover.sender.short_name),
    )
    salutation = prepared(cover.salutation)
    _require_glyphs("recipient", lines)
    _require_glyphs("sender", (sender.return_line, sender.name, *sender.contact_lines))
    _require_glyphs("salutation", (salutation,))
    subjects = tuple(_legible(subject) for subject in _kept(cover.subjects))
    return Cover(sender, lines, cover.date, subjects, salutation)


def _kept(lines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(line for line in map(prepared, lines) if line)


def _require_glyphs(field: str, lines: tuple[str, ...]) -> None:
    for number, line in enumerate(lines, start=1):
        if typeface().unprintable(line):
            raise DocumentRejected(Slug.UNPRINTABLE, {"field": field, "line": number})


def _legible(subject: str) -> str:
    unprintable = typeface().unprintable
    if not unprintable(subject):
        return subject
    return "".join("?" if unprintable(character) else character for character in subject)
