"""One world for all tests of this folder; each leaves it as it found it."""

from collections.abc import Iterator

import pytest
from tests.faults.world import World, world


@pytest.fixture(scope="package")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("faults")) as running:
        yield running
