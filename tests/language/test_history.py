"""What was written down once stays, and each new form is compared with all before it."""

from pathlib import Path
from typing import Any

import pytest

from events.registry import Name
from language import history, kept

TOLD = Name("Told", 1)


def form(*optional: str, **properties: Any) -> dict[str, Any]:
    fields = {name: {"type": "string", "default": ""} for name in optional}
    return {
        "type": "object",
        "properties": {"id": {"type": "string"}, **fields, **properties},
        "required": ["id"],
    }


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_each_form_gets_a_file_of_its_own(tmp_path: Path) -> None:
    for today in (form(), form(), form("a"), form("a", "b")):
        assert list(history.write(tmp_path, {TOLD: today})) == []
        assert list(history.faults(tmp_path, {TOLD: today})) == []
    assert files(tmp_path) == ["Told.v1.2.json", "Told.v1.3.json", "Told.v1.json"]


def test_what_is_not_compatible_is_not_written(tmp_path: Path) -> None:
    list(history.write(tmp_path, {TOLD: form("a")}))
    (refused,) = history.write(tmp_path, {TOLD: form()})
    assert refused == "Told needs version 2: the event, field a: is gone"
    assert files(tmp_path) == ["Told.v1.json"]
    assert list(history.faults(tmp_path, {TOLD: form()}))


def test_a_new_version_is_free(tmp_path: Path) -> None:
    list(history.write(tmp_path, {TOLD: form("a")}))
    today = {Name("Told", 2): form(id={"type": "integer"})}
    assert list(history.write(tmp_path, today)) == []
    assert list(history.faults(tmp_path, today)) == []
    assert files(tmp_path) == ["Told.v1.json", "Told.v2.json"]


def test_every_predecessor_is_compared_and_not_only_the_last(tmp_path: Path) -> None:
    """Who writes files by hand is found out too: the third form agrees with the second alone."""
    for number, each in enumerate((form("a"), form(), form("b")), 1):
        history._save(tmp_path, history.State(TOLD, number), each)
    found = list(history.faults(tmp_path, {TOLD: form("b")}))
    assert found == [
        "Told.v1.2.json against Told.v1.json: the event, field a: is gone",
        "Told.v1.3.json against Told.v1.json: the event, field a: is gone",
    ]


@pytest.mark.parametrize(
    ("today", "fault"),
    [
        ({TOLD: form("a")}, "Told v1: its form is not written down: make schemas"),
        ({}, "Told.v1.json: the code does not know it, and its records stay"),
        ({TOLD: form(), Name("New", 2): form()}, "New.v1.json: is missing"),
    ],
)
def test_what_is_not_written_down_is_found(today: Any, fault: str, tmp_path: Path) -> None:
    list(history.write(tmp_path, {TOLD: form()}))
    assert fault in list(history.faults(tmp_path, today))


def test_a_kept_file_may_not_change_or_go(tmp_path: Path) -> None:
    folder = tmp_path / history.FOLDER
    list(history.write(folder, {TOLD: form(), Name("Heard", 1): form()}))
    assert [fault.split(": ")[1] for fault in kept.faults(tmp_path)] == [
        "is not in " + str(kept.LIST)
    ] * 2
    assert len(kept.add(tmp_path)) == 2
    assert list(kept.faults(tmp_path)) == []

    (folder / "Told.v1.json").write_text("{}", encoding="utf-8")
    (folder / "Heard.v1.json").unlink()
    assert kept.add(tmp_path) == []
    assert list(kept.faults(tmp_path)) == [
        "docs/schemas/Heard.v1.json: has been deleted",
        "docs/schemas/Told.v1.json: has been changed",
    ]
