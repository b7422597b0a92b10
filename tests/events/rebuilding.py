"""A ledger in a database whose owner is nobody special, and what a rebuild must come to."""

import asyncio
import json
import random
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from tests.events.ledger import MANDANT, STRANGER, Count, Note, executor, order
from tests.events.tallying import BLUEPRINT, READ_MODELS, make_tables, project, settings_of

from events.commands import Commands
from events.database import Database
from events.ids import new_id
from events.keyring import Keyring
from events.migrate import prepare
from events.operator.rebuild import TOOL, rebuilding
from events.operator.tool import Site
from events.rebuild.run import Progress, Rebuild
from events.store.postgres import PostgresStore
from events.store.schema import machinery_tables
from events.testing.postgres import Urls, urls

OWNER = "rebuild_owner"


@contextmanager
def owned_database(admin_url: str) -> Iterator[Urls]:
    """A database whose tables belong to a role that isolation binds, as in production."""
    name = f"test_{uuid4().hex}"
    prepare(admin_url, name)
    parts = urlsplit(urls(admin_url, name).app)
    netloc = parts.netloc.replace(parts.username or "", OWNER, 1)
    made = replace(urls(admin_url, name), migrator=urlunsplit(parts._replace(netloc=netloc)))
    database, owner = sql.Identifier(name), sql.Identifier(OWNER)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        if admin.execute("select from pg_roles where rolname = %s", (OWNER,)).rowcount == 0:
            admin.execute(sql.SQL("create role {} login").format(owner))
        admin.execute(sql.SQL("alter database {} owner to {}").format(database, owner))
        try:
            with psycopg.connect(made.migrator) as connection:
                for statement in machinery_tables():
                    connection.execute(statement.encode())
            make_tables(made)
            yield made
        finally:
            admin.execute(sql.SQL("drop database {} with (force)").format(database))


@dataclass
class House:
    """A service with a log, writers, and somebody who sees everything."""

    urls: Urls
    keks: str
    admin_url: str
    commands: Commands
    streams: list[tuple[UUID, UUID]] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(4))  # noqa: S311 - a repeatable story

    def site(self, **changed: Any) -> Site:
        return Site(settings_of(self.urls, self.keks), replace(BLUEPRINT, **changed))

    async def rebuild(self, *tables: str, compare: bool = False, abandon: bool = False) -> int:
        """Use the tool; returns its exit status."""
        return await self.use(self.site(), *tables, compare=compare, abandon=abandon)

    async def use(
        self, site: Site, *tables: str, compare: bool = False, abandon: bool = False
    ) -> int:
        chosen = Namespace(table=list(tables), compare=compare, abandon=abandon)
        return await TOOL.run(site, chosen)

    @asynccontextmanager
    async def opened(
        self, told: list[Progress] | None = None, **changed: Any
    ) -> AsyncIterator[Rebuild]:
        """A rebuild step by step; leaving it is like being killed there."""
        report = (lambda _: None) if told is None else told.append
        async with rebuilding(self.site(**changed), report) as rebuild:
            yield rebuild

    async def write(self, orders: int, *, new: float = 0.3) -> None:
        """So many facts of two mandants, most of them in streams that there are already."""
        for start in range(0, orders, 100):
            batch = []
            for _ in range(min(100, orders - start)):
                if not self.streams or self.chance.random() < new:
                    self.streams.append((new_id(), self.chance.choice((MANDANT, STRANGER))))
                stream, mandant = self.chance.choice(self.streams)
                command = Count() if self.chance.random() < 0.8 else Note(new_id(), "Groß")
                batch.append(order(command, stream, mandant))
            await self.commands.run(batch)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What stands in the database, seen past all isolation."""
        with psycopg.connect(self.admin_url) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def change(self, statement: str, *values: object) -> None:
        with psycopg.connect(self.admin_url) as connection:
            connection.execute(statement.encode(), values or None)

    def contents(self) -> dict[str, set[str]]:
        return {
            table: {row for (row,) in self.rows(f"select t::text from {table} t")}  # noqa: S608 - our own table names
            for table in READ_MODELS
        }

    def check(self) -> None:
        """The read models are what the log says, and nothing of a rebuild is left."""
        counted = self.rows("select mandant, count(*) from event group by 1")
        assert set(self.rows("select mandant, events from tally")) == set(counted)
        newest = self.rows("select stream, mandant, max(version) from event group by 1, 2")
        assert set(self.rows("select stream, mandant, version from ledger")) == set(newest)
        sums = (
            "select stream, (array_agg((data->>'number')::int order by version desc)"
            " filter (where type = 'ledger.counted'))[1] from event group by 1"
        )
        count = {stream: number or 0 for stream, number in self.rows(sums)}
        assert dict(self.rows("select stream, count from ledger")) == count
        assert self.left_over() == []

    def left_over(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "select nspname::text from pg_namespace where nspname like 'rebuil%%'"
            " union all select tgname::text from pg_trigger where tgname like 'rebuil%%'"
            " union all select proname::text from pg_proc where proname like 'note%%'"
        )


@asynccontextmanager
async def a_house(admin_url: str, keks: str) -> AsyncIterator[House]:
    with owned_database(admin_url) as made:
        async with Database(made.app) as app:
            running = executor(Keyring.from_text(keks), project=project)
            commands = Commands(PostgresStore(app), running)
            name = urlsplit(made.app).path
            seen = urlunsplit(urlsplit(admin_url)._replace(path=name))
            async with commands.running():
                yield House(made, keks, seen, commands)


async def program(house: House, *arguments: str) -> asyncio.subprocess.Process:
    """`rebuild` as a process of its own."""
    settings = settings_of(house.urls, house.keks).model_dump(mode="json")
    urls_and_keys = {
        "database_url": house.urls.app,
        "machinery_database_url": house.urls.machinery,
        "migrator_database_url": house.urls.migrator,
        "keks": house.keks,
    }
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.events.tallying", "rebuild", *arguments),
        json.dumps(settings | urls_and_keys),
        stderr=asyncio.subprocess.PIPE,
    )
