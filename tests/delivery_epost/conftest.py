"""The adapter, talking to the strict simulator over real HTTP."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from tests.delivery_epost.office import CountingPost, Office
from tests.delivery_epost.token_memory import MemoryTokenCache

import stack
from delivery_epost.adapters.epost_enrolment import EpostEnrolment
from delivery_epost.adapters.epost_http import EpostHttp
from delivery_epost.adapters.epost_session import Session, TokenLife
from delivery_epost.adapters.epost_wire import Limits, Wire, open_client
from delivery_epost.ports import Access, Token
from documents.store import DocumentStore
from documents.workshop import Workshop
from epost_simulator import running
from epost_simulator.accounts import Account
from epost_simulator.control import Control
from events.lease import Lease
from events.service import Blueprint, machinery
from events.settings import ServiceSettings
from events.testing.keys import random_keks
from events.testing.postgres import fresh_database

_numbers = count(1)


class WatchedTokens(MemoryTokenCache):
    """Tells how often somebody logged in."""

    def __init__(self) -> None:
        super().__init__()
        self.logins = 0

    async def save(self, ekp: str, token: Token) -> None:
        self.logins += 1
        await super().save(ekp, token)


@dataclass
class Desk:
    """The adapter with what belongs to it, and a clock of its own."""

    post: EpostHttp
    enrolment: EpostEnrolment
    tokens: WatchedTokens
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    folder = tmp_path_factory.mktemp("epost")
    with running(
        folder, status_spacing_s=0, test_result_spacing_s=0, health_spacing_s=0
    ) as control:
        yield control


def _registered(control: Control) -> Access:
    ekp = str(2_000_000_000 + next(_numbers))
    control.register(Account(ekp=ekp, vendor_id="77", password="passwort", secret="geheim"))
    return Access(ekp, "77", secret="geheim", password="passwort")


@pytest.fixture
def access(simulator: Control) -> Iterator[Access]:
    yield _registered(simulator)
    simulator.behave()


@pytest.fixture
def stranger(simulator: Control) -> Access:
    return _registered(simulator)


@pytest.fixture
async def desk_with(simulator: Control) -> AsyncIterator[Callable[..., Desk]]:
    """Return how to open a desk: `desk_with(limits, base_url=..., tokens=...)`.

    One that is impatient takes the tokens of another, so that only what it asks has to be quick.
    """
    async with AsyncExitStack() as clients:

        def open_desk(
            limits: Limits | None = None,
            base_url: str = simulator.base_url,
            tokens: WatchedTokens | None = None,
        ) -> Desk:
            limits = limits or Limits()
            client = open_client(base_url, limits)
            clients.push_async_callback(client.aclose)
            wire = Wire(client, limits)
            tokens = tokens or WatchedTokens()
            session = Session(wire, tokens, lambda: opened.now, TokenLife())
            opened = Desk(EpostHttp(session), EpostEnrolment(wire, session), tokens)
            return opened

        yield open_desk


@pytest.fixture
def desk(desk_with: Callable[..., Desk]) -> Desk:
    return desk_with()


@pytest.fixture
async def office(postgres: stack.PostgresServer, tmp_path: Path) -> AsyncIterator[Office]:
    with fresh_database(postgres.admin_url(), "delivery_epost") as urls:
        settings = ServiceSettings.model_validate(
            {
                "environment": "test",
                "database_url": urls.app,
                "machinery_database_url": urls.machinery,
                "migrator_database_url": urls.migrator,
                "kafka_bootstrap_servers": "",
                "keks": random_keks(),
            }
        )
        async with machinery(settings, Blueprint("delivery-epost")) as parts, Workshop() as shop:
            yield Office(parts, CountingPost(), DocumentStore.in_folder(tmp_path), shop)


@pytest.fixture
async def lease(office: Office) -> Lease:
    office.parts.leases._ttl_s = 3600.0  # a slow machine is no reason to lose it
    taken = await office.parts.leases.take("epost")
    assert taken is not None
    return taken
