"""Modules and functions stay small: hard limits everywhere, and averages over the sources."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, median

import pytest

from house.tree import Package, parse, python_files

MODULE_LINES = 400
FUNCTION_LINES = 40
EXPLAINED_FUNCTION_LINES = 70
"""For a function under a comment that begins with `# long:` and says why."""

MODULE_LINES_MEDIAN = 80
FUNCTION_LINES_MEAN = 14


type_of_function = ast.FunctionDef | ast.AsyncFunctionDef


@pytest.fixture(scope="module")
def sources(house: list[Package]) -> list[Path]:
    return [path for package in house for path in package.files]


@pytest.fixture(scope="module")
def everything(root: Path, sources: list[Path]) -> list[Path]:
    return [*sources, *python_files(root / "tests")]


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def functions(path: Path) -> Iterator[tuple[type_of_function, int]]:
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, (node.end_lineno or node.lineno) - node.lineno + 1


def is_explained(node: type_of_function, lines: list[str]) -> bool:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return first > 1 and lines[first - 2].strip().startswith("# long: ")


def too_long(path: Path) -> Iterator[str]:
    lines = lines_of(path)
    for node, length in functions(path):
        limit = EXPLAINED_FUNCTION_LINES if is_explained(node, lines) else FUNCTION_LINES
        if length > limit:
            yield f"{path}:{node.lineno} {node.name}: {length} lines"


def test_no_module_is_too_long(everything: list[Path]) -> None:
    lengths = {path: len(lines_of(path)) for path in everything}
    long = [f"{path}: {lines} lines" for path, lines in lengths.items() if lines > MODULE_LINES]
    assert not long, "\n".join(long)


def test_no_function_is_too_long(everything: list[Path]) -> None:
    long = [place for path in everything for place in too_long(path)]
    assert not long, "\n".join(long)


def test_the_median_module_is_short(sources: list[Path]) -> None:
    lengths = [len(lines_of(path)) for path in sources if path.name != "__init__.py"]
    assert median(lengths) <= MODULE_LINES_MEDIAN


def test_the_mean_function_is_short(sources: list[Path]) -> None:
    lengths = [length for path in sources for _, length in functions(path)]
    assert fmean(lengths) <= FUNCTION_LINES_MEAN


@pytest.mark.parametrize(
    ("above", "length", "found"),
    [
        ("", 40, 0),
        ("", 41, 1),
        ("# long: a table of cases\n", 70, 0),
        ("# long: a table of cases\n@decorated\n", 71, 1),
        ("# long: a table of cases\n@decorated\n", 70, 0),
        ("# a table of cases\n", 41, 1),
    ],
)
def test_the_limits_are_these(above: str, length: int, found: int, tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(above + "def long():\n" + "    pass\n" * (length - 1), encoding="utf-8")
    assert len(list(too_long(module))) == found
