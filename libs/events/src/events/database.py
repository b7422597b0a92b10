"""Connections to a service's own database, each transaction bound to the mandants it names."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Self
from uuid import UUID

import psycopg
from psycopg_pool import AsyncConnectionPool

from events.adapters import ADAPTERS

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

# A transaction that hangs must not hold stream locks for longer than a retry takes.
_LIMITS = (
    "-c idle_in_transaction_session_timeout=15s -c statement_timeout=30s -c lock_timeout=5s"
    " -c jit=off"
)

_CONNECTION_WAIT_S = 10.0

TRANSIENT = (psycopg.OperationalError, psycopg.InterfaceError)
"""Errors of the connection, of resources, of serialisation or shutdown: the same may work later."""

NOT_TRANSIENT = (
    psycopg.errors.ProgramLimitExceeded,
    psycopg.errors.StatementTooComplex,
    psycopg.errors.TooManyColumns,
    psycopg.errors.TooManyArguments,
)
"""Operational by name, but about what is written: larger than an index entry, say. Ask first."""


class Database:
    """A pool of connections in one role. Open it as an async context manager."""

    def __init__(self, url: str, *, connections: int = 8) -> None:
        self.url = url
        self._pool = AsyncConnectionPool[Connection](
            url,
            min_size=1,
            max_size=connections,
            open=False,
            timeout=_CONNECTION_WAIT_S,
            kwargs={"autocommit": True, "options": _LIMITS, "context": ADAPTERS},
        )

    async def __aenter__(self) -> Self:
        await self._pool.open(wait=True, timeout=30)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def working(self, mandants: Iterable[UUID]) -> AsyncIterator[Connection]:
        """One READ COMMITTED transaction that sees the rows of these mandants and no others."""
        async with self._pool.connection() as connection, connection.transaction():
            await see(connection, mandants)
            yield connection

    @asynccontextmanager
    async def plain(self) -> AsyncIterator[Connection]:
        """One transaction over the machinery's own tables; of mandants' rows it sees none."""
        async with self._pool.connection() as connection, connection.transaction():
            yield connection


async def see(connection: Connection, mandants: Iterable[UUID]) -> None:
    """Name the mandants that this transaction works for."""
    named = ",".join(sorted(str(mandant) for mandant in set(mandants)))
    await connection.execute("select set_config('app.mandants', %s, true)", (named,))
