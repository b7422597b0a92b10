"""A real SMTP server, and a mail channel at it whose steps a test takes itself."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from tests.delivery_mail.office import Opened

import stack
from events.testing.postgres import fresh_database
from smtp_simulator import RunningServer, running


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running(tmp_path_factory.mktemp("mail") / "mails") as server:
        yield server


@pytest.fixture
def server(simulator: RunningServer) -> RunningServer:
    simulator.control.reset()
    return simulator


@pytest.fixture
async def opened(
    postgres: stack.PostgresServer, server: RunningServer, tmp_path: Path
) -> AsyncIterator[Opened]:
    with fresh_database(postgres.admin_url(), "delivery_mail") as database:
        async with AsyncExitStack() as offices:
            yield Opened(database, server, tmp_path, offices)
