"""Counts lines of code for each package, sources and tests apart."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from house.tree import packages, python_files


@dataclass(frozen=True, slots=True)
class Row:
    """Lines of code under one name; a folder of tests without a package has no sources."""

    name: str
    sources: int
    tests: int


def count(path: Path) -> int:
    """Lines that are neither blank nor only a comment; docstrings count."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return sum(1 for line in lines if line and not line.startswith("#"))


def rows(root: Path) -> list[Row]:
    """A row for each package by folder, then one for each folder of tests without a package."""
    of_tests = {
        folder.name: _sum(python_files(folder))
        for folder in sorted((root / "tests").glob("*/"))
        if folder.name != "__pycache__"
    }
    of_packages = [
        Row(package.module, _sum(package.files), of_tests.pop(package.module, 0))
        for package in packages(root)
    ]
    others = [Row(name, 0, tests) for name, tests in of_tests.items() if tests]
    return of_packages + others


def table(counted: Iterable[Row]) -> Table:
    """The rows with their sum, for a terminal."""
    counted = list(counted)
    shown = Table("package", show_footer=True)
    shown.columns[0].footer = "sum"
    for heading in ("sources", "tests"):
        total = sum(getattr(row, heading) for row in counted)
        shown.add_column(heading, justify="right", footer=str(total))
    for row in counted:
        shown.add_row(row.name, str(row.sources), str(row.tests))
    return shown


def _sum(paths: Iterable[Path]) -> int:
    return sum(count(path) for path in paths)
