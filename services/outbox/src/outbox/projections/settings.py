"""Keeps the table `mandant_setting`: what a mandant has set for all of its deliveries."""

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from events.database import Connection
from events.stream import Change
from outbox.domain.mandant.decider import Mandant
from outbox.projections.chores import ChoreKind, leave

_SAVE = """
insert into mandant_setting as old (mandant, version, sender, default_channel)
values (%s, %s, %s, %s)
on conflict (mandant) do update set
    version = excluded.version,
    sender = excluded.sender,
    default_channel = excluded.default_channel
where old.version < excluded.version
"""


async def project(connection: Connection, changes: Sequence[Change]) -> None:
    """Keep the settings; a first sender makes deliveries sendable that lacked one."""
    for change in sorted(changes, key=lambda change: change.mandant):
        before, after = change.before, change.after
        assert isinstance(before, Mandant)
        assert isinstance(after, Mandant)
        sender = Jsonb(after.sender.model_dump(mode="json")) if after.sender else None
        row = (change.mandant, change.recorded[-1].version, sender, after.default_channel)
        await connection.execute(_SAVE, row)
        if before.sender is None and after.sender is not None:
            await leave(connection, ChoreKind.SENDER, [(change.mandant, change.mandant)])
