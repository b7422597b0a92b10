"""Row letter: cover sheet, portrait and merge, beside bare pikepdf doing the same to the pages."""

import io
import time
from collections.abc import Callable, Sequence
from datetime import date

import pikepdf
from pikepdf import Array, Dictionary, Name

from bench.figures import Goal, Row, Run
from bench.ground import Ground
from documents.cover import Cover, Sender
from documents.cover_sheet import cover_sheet
from documents.letter import LetterLimits, make_letter
from documents.testing.samples import written

_TIMES = 100
_A4 = (595.276, 841.89)
_COVER = Cover(
    sender=Sender(
        name="Hausverwaltung Lindenhof GmbH",
        address_lines=("Lindenstraße 5", "10969 Berlin"),
        contact_lines=("Telefon 030 123456-0",),
    ),
    recipient_lines=("Frau", "Dr. Ayşe Öztürk-Groß", "Weißenburger Straße 12", "10405 Berlin"),
    date=date(2026, 3, 1),
    subjects=("Betriebskostenabrechnung 2025",),
)


def rows() -> list[Row]:
    return [Row("letter", "ms", Goal("ratio", most=1.5), "bare pikepdf")]


async def letter(ground: Ground, rows: Sequence[Row]) -> None:
    """In turn, letter by letter, so that both meet the same machine."""
    document, cover = written(4), cover_sheet(_COVER)
    ours = bare = 0.0
    for _ in range(ground.size(_TIMES)):
        ours += _timed(lambda: make_letter([document], _COVER, LetterLimits(), duplex=False))
        bare += _timed(lambda: _bare(cover, document))
    count = ground.size(_TIMES)
    rows[0].add(Run(ours / count * 1000), Run(bare / count * 1000))


def _bare(cover: bytes, document: bytes) -> bytes:
    """A finished cover sheet and the document's pages, A4 each, saved in the same way."""
    with (
        pikepdf.new() as target,
        pikepdf.open(io.BytesIO(cover)) as first,
        pikepdf.open(io.BytesIO(document)) as rest,
    ):
        for page in rest.pages:
            form = rest.make_stream(
                page.obj.Contents.read_bytes(),
                Type=Name.XObject,
                Subtype=Name.Form,
                BBox=page.mediabox,
                Resources=page.obj.get("/Resources", Dictionary()),
            )
            page.obj.Contents = rest.make_stream(b"q 1 0 0 1 0 0 cm /Page Do Q\n")
            page.obj.Resources = Dictionary(XObject=Dictionary(Page=form))
            page.obj.MediaBox = Array([0, 0, *_A4])
        target.pages.extend(first.pages)
        target.pages.extend(rest.pages)
        file = io.BytesIO()
        target.save(file, deterministic_id=True)
        return file.getvalue()


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
