"""The outbox on a real PostgreSQL, with a database and a document store for each test."""

import base64
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from cryptography.fernet import Fernet
from fastapi import FastAPI
from tests.outbox.neighbours import Neighbours
from tests.outbox.office import Office

import stack
from documents.store import DocumentStore
from documents.workshop import Workshop
from events.service import Machinery, machinery
from events.testing.postgres import Urls, fresh_database
from outbox.settings import OutboxSettings
from outbox.wiring import Outbox, blueprint
from web.auth import DEVELOPMENT_ISSUER, Role
from web.environment import Environment
from web.issuer import AUDIENCE, DevelopmentIssuer
from web.keys import StaticKeys

NO_KAFKA = "127.0.0.1:1"

Clients = Callable[..., httpx.AsyncClient]


def _kek(category: str) -> str:
    return f"{category}:k1:{base64.b64encode(os.urandom(32)).decode()}"


@pytest.fixture
def database(postgres: stack.PostgresServer) -> Iterator[Urls]:
    with fresh_database(postgres.admin_url(), "outbox") as urls:
        yield urls


@pytest.fixture
def bootstrap_servers() -> str:
    """No Kafka: most tests bring the records themselves."""
    return NO_KAFKA


@pytest.fixture
def settings(database: Urls, bootstrap_servers: str, tmp_path: Path) -> OutboxSettings:
    return OutboxSettings.model_validate(
        {
            "environment": "test",
            "database_url": database.app,
            "machinery_database_url": database.machinery,
            "migrator_database_url": database.migrator,
            "kafka_bootstrap_servers": bootstrap_servers,
            "keks": " ".join(map(_kek, ("identity", "communication", "notes"))),
            "token_issuer": DEVELOPMENT_ISSUER,
            "token_audience": AUDIENCE,
            "token_keys_url": "http://127.0.0.1/.well-known/jwks.json",
            "cursor_keys": Fernet.generate_key().decode(),
            "documents_url": f"file://{tmp_path / 'documents'}",
        }
    )


@pytest.fixture
async def parts(settings: OutboxSettings) -> AsyncIterator[Machinery]:
    async with machinery(settings, blueprint(settings)) as running:
        yield running


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    async with Workshop(workers=1) as running:
        yield running


@pytest.fixture
async def outbox(settings: OutboxSettings, parts: Machinery, workshop: Workshop) -> Outbox:
    return Outbox(settings, parts, DocumentStore.at_url(settings.documents_url), workshop)


@pytest.fixture
def issuer(tmp_path: Path) -> DevelopmentIssuer:
    return DevelopmentIssuer(tmp_path / "issuer", environment=Environment.TEST)


@pytest.fixture
def api(outbox: Outbox, issuer: DevelopmentIssuer) -> FastAPI:
    return outbox.app(StaticKeys(issuer.jwks()))


@pytest.fixture
def mandant() -> UUID:
    return uuid4()


@pytest.fixture
def neighbours(settings: OutboxSettings, parts: Machinery, mandant: UUID) -> Neighbours:
    return Neighbours(parts, settings.keyring(), mandant)


@pytest.fixture
async def clients(api: FastAPI, issuer: DevelopmentIssuer) -> AsyncIterator[Clients]:
    """Makes clients at the API, each with a token of its own."""
    opened = []

    def client(
        mandant: UUID, *roles: Role, user: str = "anna", at: FastAPI = api
    ) -> httpx.AsyncClient:
        token = issuer.token(mandant, user, roles)
        made = httpx.AsyncClient(
            transport=httpx.ASGITransport(at),
            base_url="http://outbox",
            headers={"Authorization": f"Bearer {token}"},
        )
        opened.append(made)
        return made

    yield client
    for each in opened:
        await each.aclose()


@pytest.fixture
def clerk(clients: Clients, mandant: UUID) -> httpx.AsyncClient:
    return clients(mandant, Role.CLERK)


@pytest.fixture
def admin(clients: Clients, mandant: UUID) -> httpx.AsyncClient:
    return clients(mandant, Role.ADMIN, user="chefin")


@pytest.fixture
def stranger(clients: Clients) -> httpx.AsyncClient:
    """A clerk and admin of another mandant at the same API."""
    return clients(uuid4(), Role.CLERK, Role.ADMIN, user="otto")


@pytest.fixture
def office(
    outbox: Outbox, clerk: httpx.AsyncClient, admin: httpx.AsyncClient, neighbours: Neighbours
) -> Office:
    return Office(outbox, clerk, admin, neighbours)
