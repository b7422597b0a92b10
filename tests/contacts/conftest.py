"""The address book on real servers, with a database of its own for each test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from cryptography.fernet import Fernet
from fastapi import FastAPI

import stack
from contacts.settings import ContactsSettings
from contacts.wiring import app, blueprint
from events.service import Machinery, machinery
from events.testing.keys import random_keks
from events.testing.postgres import Urls, fresh_database
from web.auth import DEVELOPMENT_ISSUER, Role
from web.environment import Environment
from web.issuer import AUDIENCE, DevelopmentIssuer
from web.keys import StaticKeys


@pytest.fixture
def database(servers: stack.Servers) -> Iterator[Urls]:
    with fresh_database(servers.postgres.admin_url(), "contacts") as urls:
        yield urls


@pytest.fixture
def settings(servers: stack.Servers, database: Urls) -> ContactsSettings:
    return ContactsSettings.model_validate(
        {
            "environment": "test",
            "database_url": database.app,
            "machinery_database_url": database.machinery,
            "migrator_database_url": database.migrator,
            "kafka_bootstrap_servers": servers.kafka.bootstrap_servers,
            "keks": random_keks(),
            "token_issuer": DEVELOPMENT_ISSUER,
            "token_audience": AUDIENCE,
            "token_keys_url": "http://127.0.0.1/.well-known/jwks.json",
            "cursor_keys": Fernet.generate_key().decode(),
        }
    )


@pytest.fixture
async def parts(settings: ContactsSettings) -> AsyncIterator[Machinery]:
    async with machinery(settings, blueprint(settings)) as running:
        yield running


@pytest.fixture
def issuer(tmp_path: Path) -> DevelopmentIssuer:
    return DevelopmentIssuer(tmp_path, environment=Environment.TEST)


@pytest.fixture
def api(settings: ContactsSettings, parts: Machinery, issuer: DevelopmentIssuer) -> FastAPI:
    return app(settings, parts, StaticKeys(issuer.jwks()))


@pytest.fixture
def mandant() -> UUID:
    return uuid4()


@pytest.fixture
async def clerk(
    api: FastAPI, issuer: DevelopmentIssuer, mandant: UUID
) -> AsyncIterator[httpx.AsyncClient]:
    """A clerk of the mandant at the API."""
    async with _client(api, issuer.token(mandant, "clerk-1", [Role.CLERK])) as client:
        yield client


@pytest.fixture
async def stranger(api: FastAPI, issuer: DevelopmentIssuer) -> AsyncIterator[httpx.AsyncClient]:
    """A clerk of another mandant at the same API."""
    async with _client(api, issuer.token(uuid4(), "clerk-2", [Role.CLERK])) as client:
        yield client


def _client(api: FastAPI, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(api),
        base_url="http://contacts",
        headers={"Authorization": f"Bearer {token}"},
    )
