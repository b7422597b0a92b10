"""Idempotency keys in PostgreSQL, shared by all processes of a service."""

import hashlib
from typing import Any

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from events.database import Database
from web.idempotency.store import (
    TAKE_OVER_AFTER_S,
    Answer,
    Answered,
    Claimed,
    ClaimResult,
    Different,
    InProgress,
    KeyedRequest,
)

# One statement, so that of two requests at once exactly one gets the row. Another request under
# the same key never takes over: its hash differs.
_CLAIM = """
insert into idempotency (mandant, route, key, request_hash, claimed_at)
values (%(mandant)s, %(route)s, %(key)s, %(request_hash)s, clock_timestamp())
on conflict (mandant, route, key) do update set claimed_at = excluded.claimed_at
where idempotency.status is null
  and idempotency.request_hash = excluded.request_hash
  and idempotency.claimed_at <= excluded.claimed_at - make_interval(secs => %(patience)s)
returning claimed_at
"""
_LOOK = """
select request_hash, status, headers, body from idempotency
where mandant = %(mandant)s and route = %(route)s and key = %(key)s
"""
_FINISH = """
update idempotency set status = %(status)s, headers = %(headers)s, body = %(body)s
where mandant = %(mandant)s and route = %(route)s and key = %(key)s
  and claimed_at = %(since)s and status is null
"""
_RELEASE = """
delete from idempotency
where mandant = %(mandant)s and route = %(route)s and key = %(key)s
  and claimed_at = %(since)s and status is null
"""


class PostgresIdempotency:
    """An IdempotencyStore in the machinery's table `idempotency`, each mandant in its own rows.

    What is a week old is dropped by the machinery.
    """

    def __init__(self, database: Database, *, take_over_after_s: float = TAKE_OVER_AFTER_S) -> None:
        self._database = database
        self._patience_s = take_over_after_s

    async def claim(self, request: KeyedRequest) -> ClaimResult:
        """See IdempotencyStore."""
        values = {**_where(request), "request_hash": request.request_hash}
        async with self._database.working([request.mandant]) as connection:
            cursor = await connection.execute(_CLAIM, {**values, "patience": self._patience_s})
            if taken := await cursor.fetchone():
                return Claimed(request, taken[0])
            cursor = await connection.execute(_LOOK, values)
            row = await cursor.fetchone()
        return InProgress() if row is None else _of_row(request, row)

    async def finish(self, claimed: Claimed, answer: Answer) -> None:
        """See IdempotencyStore."""
        stored = {"status": answer.status, "headers": Jsonb(dict(answer.headers))}
        await self._execute(_FINISH, claimed, {**stored, "body": answer.body})

    async def release(self, claimed: Claimed) -> None:
        """See IdempotencyStore."""
        await self._execute(_RELEASE, claimed, {})

    async def _execute(self, statement: str, claimed: Claimed, values: dict[str, Any]) -> None:
        async with self._database.working([claimed.request.mandant]) as connection:
            await connection.execute(statement.encode(), {**_held(claimed), **values})


def _of_row(request: KeyedRequest, row: TupleRow) -> ClaimResult:
    request_hash, status, headers, body = row
    if request_hash != request.request_hash:
        return Different()
    return InProgress() if status is None else Answered(Answer(status, headers, body))


def _where(request: KeyedRequest) -> dict[str, Any]:
    """The key only as its hash: callers make up theirs, and some make them of names."""
    digest = hashlib.sha256(request.key.encode()).hexdigest()
    return {"mandant": request.mandant, "route": request.route, "key": digest}


def _held(claimed: Claimed) -> dict[str, Any]:
    return {**_where(claimed.request), "since": claimed.since}
