"""The requirements page names every requirement of the specification, and no other."""

import re
from pathlib import Path

import pytest

from house.requirements import read_requirements

ROOT = Path(__file__).parents[2]
SPECIFICATION = ROOT.parent / "shared" / "spec"


def test_the_page_names_every_id_of_the_specification_once() -> None:
    if not SPECIFICATION.is_dir():
        pytest.skip("the specification is not beside the checkout: ids are not compared")
    pages = [path.read_text(encoding="utf-8") for path in SPECIFICATION.glob("*.md")]
    ids = {id_ for page in pages for id_ in re.findall(r"\*\*([A-Z]{3}-\d{2})\*\*", page)}
    assert len(ids) > 100
    assert read_requirements(ROOT).keys() == ids


def test_each_requirement_is_one_line_of_few_words() -> None:
    requirements = read_requirements(ROOT)
    assert {id_ for id_, text in requirements.items() if len(text) > 130} == set()
    assert {id_ for id_, text in requirements.items() if text.endswith(".")} == set()
