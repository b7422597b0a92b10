"""A database is made and migrated as often as one likes, and its connections are given back."""

import asyncio
from uuid import uuid4

import psycopg
import pytest
from psycopg_pool import PoolTimeout

import stack
from events.database import TRANSIENT, Database
from events.migrate import migrate, migrations_of, prepare
from events.store.schema import APP, MACHINERY
from events.testing.postgres import Urls
from events.testing.postgres import urls as urls_of


def test_preparing_and_migrating_are_idempotent(postgres: stack.PostgresServer) -> None:
    admin, name = postgres.admin_url(), f"prepared_{uuid4().hex}"
    try:
        for _ in range(2):
            prepare(admin, name)
            migrate("contacts", urls_of(admin, name).migrator)
        with psycopg.connect(urls_of(admin, name).app) as connection:
            assert connection.execute("select count(*) from event").fetchone() == (0,)
            roles = connection.execute(
                "select rolname, rolsuper, rolbypassrls from pg_roles where rolname = any (%s)",
                ([APP, MACHINERY],),
            ).fetchall()
        assert sorted(roles) == [(APP, False, False), (MACHINERY, False, False)]
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"drop database {name} with (force)".encode())


def test_migrations_lie_beside_the_sources() -> None:
    assert (migrations_of("contacts") / "env.py").is_file()


async def test_an_error_gives_the_connection_back(urls: Urls) -> None:
    async def fail(database: Database) -> None:
        async with database.plain() as connection:
            await connection.execute("select 1 / 0")

    async with Database(urls.app, connections=1) as database:
        for _ in range(3):
            with pytest.raises(psycopg.errors.DivisionByZero):
                await fail(database)
        async with database.plain() as connection:
            assert await (await connection.execute("select 1")).fetchone() == (1,)


async def test_who_is_cancelled_gives_the_connection_back(urls: Urls) -> None:
    async with Database(urls.app, connections=1) as database:

        async def sleep() -> None:
            async with database.plain() as connection:
                await connection.execute("select pg_sleep(60)")

        for _ in range(2):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(sleep(), 0.2)
        async with database.plain() as connection:
            assert await (await connection.execute("select 1")).fetchone() == (1,)


async def test_waiting_for_a_connection_has_an_end_that_passes(
    urls: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.database._CONNECTION_WAIT_S", 0.05)
    async with Database(urls.app, connections=1) as database, database.plain():
        with pytest.raises(PoolTimeout) as caught:
            await asyncio.wait_for(database.plain().__aenter__(), 60)
    assert isinstance(caught.value, TRANSIENT)
