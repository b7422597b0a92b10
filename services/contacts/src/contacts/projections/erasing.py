"""Takes out of the table `contact` what an erased key has opened."""

from collections.abc import Collection
from uuid import UUID

from events.database import Connection
from events.personal import Category, KeyId

_FORGET = "delete from contact where mandant = %s and contact = %s"
_FORGET_COMMUNICATION = """
update contact set postal_address = null, mail_address = null where mandant = %s and contact = %s
"""


async def erase(connection: Connection, mandant: UUID, key: KeyId) -> Collection[KeyId]:
    """Without a name a contact stands in no list any more; nothing else goes along with it."""
    statements = {Category.IDENTITY: _FORGET, Category.COMMUNICATION: _FORGET_COMMUNICATION}
    if (statement := statements.get(key.category)) is not None:
        await connection.execute(statement.encode(), (mandant, key.subject))
    return ()
