"""The mandant's settings: who writes, and the channel of those who prefer none."""

from dataclasses import dataclass
from uuid import UUID

from events.clock import Clock
from events.commands import Commands
from events.contracts.deliveries import Channel, Sender
from events.stream import Cause, Order
from outbox.application.streams import MANDANT
from outbox.domain.mandant.commands import MandantCommand, SetDefaultChannel, SetSender
from outbox.domain.mandant.decider import stream_of


@dataclass(frozen=True, slots=True)
class SettingUp:
    """Changes the settings of mandants."""

    commands: Commands
    clock: Clock

    async def set_sender(self, mandant: UUID, sender: Sender, by: str, cause: Cause) -> None:
        await self._run(mandant, SetSender(mandant, sender, by, self.clock()), cause)

    async def set_default_channel(
        self, mandant: UUID, channel: Channel, by: str, cause: Cause
    ) -> None:
        await self._run(mandant, SetDefaultChannel(mandant, channel, by, self.clock()), cause)

    async def _run(self, mandant: UUID, command: MandantCommand, cause: Cause) -> None:
        await self.commands.one(Order(MANDANT, stream_of(mandant), mandant, command, cause))
