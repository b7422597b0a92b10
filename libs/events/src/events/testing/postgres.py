"""A database of its own for each test, copied from a template that was migrated once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg import sql

from events.migrate import migrate, prepare
from events.store.schema import APP, MACHINERY, machinery_tables

_ready: set[tuple[str, str]] = set()


@dataclass(frozen=True, slots=True)
class Urls:
    """One database in its three roles."""

    app: str
    machinery: str
    migrator: str


def urls(admin_url: str, database: str) -> Urls:
    """The three URLs of a database on the server of `admin_url`."""
    return Urls(
        app=_url(admin_url, database, APP),
        machinery=_url(admin_url, database, MACHINERY),
        migrator=_url(admin_url, database, None),
    )


@contextmanager
def fresh_database(admin_url: str, package: str | None = None) -> Iterator[Urls]:
    """A database with the tables of `package`, or with the machinery's alone; dropped after."""
    template = f"template_{package or 'machinery'}"
    if (admin_url, template) not in _ready:
        _make_template(admin_url, template, package)
        _ready.add((admin_url, template))
    name = f"test_{uuid4().hex}"
    with psycopg.connect(admin_url, autocommit=True) as connection:
        made = sql.SQL("create database {} template {} strategy file_copy")
        connection.execute(made.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield urls(admin_url, name)
        finally:
            gone = sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
            connection.execute(gone)


def _make_template(admin_url: str, template: str, package: str | None) -> None:
    with psycopg.connect(admin_url, autocommit=True) as connection:
        gone = sql.SQL("drop database if exists {}").format(sql.Identifier(template))
        connection.execute(gone)
    prepare(admin_url, template)
    url = _url(admin_url, template, None)
    if package is not None:
        migrate(package, url)
        return
    with psycopg.connect(url) as connection:
        for statement in machinery_tables():
            connection.execute(statement.encode())


def _url(admin_url: str, database: str, role: str | None) -> str:
    parts = urlsplit(admin_url)
    place = parts.netloc.rpartition("@")[2]
    netloc = parts.netloc if role is None else f"{role}@{place}"
    return urlunsplit(parts._replace(netloc=netloc, path=f"/{database}"))
