"""Keeps the table `recipient`: each contact as the address book last told it."""

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from events.database import Connection
from events.stream import Change
from outbox.domain.recipient.events import RecipientNoted
from outbox.projections.chores import ChoreKind, leave

_SAVE = """
insert into recipient as old (contact, mandant, epoch, version, preferred_channels, short_name,
    salutation, name_lines, postal_address, address_lines, mail_address)
select contact, mandant, epoch, version, preferred_channels, short_name, salutation, name_lines,
    postal_address, address_lines, mail_address
from jsonb_to_recordset(%s) as new (contact uuid, mandant uuid, epoch int, version int,
    preferred_channels text[], short_name text, salutation text, name_lines text[],
    postal_address jsonb, address_lines text[], mail_address text)
order by contact, mandant
on conflict (contact, mandant) do update set
    epoch = excluded.epoch,
    version = excluded.version,
    preferred_channels = excluded.preferred_channels,
    short_name = excluded.short_name,
    salutation = excluded.salutation,
    name_lines = excluded.name_lines,
    postal_address = excluded.postal_address,
    address_lines = excluded.address_lines,
    mail_address = excluded.mail_address
where old.epoch is null or (old.epoch, old.version) < (excluded.epoch, excluded.version)
"""


async def project(connection: Connection, changes: Sequence[Change]) -> None:
    """Keep the newest snapshots, and have what depends on them looked at again."""
    newest = [(change.mandant, change.recorded[-1].event) for change in changes]
    noted = [(mandant, event) for mandant, event in newest if isinstance(event, RecipientNoted)]
    rows = [
        {"mandant": str(mandant), **event.model_dump(mode="json", exclude={"changed_at"})}
        for mandant, event in noted
    ]
    await connection.execute(_SAVE, (Jsonb(rows),))
    concerned = [(mandant, event.contact) for mandant, event in noted]
    await leave(connection, ChoreKind.RECIPIENT, concerned)
