"""The picture in the README shows what the demo does today."""

import html
import re
from pathlib import Path

from demo.papers import made_papers
from outbox.domain.states import COUNTER_LABELS, TOTAL_LABEL

_PICTURE = Path(__file__).parents[2] / "docs" / "demo.svg"
_SHOWN_CHARACTERS = 16


def test_it_names_the_papers_and_the_counters() -> None:
    drawn = _PICTURE.read_text(encoding="utf-8")
    shown = html.unescape(re.sub(r"<[^>]+>", "", drawn)).replace("\xa0", " ")
    for paper in made_papers():
        assert paper.name[:_SHOWN_CHARACTERS] in shown
    for label in (*COUNTER_LABELS.values(), TOTAL_LABEL):
        assert label in shown
    assert "https:" not in drawn
