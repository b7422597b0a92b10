"""Reads the ids and sentences of the requirements page."""

import re
from pathlib import Path

PAGE = Path("docs/requirements.md")

_LINE = re.compile(r"^- (?P<id>[A-Z]{3}-\d{2}): (?P<text>.+)$", re.MULTILINE)


def read_requirements(root: Path) -> dict[str, str]:
    """Sentence by id, in the order of the page; raises ValueError where an id stands twice."""
    requirements: dict[str, str] = {}
    for line in _LINE.finditer((root / PAGE).read_text(encoding="utf-8")):
        if line["id"] in requirements:
            raise ValueError(f"{line['id']} stands twice in {PAGE}")
        requirements[line["id"]] = line["text"]
    return requirements
