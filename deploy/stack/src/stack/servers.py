"""What users of the stack see: two servers that can be asked, stopped, killed and started."""

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlsplit, urlunsplit


class Server(Protocol):
    @property
    def pid(self) -> int | None:
        """The server's process (for PostgreSQL its postmaster); None while it does not run."""

    def start(self) -> None:
        """Starts it on the same port and data and waits until it serves; idempotent."""

    def stop(self) -> None:
        """Orderly, within a bounded time; idempotent."""

    def kill(self) -> None:
        """SIGKILL, as a power cut would: nothing is flushed; idempotent."""


class OwnServer(Server, Protocol):
    def close(self) -> None:
        """Stops it for good and frees what it holds outside its folder; idempotent."""


class PostgresServer(Server, Protocol):
    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...

    def admin_url(self) -> str:
        """The superuser's libpq URL, for the database `postgres`."""

    def url(self, database: str, user: str | None = None, password: str | None = None) -> str:
        """A libpq URL; without `user` the superuser's. Our own servers need no password."""


class KafkaServer(Server, Protocol):
    @property
    def bootstrap_servers(self) -> str: ...


@dataclass(frozen=True)
class Servers:
    """The servers that were asked for; to touch another is a mistake of the caller."""

    postgres_server: PostgresServer | None
    kafka_server: KafkaServer | None

    @property
    def postgres(self) -> PostgresServer:
        assert self.postgres_server is not None, "started with postgres=False"
        return self.postgres_server

    @property
    def kafka(self) -> KafkaServer:
        assert self.kafka_server is not None, "started with kafka=False"
        return self.kafka_server

    def environment(self) -> dict[str, str]:
        """The variables by which another process finds these servers."""
        found = {}
        if self.kafka_server is not None:
            found["KAFKA_BOOTSTRAP_SERVERS"] = self.kafka_server.bootstrap_servers
        if self.postgres_server is not None:
            found["DATABASE_URL"] = self.postgres_server.admin_url()
        return found


def with_database(
    admin_url: str, database: str, user: str | None = None, password: str | None = None
) -> str:
    """`admin_url` for another database and, where `user` is given, another user."""
    parts = urlsplit(admin_url)
    login, _, address = parts.netloc.rpartition("@")
    if user is not None:
        login = quote(user, safe="")
        if password is not None:
            login += ":" + quote(password, safe="")
    netloc = f"{login}@{address}" if login else address
    return urlunsplit(parts._replace(netloc=netloc, path="/" + quote(database, safe="")))
