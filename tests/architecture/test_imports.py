"""The import rules in pyproject.toml name every package, so that none escapes them."""

from pathlib import Path
from typing import Any

import pytest

from house.tree import Package


@pytest.fixture(scope="module")
def contracts(settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {contract["id"]: contract for contract in settings["importlinter"]["contracts"]}


@pytest.fixture(scope="module")
def services(house: list[Package]) -> set[str]:
    return {package.module for package in house if package.is_service}


@pytest.fixture(scope="module")
def libraries(house: list[Package]) -> set[str]:
    return {package.module for package in house if package.folder.parent.name == "libs"}


def test_every_package_is_looked_at(settings: dict[str, Any], house: list[Package]) -> None:
    assert set(settings["importlinter"]["root_packages"]) == {package.module for package in house}


def test_every_package_is_type_checked(
    settings: dict[str, Any], root: Path, house: list[Package]
) -> None:
    sources = {package.sources.parent.relative_to(root).as_posix() for package in house}
    assert sources - set(settings["mypy"]["mypy_path"]) == set()


def test_every_service_keeps_to_itself(
    contracts: dict[str, dict[str, Any]], services: set[str]
) -> None:
    assert set(contracts["services"]["modules"]) == services


def test_every_service_has_the_same_layers(
    contracts: dict[str, dict[str, Any]], services: set[str]
) -> None:
    assert set(contracts["layers"]["containers"]) == services
    assert contracts["layers"]["exhaustive"]


def test_no_library_knows_a_service(
    contracts: dict[str, dict[str, Any]], services: set[str], libraries: set[str]
) -> None:
    assert set(contracts["libraries"]["source_modules"]) == libraries
    assert set(contracts["libraries"]["forbidden_modules"]) == services


def test_nothing_that_ships_knows_the_workshop(
    contracts: dict[str, dict[str, Any]],
    house: list[Package],
    services: set[str],
    libraries: set[str],
) -> None:
    workshop = {package.module for package in house} - services - libraries
    assert set(contracts["workshop"]["source_modules"]) == services | libraries
    assert set(contracts["workshop"]["forbidden_modules"]) == workshop
