"""Keeps the tables `document` and `announcement`."""

from collections.abc import Sequence
from uuid import UUID

from psycopg.types.json import Jsonb

from events.database import Connection
from events.stream import Change
from outbox.domain.document.events import DocumentAnnounced, DocumentFiled
from outbox.projections.chores import ChoreKind, leave

_ANNOUNCE = """
insert into announcement (document, mandant, name, kind, origin, property, recipients, sha256,
    size_bytes, created_by, created_at, announced_at)
select * from jsonb_to_recordset(%s) as new (document uuid, mandant uuid, name text, kind text,
    origin text, property uuid, recipients uuid[], sha256 text, size_bytes bigint,
    created_by text, created_at timestamptz, announced_at timestamptz)
order by document
on conflict do nothing
"""

_FILE = """
insert into document (document, mandant, name, kind, origin, property, recipients, size_bytes,
    file, inspected, letter_options, mail_options, created_by, created_at, filed_at)
select * from jsonb_to_recordset(%s) as new (document uuid, mandant uuid, name text, kind text,
    origin text, property uuid, recipients int, size_bytes bigint, file jsonb, inspected jsonb,
    letter jsonb, mail jsonb, created_by text, created_at timestamptz, filed_at timestamptz)
order by document
on conflict do nothing
"""

_NO_LONGER_ANNOUNCED = "delete from announcement where document = any (%s)"


async def project(connection: Connection, changes: Sequence[Change]) -> None:
    """Enter new documents; what was announced and is now filed is not announced any more."""
    told = [(each.mandant, each.event) for change in changes for each in change.recorded]
    filed = [(mandant, event) for mandant, event in told if isinstance(event, DocumentFiled)]
    entered = {event.document for _, event in filed}
    announced = [
        (mandant, event)
        for mandant, event in told
        if isinstance(event, DocumentAnnounced) and event.document not in entered
    ]
    if announced:
        await connection.execute(_ANNOUNCE, (_rows(announced),))
        subjects = [(mandant, event.document) for mandant, event in announced]
        await leave(connection, ChoreKind.INSPECT, subjects)
    if filed:
        await connection.execute(_FILE, (_rows(filed),))
        await connection.execute(_NO_LONGER_ANNOUNCED, (sorted(entered),))


def _rows(told: Sequence[tuple[UUID, DocumentAnnounced | DocumentFiled]]) -> Jsonb:
    return Jsonb([{"mandant": str(mandant), **e.model_dump(mode="json")} for mandant, e in told])
