"""Claims found by reading are those that pytest finds by importing."""

import subprocess
import sys
from pathlib import Path

import pytest

from house.claims import Claim, read_claims

EVERY_FORM = '''
import pytest

pytestmark = [pytest.mark.spec("OUT-01"), pytest.mark.filterwarnings("error")]


class Suite:
    """Run by those who inherit it."""

    @pytest.mark.spec("OUT-02")
    def test_of_the_suite(self): ...


@pytest.mark.spec("OUT-03", "OUT-04")
class TestClass:
    pytestmark = pytest.mark.spec("OUT-05")

    @pytest.mark.spec("OUT-06")
    async def test_method(self): ...

    class TestInner:
        def test_inherits(self): ...


@pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.spec("OUT-07"))])
@pytest.mark.spec("OUT-08")
def test_function(n): ...


def no_test(): ...
'''

PRINT_THE_MARKS = """
def pytest_collection_modifyitems(items):
    for item in items:
        test = item.nodeid.split("[")[0]
        for id_ in {id_ for mark in item.iter_markers("spec") for id_ in mark.args}:
            print("claim", id_, test)
"""


def write_tests(root: Path, source: str) -> None:
    (root / "tests").mkdir()
    (root / "tests" / "test_all.py").write_text(source, encoding="utf-8")


def claims_seen_by_pytest(root: Path) -> set[Claim]:
    (root / "conftest.py").write_text(PRINT_THE_MARKS, encoding="utf-8")
    (root / "pytest.ini").write_text("[pytest]\nmarkers = spec(*ids): ids\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    printed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    lines = [line.split(" ", 2)[1:] for line in printed.splitlines() if line.startswith("claim ")]
    return {Claim(requirement, test) for requirement, test in lines}


def test_reading_finds_what_pytest_collects(tmp_path: Path) -> None:
    write_tests(tmp_path, EVERY_FORM)
    read = read_claims(tmp_path)
    collected = claims_seen_by_pytest(tmp_path)
    assert len(collected) == 12
    assert {claim for claim in read.made if "::Suite::" not in claim.test} == collected
    assert not read.unread


def test_a_suite_claims_under_its_own_name(tmp_path: Path) -> None:
    write_tests(tmp_path, EVERY_FORM)
    place = "tests/test_all.py::Suite::test_of_the_suite"
    assert [claim for claim in read_claims(tmp_path).made if claim.test == place] == [
        Claim("OUT-01", place),
        Claim("OUT-02", place),
    ]


def test_a_class_that_inherits_its_tests_claims_for_them(tmp_path: Path) -> None:
    source = '@pytest.mark.spec("PLT-01")\nclass TestStore(StoreSuite):\n    pass\n'
    write_tests(tmp_path, source)
    assert read_claims(tmp_path).made == [Claim("PLT-01", "tests/test_all.py::TestStore")]


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.mark.spec(*IDS)\ndef test_it(): ...",
        "story = pytest.mark.spec\n@story('OUT-01')\ndef test_it(): ...",
        "if True:\n    @pytest.mark.spec('OUT-01')\n    def test_it(): ...",
        "@pytest.mark.spec('OUT-01')\ndef helps(): ...",
    ],
)
def test_a_mark_that_cannot_be_read_is_told(source: str, tmp_path: Path) -> None:
    write_tests(tmp_path, source)
    read = read_claims(tmp_path)
    assert read.made == []
    assert len(read.unread) == 1
    assert read.unread[0].startswith("tests/test_all.py:")
