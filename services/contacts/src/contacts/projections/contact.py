"""Our events -> the table `contact`: each contact as it is now."""

from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb

from contacts.domain.events import ContactChanged, ContactEvent, ContactRegistered
from contacts.domain.names import short_name, sort_name
from events.database import Connection
from events.stream import Change, Recorded

# `version` makes a repetition harmless. Names are null only where the person was erased.
_SAVE = """
insert into contact as old (
    mandant, contact, version, changed_at, kind, preferred_channels,
    short_name, sort_name, names, salutation_override, postal_address, mail_address
)
select
    mandant, contact, version, at, kind, preferred_channels,
    short_name, sort_name, names, salutation_override, postal_address, mail_address
from jsonb_to_recordset(%s) as new (
    mandant uuid, contact uuid, version int, at timestamptz, kind text,
    preferred_channels text[], short_name text, sort_name text, names jsonb,
    salutation_override text, postal_address jsonb, mail_address text
)
order by contact
on conflict (contact) do update set
    version = excluded.version,
    changed_at = excluded.changed_at,
    kind = excluded.kind,
    preferred_channels = excluded.preferred_channels,
    short_name = excluded.short_name,
    sort_name = excluded.sort_name,
    names = excluded.names,
    salutation_override = excluded.salutation_override,
    postal_address = excluded.postal_address,
    mail_address = excluded.mail_address
where old.version < excluded.version
"""


async def project(connection: Connection, changes: Sequence[Change]) -> None:
    """Bring the table up to the last event of each change, in one statement.

    Each event holds the whole contact, so the last one is enough. Of an erased contact no row is
    made again.
    """
    newest = [change.recorded[-1] for change in changes if change.recorded]
    rows = [_row(recorded, _snapshot(recorded)) for recorded in newest]
    shown = [row for row in rows if row["names"] is not None]
    if shown:
        await connection.execute(_SAVE, (Jsonb(shown),))


def _snapshot(recorded: Recorded) -> ContactEvent:
    assert isinstance(recorded.event, ContactRegistered | ContactChanged)
    return recorded.event


def _row(recorded: Recorded, event: ContactEvent) -> dict[str, Any]:
    return {
        **event.model_dump(mode="json", exclude={"changed_fields"}),
        "mandant": str(recorded.mandant),
        "version": recorded.version,
        "short_name": short_name(event.names) if event.names else None,
        "sort_name": sort_name(event.names) if event.names else None,
    }
