"""The log of one stream, as far as it names nobody."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from events.database import Database

_EVENTS = """
select version, at, type, schema, id, meta, data from event where stream = %s order by version
"""
_SEALED = """
select version, category, subject from event_personal where stream = %s
order by version, category, subject
"""


class LoggedEvent(BaseModel):
    """One fact. What is personal of it stays sealed; `sealed` names the categories."""

    version: int
    at: datetime
    type: str
    schema_version: int
    id: UUID
    actor: str
    correlation: UUID
    causation: UUID | None
    fields: dict[str, Any]
    sealed: list[str]


class StreamLog(BaseModel):
    """Whose stream it is, and what happened in it."""

    stream: UUID
    mandant: UUID
    events: list[LoggedEvent]


async def stream_log(database: Database, stream: UUID) -> StreamLog | None:
    """The log of a stream of whatever mandant; None where there is none. In the app's role."""
    async with database.plain() as connection:
        found = await connection.execute("select mandant from stream_owner(%s)", ([stream],))
        owner = await found.fetchone()
    if owner is None:
        return None
    async with database.working(owner) as connection:
        rows = await (await connection.execute(_EVENTS, (stream,))).fetchall()
        blocks = await (await connection.execute(_SEALED, (stream,))).fetchall()
    sealed: dict[int, list[str]] = {}
    for version, category, subject in blocks:
        sealed.setdefault(version, []).append(f"sealed: {category} of {subject}")
    events = [
        LoggedEvent(
            version=version,
            at=at,
            type=type_,
            schema_version=schema,
            id=id_,
            actor=meta.get("actor", "?"),
            correlation=meta["correlation"],
            causation=meta.get("causation"),
            fields=data,
            sealed=sealed.get(version, []),
        )
        for version, at, type_, schema, id_, meta, data in rows
    ]
    return StreamLog(stream=stream, mandant=owner[0], events=events)
