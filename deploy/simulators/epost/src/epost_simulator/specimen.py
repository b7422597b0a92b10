"""Letters that the rules accept, and their relatives that break one: for tests and the demo."""

import io
from collections.abc import Iterable
from dataclasses import dataclass

import pikepdf

A4 = (595.276, 841.89)
_MM = 72 / 25.4


@dataclass(frozen=True, slots=True)
class Line:
    """Text in Helvetica, its left end at millimetres from the page's top left corner."""

    text: str
    left: float
    baseline: float
    size_pt: float = 9.0


SENDER = Line("Hausverwaltung Muster, Hof 1, 53113 Bonn", 25, 49, 7)
RECIPIENT = (
    Line("Erika Muster", 25, 74),
    Line("Weg 7", 25, 79),
    Line("53113 Bonn", 25, 84),
)
BODY = Line("Betriebskostenabrechnung", 25, 120, 11)


def letter(
    pages: int = 1,
    lines: Iterable[Line] = (SENDER, *RECIPIENT, BODY),
    *,
    size: tuple[float, float] = A4,
    mark: str = "",
) -> bytes:
    """Draw a PDF: `lines` on its first page; `mark` makes the bytes differ from a twin's."""
    with pikepdf.new() as document:
        for number in range(pages):
            document.add_blank_page(page_size=size)
            page = document.pages[-1]
            drawn = (*lines, Line(mark, 25, 200)) if number == 0 else (BODY,)
            page.add_resource(_helvetica(), pikepdf.Name.Font, pikepdf.Name.F1)
            content = "\n".join(_operators(line, size[1]) for line in drawn)
            page.contents_add(content.encode("latin-1"))
        target = io.BytesIO()
        document.save(target)
        return target.getvalue()


def _helvetica() -> pikepdf.Dictionary:
    return pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.Type1,
        BaseFont=pikepdf.Name.Helvetica,
        Encoding=pikepdf.Name.WinAnsiEncoding,
    )


def _operators(line: Line, height: float) -> str:
    text = line.text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    left, baseline = line.left * _MM, height - line.baseline * _MM
    return f"BT /F1 {line.size_pt} Tf {left:.3f} {baseline:.3f} Td ({text}) Tj ET"
