"""The house's typeface, embedded once per process and shared by every cover sheet.

Arimo (SIL Open Font License) has the widths of Arial, which the print centre's template asks for.
reportlab makes the PDF fonts of all letters that Europe writes with, 256 to a font; a page takes
those fonts that its text uses. Making them anew for each letter would cost more than the letter.
"""

import io
import unicodedata
from functools import cache
from itertools import groupby
from operator import itemgetter

import fontpkg  # type: ignore[import-untyped]  # ships no types
import pikepdf
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

_FAMILY = "Arimo"
_PER_FONT = 256
_FIRST_FONT = "/F1+0"
_font_of = itemgetter(0)
_BLOCKS = (
    range(0x20, 0x7F),  # ASCII
    range(0xA1, 0x100),  # Latin-1
    range(0x2010, 0x2027),  # dashes, quotes, ellipsis
    range(0x20AC, 0x20AD),  # euro; up to here one font, all that a German letter needs
    range(0x100, 0x250),  # Latin Extended-A and -B
    range(0x2027, 0x2040),  # more punctuation
    range(0x20A0, 0x20C0),  # more currencies
    range(0x1E00, 0x1F00),  # Latin Extended Additional
    range(0x370, 0x400),  # Greek
    range(0x400, 0x530),  # Cyrillic
)


class Typeface:
    """Measures and encodes text; `fonts` are PDF objects to be copied into a document."""

    def __init__(self) -> None:
        face = TTFont(_FAMILY, str(fontpkg.path(_FAMILY)))
        pdfmetrics.registerFont(face)
        codes, self._source = _embed(face)
        self.fonts = self._source.pages[0].obj.Resources.Font
        self._widths: dict[str, float] = {
            chr(point): face.face.getCharWidth(point) for point in codes
        }
        self._codes = {
            chr(point): (f"/F1+{code // _PER_FONT}", f"{code % _PER_FONT:02x}")
            for point, code in codes.items()
        }
        first = {char: code for char, (font, code) in self._codes.items() if font == _FIRST_FONT}
        self._common = frozenset(first)
        self._common_codes = str.maketrans(first)

    def width(self, text: str, size_pt: float) -> float:
        """In points; of prepared and printable text."""
        return sum(map(self._widths.__getitem__, text)) * size_pt / 1000

    def unprintable(self, text: str) -> bool:
        """Some character of the prepared text has no glyph here."""
        return not self._codes.keys() >= set(text)

    def encode(self, text: str) -> list[tuple[str, str]]:
        """Runs of (name of the font, codes in hexadecimal) that show the prepared text."""
        if self._common.issuperset(text):
            return [(_FIRST_FONT, text.translate(self._common_codes))]
        codes = map(self._codes.__getitem__, text)
        return [
            (font, "".join([code for _, code in run])) for font, run in groupby(codes, _font_of)
        ]


@cache
def typeface() -> Typeface:
    """The process's one typeface; the first call takes a third of a second."""
    return Typeface()


def prepared(text: str) -> str:
    """Composed letters, plain single spaces, nothing invisible."""
    composed = unicodedata.normalize("NFC", text)
    if not composed.isprintable():
        composed = "".join(filter(_visible, composed))
    return " ".join(composed.split())


def _visible(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) not in ("Cc", "Cf")


def _embed(face: TTFont) -> tuple[dict[int, int], pikepdf.Pdf]:
    """One page that names the fonts of all known characters, and each character's code."""
    known = "".join(
        chr(code) for block in _BLOCKS for code in block if code in face.face.charToGlyph
    )
    file = io.BytesIO()
    canvas = Canvas(file, invariant=True, pageCompression=True, initialFontName=_FAMILY)
    canvas.drawString(0, 0, known)
    (state,) = face.state.values()
    codes = dict(state.assignments)
    canvas.save()
    return codes, _quick_to_copy(file)


def _quick_to_copy(file: io.BytesIO) -> pikepdf.Pdf:
    """Spend now what every letter would: undo reportlab's ASCII85, let lists be copied whole."""
    quick = io.BytesIO()
    with pikepdf.open(file) as pdf:
        for font in pdf.pages[0].obj.Resources.Font.values():
            font.Widths = pdf.make_indirect(font.Widths)
        pdf.save(quick)
    return pikepdf.open(quick)
