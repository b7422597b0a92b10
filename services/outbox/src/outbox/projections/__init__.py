"""Our events -> read models, set-wise, in the transaction of the events.

Locks are taken in one order everywhere: recipients, settings, chores, deliveries, documents; and
within a table by primary key. Each row remembers the version of its stream, so that a repetition
changes nothing.
"""

from collections.abc import Sequence

from events.database import Connection
from events.stream import Change
from outbox.projections import deliveries, documents, recipients, settings

READ_MODELS = (
    "recipient",
    "mandant_setting",
    "announcement",
    "document",
    "delivery",
    "delivery_timeline",
)

_PARTS = (
    ("recipient", recipients.project),
    ("mandant", settings.project),
    ("document", documents.project),
    ("delivery", deliveries.project),
)


async def project(connection: Connection, changes: Sequence[Change]) -> None:
    """Bring all read models up to these changes."""
    for kind, part in _PARTS:
        concerned = [change for change in changes if change.kind.name == kind]
        if concerned:
            await part(connection, concerned)


__all__ = ["READ_MODELS", "project"]
