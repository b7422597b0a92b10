"""The official AsyncAPI parser, which is an npm package: installed on first use, then cached."""

import hashlib
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path

from language.parser.node import Node, ParserError, Report, find

__all__ = ["ParserError", "errors"]

_FILES = ("package.json", "package-lock.json", ".npmrc", "check.mjs")


def errors(document: Path, cache: Path, report: Report) -> list[str]:
    """What the parser has against an AsyncAPI document; empty when it is valid.

    Raises `ParserError` where the parser cannot be had or does not run.
    """
    node = find(cache, report)
    home = _installed(node, cache, report)
    done = node.run(home / "check.mjs", document.absolute(), folder=home)
    found = done.stdout.splitlines()
    if (done.returncode != 0) != bool(found):
        raise ParserError(f"the AsyncAPI parser fails: {done.stderr.strip()}")
    return found


def _installed(node: Node, cache: Path, report: Report) -> Path:
    """The folder with the parser in it, as the lock file says; made in one step."""
    ours = {name: files(__name__).joinpath(name).read_bytes() for name in _FILES}
    digest = hashlib.sha256(b"\0".join(ours.values())).hexdigest()
    home = cache / f"asyncapi-{digest[:16]}"
    if home.exists():
        return home
    report("asyncapi: fetching the official parser")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".") as temporary:
        folder = Path(temporary, "parser")
        folder.mkdir()
        for name, content in ours.items():
            (folder / name).write_bytes(content)
        done = node.npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=folder)
        if done.returncode != 0:
            raise ParserError(f"the AsyncAPI parser cannot be had: {_last(done)}")
        try:
            folder.rename(home)
        except OSError:  # another process was quicker
            if not home.exists():
                raise
    return home


def _last(done: "subprocess.CompletedProcess[str]") -> str:
    return (done.stderr.strip().splitlines() or ["npm said nothing"])[-1]
