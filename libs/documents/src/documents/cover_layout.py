"""The cover sheet's design: where each line of a letter stands, in the template's zones."""

from collections.abc import Iterator, Sequence
from datetime import date

from documents.cover import Cover, Sender
from documents.geometry import MM
from documents.rejections import DocumentRejected, Slug
from documents.template import Template, Zone
from documents.typeface import typeface
from documents.typesetting import Line, Rule, wrap, wrap_anywhere

_MARGIN_MM = 25.0  # DIN 5008: text begins here
_TEXT_WIDTH_MM = 165.0
_BOLD_WIDTH_MM = 157.0  # bold runs wider than it measures
_INSET_MM = 2.0  # the sheet moves in its envelope: keep off a zone's side edges
_ADDRESS_SIZES_PT = (9.0, 8.5, 8.0)
_ADDRESS_LINES = 6
_ADDRESS_PITCH_MM = 4.0
_RETURN_SIZES_PT = (8.0, 7.5, 7.0, 6.5, 6.0)
_NAME_SIZES_PT = (16.0, 14.0, 12.0, 10.0)
_BLOCK_X_MM = 125.0  # DIN 5008: the information block
_BLOCK_WIDTH_MM = 65.0
_BLOCK_Y_MM = 52.0
_BLOCK_END_MM = 97.0
_BLOCK_SIZE_PT = 8.5
_SUBJECTS_Y_MM = 111.0  # just below the fold
_SUBJECTS_END_MM = 235.0
_SUBJECT_SIZE_PT = 11.0
_SUBJECT_LINES = 8
_BODY_SIZE_PT = 10.0
_INDENT_MM = 4.0
_LEADING = 1.3
_MONTHS = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni"),
    *("Juli", "August", "September", "Oktober", "November", "Dezember"),
)

Marks = list[Line | Rule]


def lay_out(cover: Cover, template: Template) -> Marks:
    """All marks of a prepared cover's page.

    Raises DocumentRejected: SENDER_TOO_LONG, ADDRESS_TOO_LONG. An address is never cut.
    """
    marks: Marks = [
        *_letterhead(cover.sender),
        _return_line(cover.sender, template.sender),
        *_recipient(cover.recipient_lines, template.recipient),
        *_information(cover.sender, cover.date),
    ]
    subjects, below_mm = _subjects(cover.subjects)
    return [*marks, *subjects, *_body(cover, below_mm)]


def german_date(day: date) -> str:
    """The long form of DIN 5008, as in 1. März 2026."""
    return f"{day.day}. {_MONTHS[day.month - 1]} {day.year}"


def _step_mm(size_pt: float) -> float:
    return size_pt * _LEADING / MM


def _letterhead(sender: Sender) -> Marks:
    size_pt, lines = _fit(sender.name, _BOLD_WIDTH_MM, _NAME_SIZES_PT, most=2)
    first_mm = 26.0 - (len(lines) - 1) * _step_mm(size_pt)
    name = _stack(lines, _MARGIN_MM, first_mm, size_pt, bold=True)
    return [*name, Rule(_MARGIN_MM, 30.0, _TEXT_WIDTH_MM)]


def _return_line(sender: Sender, zone: Zone) -> Line:
    width_mm = zone.width_mm - 2 * _INSET_MM
    size_pt, (text,) = _fit(sender.return_line, width_mm, _RETURN_SIZES_PT, most=1)
    return Line(_MARGIN_MM, zone.y_mm + 3.8, size_pt, text)


def _recipient(lines: Sequence[str], zone: Zone) -> Iterator[Line]:
    """Up to six lines from the zone's top downwards; long ones shrink, then wrap."""
    size_pt, shown = _fit_address(lines, zone.width_mm - 2 * _INSET_MM)
    first_mm = zone.y_mm + 3.0
    last_mm = zone.y_mm + zone.height_mm - 0.7
    pitch_mm = min(_ADDRESS_PITCH_MM, (last_mm - first_mm) / max(len(shown) - 1, 1))
    for number, text in enumerate(shown):
        yield Line(zone.x_mm + _INSET_MM, first_mm + number * pitch_mm, size_pt, text)


def _fit_address(lines: Sequence[str], width_mm: float) -> tuple[float, list[str]]:
    face = typeface()
    for size_pt in _ADDRESS_SIZES_PT:
        if all(face.width(line, size_pt) <= width_mm * MM for line in lines):
            return size_pt, list(lines)
    for size_pt in _ADDRESS_SIZES_PT:
        wrapped = [wrap(line, width_mm, size_pt, face) for line in lines]
        shown = [part for parts in wrapped for part in parts or ()]
        if all(wrapped) and len(shown) <= _ADDRESS_LINES:
            return size_pt, shown
    raise DocumentRejected(Slug.ADDRESS_TOO_LONG, {"lines": len(lines), "limit": _ADDRESS_LINES})


