"""Brings a service's database to its newest shape, with the service's own Alembic migrations."""

import importlib.util
from pathlib import Path
from threading import Lock

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql

from events.store.schema import APP, MACHINERY

_ROLES = (APP, MACHINERY)
_one_at_a_time = Lock()  # Alembic keeps what it is doing in globals.


def migrate(package: str, url: str) -> None:
    """Run the migrations of `package` on the database at `url`, in the owner's role; idempotent."""
    config = Config()
    config.set_main_option("script_location", str(migrations_of(package)))
    config.attributes["url"] = url.replace("postgresql://", "postgresql+psycopg://", 1)
    with _one_at_a_time:
        command.upgrade(config, "head")


def migrations_of(package: str) -> Path:
    """The folder of a package's migrations: beside its sources, or inside when installed."""
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.origin is not None  # noqa: PT018 - one fact
    home = Path(spec.origin).parent
    inside = home / "migrations"
    return inside if inside.is_dir() else home.parents[1] / "migrations"


def prepare(admin_url: str, database: str) -> None:
    """Make the database and the two roles of the services, where they are missing.

    For local servers only: elsewhere the operators' manifests make them.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for role in _ROLES:
            _make(connection, sql.SQL("create role {} login").format(sql.Identifier(role)))
        _make(connection, sql.SQL("create database {}").format(sql.Identifier(database)))


def _make(connection: psycopg.Connection, statement: sql.Composed) -> None:
    try:
        connection.execute(statement)
    except (psycopg.errors.DuplicateObject, psycopg.errors.DuplicateDatabase):
        return
    except psycopg.errors.UniqueViolation:
        return  # Somebody else made it at this very moment.
