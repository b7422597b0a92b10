"""What may be asked of a mandant's settings."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from events.contracts.deliveries import Channel, Sender


@dataclass(frozen=True, slots=True)
class SetSender:
    """Deliveries requested from now on carry this sender."""

    mandant: UUID
    sender: Sender
    by: str
    now: datetime


@dataclass(frozen=True, slots=True)
class SetDefaultChannel:
    """Documents filed from now on use this channel for recipients without preference."""

    mandant: UUID
    channel: Channel
    by: str
    now: datetime


MandantCommand = SetSender | SetDefaultChannel
