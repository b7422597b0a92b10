"""Lines of text on a page: measured, wrapped, and written as PDF operators."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from documents.geometry import A4_HEIGHT_MM, MM
from documents.typeface import Typeface


@dataclass(frozen=True, slots=True)
class Line:
    """Prepared text whose baseline begins at a place in millimetres from the top left corner."""

    x_mm: float
    y_mm: float
    size_pt: float
    text: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A thin horizontal line."""

    x_mm: float
    y_mm: float
    width_mm: float
    thickness_pt: float = 0.5


def wrap(text: str, width_mm: float, size_pt: float, face: Typeface) -> list[str] | None:
    """Break prepared text at spaces and after hyphens; None where a word alone is too wide."""
    if face.width(text, size_pt) <= width_mm * MM:
        return [text]
    lines = [""]
    for piece in _pieces(text):
        if lines[-1] and face.width((lines[-1] + piece).rstrip(), size_pt) > width_mm * MM:
            lines.append("")
        lines[-1] += piece
    lines = [line.rstrip() for line in lines]
    return None if any(face.width(line, size_pt) > width_mm * MM for line in lines) else lines


def wrap_anywhere(text: str, width_mm: float, size_pt: float, face: Typeface) -> list[str]:
    """Like wrap, but a word too wide for a line (a file's name) is cut."""
    whole = wrap(text, width_mm, size_pt, face)
    if whole is not None:
        return whole
    lines = [""]
    for character in text:
        if face.width(lines[-1] + character, size_pt) > width_mm * MM:
            lines.append("")
        lines[-1] += character
    return [line.strip() for line in lines]


def written(marks: Sequence[Line | Rule], face: Typeface) -> tuple[bytes, list[str]]:
    """The operators that draw the marks in black, and the names of the fonts they refer to."""
    fonts: set[str] = set()
    operators: list[str] = []
    for mark in marks:
        match mark:
            case Rule():
                operators.append(_draw(mark))
            case Line():
                runs = face.encode(mark.text)
                fonts.update(font for font, _ in runs)
                operators.append(_show(mark, runs))
            case _:
                assert_never(mark)
    return "\n".join(operators).encode(), sorted(fonts)


def _draw(rule: Rule) -> str:
    left_pt, y_pt = rule.x_mm * MM, (A4_HEIGHT_MM - rule.y_mm) * MM
    right_pt = left_pt + rule.width_mm * MM
    return f"{rule.thickness_pt:g} w {left_pt:.2f} {y_pt:.2f} m {right_pt:.2f} {y_pt:.2f} l S"


def _show(line: Line, runs: Sequence[tuple[str, str]]) -> str:
    x_pt, y_pt = line.x_mm * MM, (A4_HEIGHT_MM - line.y_mm) * MM
    # The family has no bold cut of its own: the outlines are drawn a little thicker.
    pen_pt = line.size_pt / 40
    weight = f"2 Tr {pen_pt:.3f} w {pen_pt:.3f} Tc" if line.bold else "0 Tr 0 Tc"
    shown = " ".join(f"{font} {line.size_pt:g} Tf <{codes}> Tj" for font, codes in runs)
    return f"BT {weight} 1 0 0 1 {x_pt:.2f} {y_pt:.2f} Tm {shown} ET"


def _pieces(text: str) -> Iterator[str]:
    """Words with the space or hyphen that follows them."""
    start = 0
    for index, character in enumerate(text):
        if character == " " or (character == "-" and index > start):
            yield text[start : index + 1]
            start = index + 1
    yield text[start:]
