"""Kafka's jars: what is not the pinned file never reaches the cache."""

import hashlib
from pathlib import Path

import pytest

from stack import jars
from stack.errors import ChecksumMismatchError

_CONTENT = b"a jar"
_JAR = jars.Jar("org.example:thing:1.0", hashlib.sha256(_CONTENT).hexdigest())


def _ignore(_line: str) -> None:
    pass


def _unreachable(coordinates: str) -> bytes:
    pytest.fail(f"fetched {coordinates}")


def test_a_jar_with_another_checksum_is_refused_and_not_kept(tmp_path: Path) -> None:
    with pytest.raises(ChecksumMismatchError, match="thing:1"):
        jars.ensure([_JAR], tmp_path, _ignore, lambda _: b"another jar")
    assert not list(tmp_path.iterdir())


def test_a_jar_that_changed_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "thing-1.0.jar").write_bytes(b"bit rot")
    [path] = jars.ensure([_JAR], tmp_path, _ignore, lambda _: _CONTENT)
    assert path.read_bytes() == _CONTENT


def test_cached_jars_need_no_network(tmp_path: Path) -> None:
    jars.ensure([_JAR], tmp_path, _ignore, lambda _: _CONTENT)
    [path] = jars.ensure([_JAR], tmp_path, _ignore, _unreachable)
    assert path == tmp_path / "thing-1.0.jar"


def test_progress_is_told_up_to_the_last_jar(tmp_path: Path) -> None:
    many = [jars.Jar(f"org.example:thing{n}:1.0", _JAR.sha256) for n in range(30)]
    lines: list[str] = []
    jars.ensure(many, tmp_path, lines.append, lambda _: _CONTENT)
    assert lines == ["kafka: 12/30 jars", "kafka: 24/30 jars", "kafka: 30/30 jars"]


def test_the_list_pins_each_jar_once() -> None:
    pinned = jars.pinned()
    assert len(pinned) == len({jar.filename for jar in pinned}) == 46
    assert all(len(jar.sha256) == 64 for jar in pinned)
