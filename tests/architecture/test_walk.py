"""The walk through the house leads to files that exist."""

import re
from pathlib import Path

from house.tree import Package

_FILE = re.compile(r"`([\w-]+(?:/[\w.-]+)+\.py)`")


def test_every_file_on_the_walk_exists(root: Path, house: list[Package]) -> None:
    named = _FILE.findall((root / "docs" / "walk.md").read_text(encoding="utf-8"))
    places = [root, *(package.folder / "src" for package in house)]
    lost = [name for name in named if not any((place / name).is_file() for place in places)]
    assert len(named) > 20
    assert not lost
