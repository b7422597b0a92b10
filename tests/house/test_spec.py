"""`make spec` shows what is proven, what is not, and what is claimed in vain."""

import subprocess
import sys
from pathlib import Path

import pytest

from house.requirements import read_requirements
from house.spec import read_coverage, report

PAGE = "# Page\n\n- OUT-01: first\n- OUT-02: second\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "docs" / "requirements.md").write_text(PAGE, encoding="utf-8")
    return tmp_path


def claim(root: Path, *ids: str) -> None:
    source = "".join(
        f'@pytest.mark.spec("{id_}")\ndef test_{n}(): ...\n' for n, id_ in enumerate(ids)
    )
    (root / "tests" / "test_it.py").write_text(source, encoding="utf-8")


def run(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "house", "spec", "--root", str(root)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_report_tells_proven_unproven_and_the_sum(root: Path) -> None:
    claim(root, "OUT-02")
    assert list(report(read_coverage(root))) == [
        "OUT-02  second",
        "        tests/test_it.py::test_0",
        "\nProven by nothing:",
        "OUT-01  first",
        "\n1 of 2 requirements are proven",
    ]


def test_known_ids_end_well(root: Path) -> None:
    claim(root, "OUT-01", "OUT-02")
    finished = run(root)
    assert finished.returncode == 0
    assert finished.stdout.endswith("2 of 2 requirements are proven\n")


def test_an_unknown_id_fails_and_is_named_with_its_test(root: Path) -> None:
    claim(root, "OUT-01", "OUT-99")
    finished = run(root)
    assert finished.returncode == 1
    assert "OUT-99 does not stand in docs/requirements.md" in finished.stdout
    assert "tests/test_it.py::test_1" in finished.stdout
    assert finished.stdout.endswith("1 of 2 requirements are proven\n")


def test_a_mark_that_cannot_be_read_fails(root: Path) -> None:
    source = "@pytest.mark.spec(*IDS)\ndef test_it(): ...\n"
    (root / "tests" / "test_it.py").write_text(source, encoding="utf-8")
    finished = run(root)
    assert finished.returncode == 1
    assert "tests/test_it.py:1" in finished.stdout


def test_an_id_that_stands_twice_is_refused(root: Path) -> None:
    page = root / "docs" / "requirements.md"
    page.write_text(PAGE + "- OUT-01: again\n", encoding="utf-8")
    with pytest.raises(ValueError, match="OUT-01 stands twice"):
        read_requirements(root)
