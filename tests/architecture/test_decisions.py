"""A decision record is one page, and ends with a check that exists."""

import re
from pathlib import Path

import pytest

SECTIONS = ["Question", "Decision", "Alternatives", "Consequences", "Check"]
LINES = 60


@pytest.fixture(scope="module")
def records(root: Path) -> list[Path]:
    found = sorted((root / "docs" / "adr").glob("[0-9]*.md"))
    assert len(found) > 1
    return found


def test_records_are_numbered_without_gaps(records: list[Path]) -> None:
    assert [int(path.name[:4]) for path in records] == list(range(len(records)))


def test_every_record_is_one_page_with_the_same_sections(records: list[Path]) -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in records}
    for name, text in texts.items():
        assert text.startswith(f"# {name[:4]}: "), name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS, name
        assert len(text.splitlines()) <= LINES, name


def test_the_files_that_check_a_decision_exist(records: list[Path], root: Path) -> None:
    checks = [path.read_text(encoding="utf-8").rpartition("## Check")[2] for path in records]
    named = [file for check in checks for file in re.findall(r"`(tests/[\w./]+)`", check)]
    assert named
    assert [file for file in named if not (root / file).exists()] == []
