"""Servers that the environment names: used as they are, never started or stopped by us."""

import os
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlsplit

from stack.errors import NotOursError
from stack.servers import with_database

_DEFAULT_PORT = 5432


class _Named:
    @property
    def pid(self) -> None:
        return None

    def start(self) -> NoReturn:
        raise NotOursError("this server was named by the environment: start it yourself")

    def stop(self) -> NoReturn:
        raise NotOursError("this server was named by the environment: stop it yourself")

    def kill(self) -> NoReturn:
        raise NotOursError("this server was named by the environment: kill it yourself")


@dataclass(frozen=True)
class NamedPostgres(_Named):
    database_url: str

    @property
    def host(self) -> str:
        return urlsplit(self.database_url).hostname or "localhost"

    @property
    def port(self) -> int:
        return urlsplit(self.database_url).port or _DEFAULT_PORT

    def admin_url(self) -> str:
        return self.database_url

    def url(self, database: str, user: str | None = None, password: str | None = None) -> str:
        return with_database(self.database_url, database, user, password)


@dataclass(frozen=True)
class NamedKafka(_Named):
    bootstrap_servers: str


def named_postgres() -> NamedPostgres | None:
    found = os.environ.get("DATABASE_URL")
    return NamedPostgres(found) if found else None


def named_kafka() -> NamedKafka | None:
    found = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    return NamedKafka(found) if found else None
