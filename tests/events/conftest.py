"""A database with the machinery's tables for each test, and keys to seal with."""

from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from tests.events.hearing import Listener

import stack
from events.database import Database
from events.keyring import Keyring
from events.testing.keys import random_keks
from events.testing.postgres import Urls, fresh_database


@pytest.fixture
def urls(postgres: stack.PostgresServer) -> Iterator[Urls]:
    with fresh_database(postgres.admin_url()) as urls:
        yield urls


@pytest.fixture
def owner(urls: Urls) -> Iterator[psycopg.Connection]:
    """Sees and may do everything."""
    with psycopg.connect(urls.migrator, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def app(urls: Urls) -> AsyncIterator[Database]:
    async with Database(urls.app) as database:
        yield database


@pytest.fixture
async def own(urls: Urls) -> AsyncIterator[Database]:
    """The database in the machinery's role."""
    async with Database(urls.machinery) as database:
        yield database


@pytest.fixture
def keks() -> str:
    return random_keks()


@pytest.fixture
def keyring(keks: str) -> Keyring:
    return Keyring.from_text(keks)


@pytest.fixture
def listener(app: Database, own: Database, keyring: Keyring, owner: psycopg.Connection) -> Listener:
    return Listener(app, own, keyring, owner)
