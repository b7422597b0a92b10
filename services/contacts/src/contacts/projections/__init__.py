"""Our events -> read models, in the transaction of the events."""

from collections.abc import Sequence

from contacts.projections import contact, erasure
from contacts.projections.erasing import erase
from events.database import Connection
from events.stream import Change

_PARTS = {"contact": contact.project, "erasure": erasure.project}


async def project(connection: Connection, changes: Sequence[Change]) -> None:
    """Bring all read models up to these changes."""
    for kind, part in _PARTS.items():
        concerned = [change for change in changes if change.kind.name == kind]
        if concerned:
            await part(connection, concerned)


__all__ = ["erase", "project"]
