"""The ledger with read models, as a program: `python -m tests.events.tallying rebuild`.

`ledger` shows each stream, `tally` counts the events of a mandant (told twice, it is wrong),
`person` shows names, and `errand` is something to do about each stream.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from uuid import UUID

import psycopg
from tests.events.ledger import LEDGER, Ledger, Noted, Remembered

from events import process
from events.database import Connection
from events.operator import rebuild
from events.operator.tool import Site
from events.personal import KeyId
from events.rebuild import run
from events.service import Blueprint, ReadModel
from events.settings import ServiceSettings
from events.store.schema import APP, isolate
from events.stream import Change
from events.testing.postgres import Urls

READ_MODELS = ("ledger", "person", "tally")
NO_KAFKA = "127.0.0.1:1"

_TABLES = f"""
create table ledger (
    stream uuid primary key, mandant uuid not null, version int not null,
    count int not null check (count >= 0)
);
create index by_count on ledger (mandant, count desc) where count > 0;
create table person (
    person uuid, mandant uuid, name text not null, constraint whose primary key (person, mandant)
);
create table tally (mandant uuid primary key, events bigint not null default 0);
alter table tally set (autovacuum_vacuum_scale_factor = 0, fillfactor = 80);
create table errand (stream uuid primary key);
grant select, insert on errand to {APP};
"""
_SAVE = """
insert into ledger as old
select * from unnest(%s::uuid[], %s::uuid[], %s::int[], %s::int[]) as new (s, m, v, c) order by s
on conflict (stream) do update set version = excluded.version, count = excluded.count
where old.version < excluded.version
"""
_NAME = """
insert into person select * from unnest(%s::uuid[], %s::uuid[], %s::text[]) order by 1, 2
on conflict (person, mandant) do update set name = excluded.name
"""
_COUNT = """
insert into tally as old select * from unnest(%s::uuid[], %s::bigint[]) order by 1
on conflict (mandant) do update set events = old.events + excluded.events
"""
_TO_DO = "insert into errand select s from unnest(%s::uuid[]) s order by s on conflict do nothing"


async def project(connection: Connection, changes: Sequence[Change]) -> None:
    rows = [_row(change) for change in changes]
    await connection.execute(_SAVE, [list(column) for column in zip(*rows, strict=True)])
    names = {
        (each.event.person, change.mandant): each.event.name
        for change in changes
        for each in change.recorded
        if isinstance(each.event, Noted | Remembered) and each.event.name is not None
    }
    persons = [person for person, _ in names]
    mandants = [mandant for _, mandant in names]
    await connection.execute(_NAME, (persons, mandants, list(names.values())))
    events = Counter[UUID]()
    for change in changes:
        events[change.mandant] += len(change.recorded)
    await connection.execute(_COUNT, (list(events), list(events.values())))
    await connection.execute(_TO_DO, ([change.stream for change in changes],))


def _row(change: Change) -> tuple[UUID, UUID, int, int]:
    assert isinstance(change.after, Ledger)
    return change.stream, change.mandant, change.recorded[-1].version, change.after.count


async def erase(connection: Connection, mandant: UUID, key: KeyId) -> Collection[KeyId]:
    """Forget a person's name, whatever the category."""
    about = (mandant, key.subject)
    await connection.execute("delete from person where mandant = %s and person = %s", about)
    return ()


def make_tables(urls: Urls) -> None:
    """The read models of the ledger, beside the machinery's tables."""
    with psycopg.connect(urls.migrator) as connection:
        isolation = (statement for table in READ_MODELS for statement in isolate(table))
        for statement in (_TABLES, *isolation):
            connection.execute(statement.encode())


def settings_of(urls: Urls, keks: str) -> ServiceSettings:
    return ServiceSettings.model_validate(
        {
            "environment": "test",
            "database_url": urls.app,
            "machinery_database_url": urls.machinery,
            "migrator_database_url": urls.migrator,
            "kafka_bootstrap_servers": NO_KAFKA,
            "keks": keks,
        }
    )


BLUEPRINT = Blueprint(
    source="ledger",
    kinds=(LEDGER,),
    project=project,
    read_models=tuple(map(ReadModel, READ_MODELS)),
    effects=("errand",),
    erase=erase,
)


async def _use(site: Site, chosen: argparse.Namespace) -> None:
    sys.exit(await rebuild.TOOL.run(site, chosen))


if __name__ == "__main__":
    run.PAGE_EVENTS = 200  # Many pages, so that there are many places to be killed at.
    chosen = process.command_line([]).parse_args(sys.argv[1:-1])
    site = Site(ServiceSettings.model_validate(json.loads(sys.argv[-1])), BLUEPRINT)
    process.run(_use(site, chosen))
