"""What every module keeps to, beyond what the linters know."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from house.tree import Package, parse, python_files

NAMES_THAT_SAY_NOTHING = {"utils", "helpers", "common", "manager", "data", "info", "misc"}

# A silenced linter or type checker says which rule, and then why.
SILENCED = re.compile(r"#\s*(?:noqa|type:\s*ignore)(?P<rest>.*)")
WITH_REASON = re.compile(r"(?:: ?[A-Z]+\d+(?:, ?[A-Z]+\d+)*|\[[a-z, -]+\])\W+\w+\W+\w+")


@pytest.fixture(scope="module")
def sources(house: list[Package]) -> list[Path]:
    return [path for package in house for path in package.files]


@pytest.fixture(scope="module")
def everything(root: Path, sources: list[Path]) -> list[Path]:
    return [*sources, *python_files(root / "tests")]


def test_every_module_says_what_it_is_for(everything: list[Path]) -> None:
    mute = [str(path) for path in everything if not ast.get_docstring(parse(path))]
    assert not mute, "\n".join(mute)


def test_no_module_has_a_name_that_says_nothing(house: list[Package]) -> None:
    inside = [path.relative_to(package.folder) for package in house for path in package.files]
    named = [str(path) for path in inside if {path.stem, *path.parts} & NAMES_THAT_SAY_NOTHING]
    assert not named, "\n".join(named)


def calls_of(method: str, path: Path) -> Iterator[str]:
    for node in ast.walk(parse(path)):
        match node:
            case ast.Call(func=ast.Attribute(attr=name), lineno=line) if name == method:
                yield f"{path}:{line}"
            case _:
                pass


def test_only_the_intake_of_events_subscribes_to_topics(root: Path, sources: list[Path]) -> None:
    """FastStream's defaults lose messages; the right ones stand in one place (ADR 0001)."""
    intake = root / "libs/events/src/events/intake"
    elsewhere = [path for path in sources if intake not in (path.with_suffix(""), path.parent)]
    calls = [place for path in elsewhere for place in calls_of("subscriber", path)]
    assert not calls, "\n".join(calls)


def imported_names(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(parse(path)):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name for alias in aliases}
            case ast.ImportFrom(module=module, names=aliases):
                names |= {f"{module}.{alias.name}" for alias in aliases}
            case _:
                pass
    return names


def test_no_test_replaces_our_code_or_a_server_by_a_pretence(everything: list[Path]) -> None:
    """Neither mocks nor an in-memory broker (ADR 0003)."""
    pretences = re.compile(r"unittest\.mock|\.mock\b|\.TestKafkaBroker$")
    imported = [(path, name) for path in everything for name in imported_names(path)]
    pretending = [f"{path}: {name}" for path, name in imported if pretences.search(name)]
    assert not pretending, "\n".join(pretending)


def silenced_without_reason(path: Path) -> Iterator[str]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        silenced = SILENCED.search(line)
        if silenced and not WITH_REASON.match(silenced["rest"]):
            yield f"{path}:{number} {line.strip()}"


def test_what_silences_a_check_says_why(everything: list[Path]) -> None:
    silent = [place for path in everything for place in silenced_without_reason(path)]
    assert not silent, "\n".join(silent)


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("no" + "qa", 1),
        ("no" + "qa: S608", 1),
        ("no" + "qa: S608, E501  # our own table names", 0),
        ("no" + "qa: S608 our own table names", 0),
        ("type: " + "ignore[arg-type]", 1),
        ("type: " + "ignore[arg-type]  # the stubs are wrong", 0),
    ],
)
def test_a_reason_is_more_than_a_code(comment: str, found: int, tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(f"x = 1  # {comment}\n", encoding="utf-8")
    assert len(list(silenced_without_reason(module))) == found
