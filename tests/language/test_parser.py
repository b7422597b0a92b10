"""The official parser accepts our AsyncAPI document, and refuses a broken one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from language.asyncapi import FILE, document
from language.parser import errors
from language.parser.node import bundled
from stack.rooms import cache_folder

ROOT = Path(__file__).parents[2]

Break = Callable[[dict[str, Any]], Any]


def against(path: Path) -> list[str]:
    return errors(path, cache_folder(), print)


def test_the_official_parser_accepts_it() -> None:
    assert against(ROOT / FILE) == []


@pytest.mark.parametrize(
    ("place", "broken"),
    [
        ("operations", lambda d: d["operations"].update(x={"action": "shout"})),
        ("channels", lambda d: d["channels"]["DocumentFiled"].update(partition=1)),
        ("messages", lambda d: d["components"]["messages"].pop("DocumentFiled")),
        ("schemas", lambda d: d["components"]["schemas"]["Sender"].update(type="thing")),
        ("bindings", lambda d: kafka(d).update(partitions="six")),
        ("info", lambda d: d.pop("info")),
    ],
)
def test_the_official_parser_refuses_a_broken_one(
    place: str, broken: Break, tmp_path: Path
) -> None:
    made = document(ROOT)
    broken(made)
    path = tmp_path / "asyncapi.json"
    path.write_text(json.dumps(made), encoding="utf-8")
    assert any(place in error for error in against(path))


def test_without_node_on_the_machine_a_wheel_brings_it(tmp_path: Path) -> None:
    node = bundled(cache_folder(), print)
    assert node.run("--print", "6 * 7", folder=tmp_path).stdout == "42\n"
    assert node.npm("--version", folder=tmp_path).stdout[0].isdecimal()


def kafka(made: dict[str, Any]) -> dict[str, Any]:
    binding: dict[str, Any] = made["channels"]["DocumentFiled"]["bindings"]["kafka"]
    return binding