def _information(sender: Sender, day: date) -> Marks:
    """Name, address and ways to reach the sender, then the date."""
    face = typeface()
    texts: list[str] = []
    for text in (*sender.address_lines, *sender.contact_lines):
        texts += wrap_anywhere(text, _BLOCK_WIDTH_MM, _BLOCK_SIZE_PT, face)
    step_mm = _step_mm(_BLOCK_SIZE_PT)
    date_mm = _BLOCK_Y_MM + (len(texts) + 1) * step_mm
    if date_mm > _BLOCK_END_MM:
        raise DocumentRejected(Slug.SENDER_TOO_LONG, {"lines": len(texts)})
    block = _stack(texts, _BLOCK_X_MM, _BLOCK_Y_MM, _BLOCK_SIZE_PT)
    return [*block, Line(_BLOCK_X_MM, date_mm, _BODY_SIZE_PT, german_date(day))]


def _subjects(subjects: Sequence[str]) -> tuple[Marks, float]:
    """One document's name as the subject line, or a list of several below a heading.

    Also tells how far down they reach. Names that find no room are counted in a last line.
    """
    if len(subjects) == 1:
        lines = wrap_anywhere(subjects[0], _BOLD_WIDTH_MM, _SUBJECT_SIZE_PT, typeface())
        if len(lines) > _SUBJECT_LINES:
            lines = [*lines[: _SUBJECT_LINES - 1], "…"]
        marks = _stack(lines, _MARGIN_MM, _SUBJECTS_Y_MM, _SUBJECT_SIZE_PT, bold=True)
        return marks, _SUBJECTS_Y_MM + len(lines) * _step_mm(_SUBJECT_SIZE_PT)
    heading = Line(_MARGIN_MM, _SUBJECTS_Y_MM, _SUBJECT_SIZE_PT, "Ihre Unterlagen", bold=True)
    marks = [heading]
    y_mm = _SUBJECTS_Y_MM + 1.4 * _step_mm(_SUBJECT_SIZE_PT)
    for number, subject in enumerate(subjects):
        item = _item(subject, y_mm)
        if y_mm + len(item) * _step_mm(_BODY_SIZE_PT) > _SUBJECTS_END_MM:
            item = _item(f"und weitere Dokumente: {len(subjects) - number}", y_mm)
            return [*marks, *item], y_mm + _step_mm(_BODY_SIZE_PT)
        marks += item
        y_mm += (len(item) - 1) * _step_mm(_BODY_SIZE_PT)
    return marks, y_mm


def _item(text: str, y_mm: float) -> Marks:
    """A dash, then the text with a hanging indent."""
    width_mm = _TEXT_WIDTH_MM - _INDENT_MM
    lines = wrap_anywhere(text, width_mm, _BODY_SIZE_PT, typeface())
    dash = Line(_MARGIN_MM, y_mm, _BODY_SIZE_PT, "–")
    return [dash, *_stack(lines, _MARGIN_MM + _INDENT_MM, y_mm, _BODY_SIZE_PT)]


def _body(cover: Cover, below_mm: float) -> Marks:
    match len(cover.subjects):
        case 0:
            enclosed = "beigefügt erhalten Sie Ihre Unterlagen."
        case 1:
            enclosed = "beigefügt erhalten Sie das genannte Dokument."
        case _:
            enclosed = "beigefügt erhalten Sie die genannten Dokumente."
    paragraphs = (cover.salutation, enclosed, "Mit freundlichen Grüßen", cover.sender.name)
    marks: Marks = []
    y_mm = below_mm + _step_mm(_BODY_SIZE_PT)
    for paragraph in paragraphs:
        lines = wrap_anywhere(paragraph, _TEXT_WIDTH_MM, _BODY_SIZE_PT, typeface())
        marks += _stack(lines, _MARGIN_MM, y_mm, _BODY_SIZE_PT)
        y_mm += (len(lines) + 1) * _step_mm(_BODY_SIZE_PT)
    return marks


def _fit(
    text: str, width_mm: float, sizes_pt: Sequence[float], *, most: int
) -> tuple[float, list[str]]:
    """The largest size at which a text of the sender takes at most so many lines."""
    for size_pt in sizes_pt:
        lines = wrap(text, width_mm, size_pt, typeface())
        if lines is not None and len(lines) <= most:
            return size_pt, lines
    raise DocumentRejected(Slug.SENDER_TOO_LONG, {"characters": len(text)})


def _stack(
    texts: Sequence[str], x_mm: float, y_mm: float, size_pt: float, *, bold: bool = False
) -> Marks:
    return [
        Line(x_mm, y_mm + number * _step_mm(size_pt), size_pt, text, bold)
        for number, text in enumerate(texts)
    ]
