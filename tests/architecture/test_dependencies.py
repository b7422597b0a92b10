"""One locked set of dependencies serves the whole house (ADR 0002)."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from house.tree import Package, parse

LOCKED = re.compile(r"^(?P<name>[\w.-]+)==(?P<rest>(?:.+\n)(?:[ ]{4}.+\n)*)", re.MULTILINE)


@pytest.fixture(scope="module")
def asked(root: Path) -> dict[str, Requirement]:
    lines = (root / "requirements.in").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert wanted
    return {canonicalize_name(requirement.name): requirement for requirement in wanted}


@pytest.fixture(scope="module")
def lock(root: Path) -> str:
    return (root / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def projects(house: list[Package]) -> dict[str, dict[str, Any]]:
    texts = {
        package.module: (package.folder / "pyproject.toml").read_text(encoding="utf-8")
        for package in house
    }
    return {module: tomllib.loads(text)["project"] for module, text in texts.items()}


@pytest.fixture(scope="module")
def declared(projects: dict[str, dict[str, Any]]) -> dict[str, list[Requirement]]:
    lines = {
        module: [*project.get("dependencies", ()), *of_extras(project)]
        for module, project in projects.items()
    }
    return {module: [Requirement(line) for line in group] for module, group in lines.items()}


def of_extras(project: dict[str, Any]) -> Iterator[str]:
    for group in project.get("optional-dependencies", {}).values():
        yield from group


def is_covered(requirement: Requirement, asked: dict[str, Requirement]) -> bool:
    ours = asked.get(canonicalize_name(requirement.name))
    return ours is not None and requirement.extras <= ours.extras


def test_every_declared_dependency_is_asked_for(
    declared: dict[str, list[Requirement]], asked: dict[str, Requirement]
) -> None:
    wanted = [
        (module, requirement)
        for module, requirements in declared.items()
        for requirement in requirements
        if not requirement.name.startswith("hausbote-")
    ]
    missing = [f"{module}: {one}" for module, one in wanted if not is_covered(one, asked)]
    assert not missing, "\n".join(missing)


def imported_modules(package: Package) -> set[str]:
    """The top-level modules that a package imports, without its own and the standard library's."""
    found: set[str] = set()
    for node in (node for path in package.files for node in ast.walk(parse(path))):
        match node:
            case ast.Import(names=aliases):
                found |= {alias.name.partition(".")[0] for alias in aliases}
            case ast.ImportFrom(module=str(module), level=0):
                found.add(module.partition(".")[0])
            case _:
                pass
    return found - sys.stdlib_module_names - {package.module}


def test_every_import_is_declared(
    declared: dict[str, list[Requirement]],
    projects: dict[str, dict[str, Any]],
    house: list[Package],
) -> None:
    """One environment serves all, so that an import may work only because a sibling declared it."""
    distributions = {**packages_distributions(), **{m: [p["name"]] for m, p in projects.items()}}
    allowed = {
        module: {canonicalize_name(requirement.name) for requirement in requirements}
        for module, requirements in declared.items()
    }
    missing = [
        f"{package.module} imports {module}"
        for package in house
        for module in sorted(imported_modules(package))
        if allowed[package.module].isdisjoint(map(canonicalize_name, distributions.get(module, ())))
    ]
    assert not missing, "\n".join(missing)


def test_our_own_packages_are_declared_by_names_that_exist(
    declared: dict[str, list[Requirement]], projects: dict[str, dict[str, Any]]
) -> None:
    ours = {project["name"] for project in projects.values()}
    named = {one.name for group in declared.values() for one in group if "hausbote" in one.name}
    assert named - ours == set()


def test_everything_asked_for_is_locked(asked: dict[str, Requirement], lock: str) -> None:
    locked = {canonicalize_name(entry["name"]) for entry in LOCKED.finditer(lock)}
    assert asked.keys() - locked == set()


def test_everything_locked_has_a_hash(lock: str) -> None:
    entries = {entry["name"]: entry["rest"] for entry in LOCKED.finditer(lock)}
    assert len(entries) == len(re.findall(r"^[^\s#]", lock, re.MULTILINE))
    assert [name for name, rest in entries.items() if "--hash=sha256:" not in rest] == []


def test_the_lock_names_no_address(lock: str) -> None:
    assert re.findall(r".*(?:://|--index|--find-links|\s@\s).*", lock) == []
