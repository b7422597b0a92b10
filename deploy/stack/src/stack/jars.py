"""Kafka's jars: pinned by SHA-256, fetched once, verified each time before they run."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from stack.errors import ChecksumMismatchError, StackError

Fetch = Callable[[str], bytes]
Report = Callable[[str], None]

_THREADS = 8
_REPORT_EVERY = 12
_TIMEOUT_S = 60
_ATTEMPTS = 3


@dataclass(frozen=True)
class Jar:
    """`coordinates` are group:artifact:version."""

    coordinates: str
    sha256: str

    @property
    def filename(self) -> str:
        _, artifact, version = self.coordinates.split(":")
        return f"{artifact}-{version}.jar"

    def matches(self, content: bytes) -> bool:
        return hashlib.sha256(content).hexdigest() == self.sha256


def pinned() -> tuple[Jar, ...]:
    lines = files("stack").joinpath("kafka-jars.txt").read_text().splitlines()
    return tuple(Jar(*line.split()) for line in lines)


def from_repository(coordinates: str) -> bytes:
    """The jar's bytes from where maven-artifact knows it to lie; raises StackError."""
    import requests
    from maven_artifact import Artifact, Downloader

    downloader = Downloader()
    address = downloader.resolver.uri_for_artifact(Artifact.parse(coordinates))
    for _ in range(_ATTEMPTS):
        try:
            answer = downloader.requestor.request(address, None, timeout=_TIMEOUT_S)
        except requests.RequestException as error:
            failure = error
        else:
            return bytes(answer.content)
    raise StackError(f"kafka: {coordinates} cannot be fetched: {failure}")


def ensure(
    jars: Sequence[Jar], folder: Path, report: Report, fetch: Fetch = from_repository
) -> list[Path]:
    """All jars in `folder`, verified, in the given order; fetches the missing ones.

    Safe with other processes doing the same: files appear whole, under their final name.
    Raises ChecksumMismatchError when a fetched jar is not the pinned one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(_THREADS) as pool:
        present = list(pool.map(lambda jar: _is_cached(jar, folder), jars))
        missing = [jar for jar, there in zip(jars, present, strict=True) if not there]
        running = [pool.submit(_fetch_one, jar, folder, fetch) for jar in missing]
        try:
            for done, future in enumerate(as_completed(running), len(jars) - len(missing) + 1):
                future.result()
                if done % _REPORT_EVERY == 0 or done == len(jars):
                    report(f"kafka: {done}/{len(jars)} jars")
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return [folder / jar.filename for jar in jars]


def _is_cached(jar: Jar, folder: Path) -> bool:
    try:
        return jar.matches((folder / jar.filename).read_bytes())
    except FileNotFoundError:
        return False


def _fetch_one(jar: Jar, folder: Path, fetch: Fetch) -> None:
    content = fetch(jar.coordinates)
    if not jar.matches(content):
        raise ChecksumMismatchError(f"kafka: {jar.coordinates} is not the pinned file, refused")
    handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        part.replace(folder / jar.filename)
    finally:
        part.unlink(missing_ok=True)
