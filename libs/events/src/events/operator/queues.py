"""What waits in a service: the inbox, the relay, and the work outside."""

from collections.abc import Sequence
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel

from events.database import Connection, Database
from events.operator.queue_answers import (
    FailingTask,
    InboxStatus,
    RefusedRecord,
    RelayStatus,
    TopicDepth,
    Waiting,
    WorkGroup,
    WorkStatus,
)
from events.service import RELAY

_INBOX = """
select count(*), min(arrived_at), count(*) filter (where due_at <= clock_timestamp()),
    count(*) filter (where attempts > 0)
from inbox
"""
_INBOX_TOPICS = "select topic, count(*), min(arrived_at) from inbox group by topic order by topic"
_WAITING = """
select waiting_for, topic, count(*), min(failed_at) from inbox where waiting_for is not null
group by waiting_for, topic order by 3 desc, 4 limit 50
"""
_RELAY = "select count(*), min(at) from relay where refused is null"
_RELAY_TOPICS = """
select topic, count(*), min(at) from relay where refused is null group by topic order by topic
"""
_REFUSED = """
select seq, topic, at, refused, octet_length(value) from relay where refused is not null
order by seq limit 50
"""
_RETRY = """
with again as (
    update relay set refused = null
    from (select seq, refused from relay where seq = %(seq)s and refused is not null for update) r
    where relay.seq = r.seq returning relay.topic, relay.seq, r.refused
)
insert into intervention (actor, action, topic, off, reason)
select %(actor)s, 'relay-retry', topic, seq, refused from again returning seq
"""
_WORK = """
select lane, task, count(*), min(due_at), count(*) filter (where attempts > 0)
from work group by lane, task order by lane, task
"""
_FAILING = """
select stream, mandant, lane, task, due_at, attempts, failed from work where attempts > 0
order by attempts desc, due_at limit 50
"""

M = TypeVar("M", bound=BaseModel)
log = structlog.get_logger()


class Queues:
    """Works in the machinery's role, over all mandants; shows no content."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def inbox(self) -> InboxStatus:
        async with self._database.plain() as connection:
            (row,) = await _rows(connection, _INBOX)
            topics = _all(TopicDepth, await _rows(connection, _INBOX_TOPICS))
            waiting = _all(Waiting, await _rows(connection, _WAITING))
        records, oldest, due, retried = row
        return InboxStatus(
            records=records,
            oldest=oldest,
            due=due,
            retried=retried,
            topics=topics,
            waiting=waiting,
        )

    async def relay(self) -> RelayStatus:
        async with self._database.plain() as connection:
            (row,) = await _rows(connection, _RELAY)
            topics = _all(TopicDepth, await _rows(connection, _RELAY_TOPICS))
            refused = _all(RefusedRecord, await _rows(connection, _REFUSED))
        return RelayStatus(records=row[0], oldest=row[1], topics=topics, refused=refused)

    async def retry(self, seq: int, actor: str) -> bool:
        """Let the relay try a refused record again; False where none of this number is refused."""
        async with self._database.plain() as connection:
            found = await connection.execute(_RETRY, {"seq": seq, "actor": actor})
            retried = await found.fetchone() is not None
        if retried:
            log.warning("relay.retried", seq=seq, actor=actor)
            async with self._database.plain() as connection:
                await connection.execute("select pg_notify(%s, '')", (RELAY,))
        return retried

    async def work(self) -> WorkStatus:
        async with self._database.plain() as connection:
            groups = _all(WorkGroup, await _rows(connection, _WORK))
            failing = _all(FailingTask, await _rows(connection, _FAILING))
        return WorkStatus(groups=groups, failing=failing)


async def _rows(connection: Connection, query: str) -> list[Sequence[Any]]:
    return list(await (await connection.execute(query.encode())).fetchall())


def _all(model: type[M], rows: Sequence[Sequence[Any]]) -> list[M]:
    return [model(**dict(zip(model.model_fields, row, strict=True))) for row in rows]
