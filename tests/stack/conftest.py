"""One throw-away stack for all tests of this folder, and folders that its servers may enter."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import stack


@pytest.fixture(scope="session", autouse=True)
def _unnamed() -> Iterator[None]:
    """Here the servers are our own, whatever the environment names."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL", "STACK"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def servers(_unnamed: None) -> Iterator[stack.Servers]:
    with stack.running() as found:
        yield found


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="hausbote-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
