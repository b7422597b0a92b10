"""Both stores of events pass the one suite."""

from collections.abc import Sequence

import ormsgpack
import psycopg
import pytest

from events.database import Database
from events.personal import KeyId
from events.store import ForeignMandantError, Record, Store
from events.store.memory import MemoryStore
from events.store.postgres import PostgresStore
from events.testing.postgres import Urls
from events.testing.store_suite import MANDANT, NOON, StoreSuite


class TestMemoryStore(StoreSuite):
    refusals = (ForeignMandantError,)

    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()

    async def erase(self, store: Store, erased: KeyId) -> None:
        assert isinstance(store, MemoryStore)
        store.erase(erased)

    async def relayed(self, store: Store) -> Sequence[Record]:
        assert isinstance(store, MemoryStore)
        return list(store.records)


class TestPostgresStore(StoreSuite):
    refusals = (psycopg.errors.InsufficientPrivilege,)

    @pytest.fixture(autouse=True)
    def _places(self, urls: Urls) -> None:
        self.urls = urls

    @pytest.fixture
    def store(self, app: Database) -> Store:
        return PostgresStore(app)

    async def erase(self, store: Store, erased: KeyId) -> None:
        assert isinstance(store, PostgresStore)
        async with await psycopg.AsyncConnection.connect(self.urls.migrator) as connection:
            await connection.execute(
                "delete from subject_key where subject = %s and category = %s", erased
            )
            await connection.execute(
                "insert into erasure_fence values (%s, %s, %s, null, %s)",
                (MANDANT, *erased, NOON),
            )

    async def relayed(self, store: Store) -> Sequence[Record]:
        assert isinstance(store, PostgresStore)
        async with await psycopg.AsyncConnection.connect(self.urls.migrator) as connection:
            rows = await connection.execute(
                "select topic, key, headers, value from relay order by seq"
            )
            return [
                Record(topic, key, tuple((n, v) for n, v in ormsgpack.unpackb(headers)), value)
                for topic, key, headers, value in await rows.fetchall()
            ]
