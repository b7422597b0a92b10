"""The repository under test, and its packages."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from house.tree import Package, packages


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).parents[2]


@pytest.fixture(scope="session")
def house(root: Path) -> list[Package]:
    found = packages(root)
    assert found
    return found


@pytest.fixture(scope="session")
def settings(root: Path) -> dict[str, Any]:
    """The tools' settings in the root's pyproject.toml."""
    tools: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]
    return tools
