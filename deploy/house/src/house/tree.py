"""Finds our packages and their Python files from the folders, so that nothing keeps a list."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOMS = ("libs", "services", "deploy", "deploy/simulators")


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """A folder with a pyproject.toml and one import package under src."""

    folder: Path
    module: str

    @property
    def sources(self) -> Path:
        return self.folder / "src" / self.module

    @property
    def files(self) -> list[Path]:
        """The Python files that it ships: modules and migrations."""
        folders = (self.folder / "src", self.folder / "migrations")
        return [path for folder in folders for path in python_files(folder)]

    @property
    def is_service(self) -> bool:
        return self.folder.parent.name == "services"


def packages(root: Path) -> list[Package]:
    """Every package of the house, by folder; raises ValueError where src holds none or several."""
    projects = (path for room in ROOMS for path in (root / room).glob("*/pyproject.toml"))
    return sorted(Package(path.parent, _only_module(path.parent / "src")) for path in projects)


def python_files(folder: Path) -> Iterator[Path]:
    """The Python files below a folder, in the order of their paths."""
    return (path for path in sorted(folder.rglob("*.py")) if "__pycache__" not in path.parts)


@cache
def parse(path: Path) -> ast.Module:
    """The syntax tree of a file; kept, since one run asks for it several times."""
    return ast.parse(path.read_bytes(), filename=str(path))


def _only_module(src: Path) -> str:
    match [path.parent.name for path in src.glob("*/__init__.py")]:
        case [module]:
            return module
        case found:
            raise ValueError(f"{src} holds {len(found)} import packages instead of one")
