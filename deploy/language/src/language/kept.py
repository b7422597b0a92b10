"""Files that nobody may change or delete any more, in the format of sha256sum.

The list only grows. `sha256sum --check docs/kept.sha256` says the same as this module.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

LIST = Path("docs/kept.sha256")
_PATTERNS = ("docs/schemas/*.json", "tests/*/golden/*.json")


def kept_files(root: Path) -> list[Path]:
    """The files that are to be kept: schemas of published events, samples of all events."""
    return sorted(path for pattern in _PATTERNS for path in root.glob(pattern))


def faults(root: Path) -> Iterator[str]:
    """What was changed, deleted, or added without being listed."""
    listed = _listed(root)
    present = {path.relative_to(root).as_posix(): _digest(path) for path in kept_files(root)}
    for name, digest in listed.items():
        if name not in present:
            yield f"{name}: has been deleted"
        elif present[name] != digest:
            yield f"{name}: has been changed"
    yield from (f"{name}: is not in {LIST}" for name in sorted(present.keys() - listed.keys()))


def add(root: Path) -> list[str]:
    """Put new files on the list; what is listed stays as it is. Returns the names of the new."""
    listed = _listed(root)
    new = {path.relative_to(root).as_posix(): _digest(path) for path in kept_files(root)}
    _write(root, {**new, **listed}.items())
    return sorted(new.keys() - listed.keys())


def _write(root: Path, entries: Iterable[tuple[str, str]]) -> None:
    lines = [f"{digest}  {name}\n" for name, digest in sorted(entries)]
    (root / LIST).write_text("".join(lines), encoding="utf-8")


def _listed(root: Path) -> dict[str, str]:
    path = root / LIST
    if not path.exists():
        return {}
    pairs = (line.split("  ", 1) for line in path.read_text(encoding="utf-8").splitlines())
    return {name: digest for digest, name in pairs}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
