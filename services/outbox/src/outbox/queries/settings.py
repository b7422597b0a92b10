"""What a mandant has set."""

from dataclasses import dataclass
from uuid import UUID

from events.contracts.deliveries import Channel, Sender
from events.database import Database

_SENDER = "select sender from mandant_setting where mandant = %s and sender is not null"
_CHANNEL = """
select default_channel from mandant_setting where mandant = %s and default_channel is not null
"""


@dataclass(frozen=True, slots=True)
class SettingQueries:
    """Answers about the settings of one mandant; `fallback` is the channel until he chooses one."""

    database: Database
    fallback: Channel

    async def sender(self, mandant: UUID) -> Sender | None:
        value = await self._value(mandant, _SENDER)
        return None if value is None else Sender.model_validate(value)

    async def default_channel(self, mandant: UUID) -> Channel:
        value = await self._value(mandant, _CHANNEL)
        return self.fallback if value is None else Channel(str(value))

    async def _value(self, mandant: UUID, query: str) -> object:
        async with self.database.working([mandant]) as connection:
            row = await (await connection.execute(query.encode(), (mandant,))).fetchone()
        return row[0] if row else None
