"""Packages are found by their folders."""

from pathlib import Path

import pytest

from house.tree import packages


def make(root: Path, folder: str, *modules: str) -> None:
    for module in modules:
        (root / folder / "src" / module).mkdir(parents=True)
        (root / folder / "src" / module / "__init__.py").touch()
    (root / folder / "pyproject.toml").touch()


def test_every_room_is_searched_and_other_folders_are_not(tmp_path: Path) -> None:
    make(tmp_path, "libs/events", "events")
    make(tmp_path, "services/delivery-epost", "delivery_epost")
    make(tmp_path, "deploy/demo", "demo")
    make(tmp_path, "deploy/simulators/epost", "epost_simulator")
    (tmp_path / "deploy/k8s").mkdir()
    found = {package.module: package.is_service for package in packages(tmp_path)}
    assert found == {
        "demo": False,
        "epost_simulator": False,
        "events": False,
        "delivery_epost": True,
    }


def test_two_import_packages_in_one_are_refused(tmp_path: Path) -> None:
    make(tmp_path, "libs/events", "events", "contracts")
    with pytest.raises(ValueError, match="2 import packages"):
        packages(tmp_path)
