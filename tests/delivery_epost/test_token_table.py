"""One login serves all processes, and its token lies encrypted in the database."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import psycopg
import pytest

import stack
from delivery_epost.adapters.token_table import TableTokenCache
from delivery_epost.ports import Token
from events.database import Database
from events.testing.postgres import Urls, fresh_database

EKP = "5012345678"
KEY, OTHER_KEY = b"k" * 32, b"o" * 32
TOKEN = Token("eyJhbGciOi-a-real-token", datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


@pytest.fixture
async def place(postgres: stack.PostgresServer) -> AsyncIterator[tuple[Database, Urls]]:
    with fresh_database(postgres.admin_url(), "delivery_epost") as urls:
        async with Database(urls.app) as database:
            yield database, urls


@pytest.mark.spec("EPO-09")
async def test_a_token_is_shared_and_never_lies_in_clear(place: tuple[Database, Urls]) -> None:
    database, urls = place
    await TableTokenCache(database, KEY).save(EKP, TOKEN)
    await TableTokenCache(database, KEY).save(EKP, TOKEN)

    assert await TableTokenCache(database, KEY).load(EKP) == TOKEN
    with psycopg.connect(urls.migrator) as connection:
        ((row,),) = connection.execute("select t::text from epost_token t").fetchall()
    assert TOKEN.value.encode().hex() not in row
    assert TOKEN.value not in row


async def test_a_token_under_another_key_or_customer_counts_as_none(
    place: tuple[Database, Urls],
) -> None:
    database, _ = place
    await TableTokenCache(database, KEY).save(EKP, TOKEN)

    assert await TableTokenCache(database, OTHER_KEY).load(EKP) is None
    assert await TableTokenCache(database, KEY).load("5099999999") is None
