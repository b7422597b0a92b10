"""One throw-away stack for all tests of this folder, and folders that its servers may enter."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import stack


def _forget_names(patch: pytest.MonkeyPatch) -> None:
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL", "STACK"):
        patch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _unnamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the servers are our own, whatever the environment names."""
    _forget_names(monkeypatch)


@pytest.fixture(scope="session")
def servers() -> Iterator[stack.Servers]:
    with ExitStack() as ends:
        with pytest.MonkeyPatch.context() as patch:
            _forget_names(patch)
            found = ends.enter_context(stack.running())
        yield found


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="hausbote-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
