"""Every package has the same outside: a README, a private distribution, typed modules."""

import tomllib
from typing import Any

from house.tree import Package

FRONT_ROOMS = ("__main__", "settings", "wiring")
PRIVATE = "Private :: Do Not Upload"


def project(package: Package) -> dict[str, Any]:
    return tomllib.loads((package.folder / "pyproject.toml").read_text(encoding="utf-8"))


def faults(package: Package) -> list[str]:
    built = project(package)
    declared, readme = built["project"], package.folder / "README.md"
    packed = built["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    is_right = {
        "a README.md": readme.is_file() and readme.read_text(encoding="utf-8").startswith("# "),
        "py.typed": (package.sources / "py.typed").is_file(),
        "a name that begins with hausbote-": declared["name"].startswith("hausbote-"),
        f"the classifier {PRIVATE!r}": PRIVATE in declared.get("classifiers", ()),
        "Python 3.11 as the oldest": declared.get("requires-python") == ">=3.11",
        "hatchling as its build backend": built["build-system"]["requires"] == ["hatchling"],
        "its one module in the wheel": packed == [f"src/{package.module}"],
    }
    return [what for what, is_there in is_right.items() if not is_there]


def test_every_package_is_complete(house: list[Package]) -> None:
    missing = [f"{package.module}: {what}" for package in house for what in faults(package)]
    assert not missing, "\n".join(missing)


def test_no_two_packages_share_a_name(house: list[Package]) -> None:
    names = [project(package)["project"]["name"] for package in house]
    assert len(set(names)) == len(names)
    assert len({package.module for package in house}) == len(house)


def test_every_service_has_its_front_rooms(house: list[Package]) -> None:
    sources = [package.sources for package in house if package.is_service]
    rooms = [folder / f"{room}.py" for folder in sources for room in FRONT_ROOMS]
    assert rooms
    missing = [str(room) for room in rooms if not room.is_file()]
    assert not missing, "\n".join(missing)
