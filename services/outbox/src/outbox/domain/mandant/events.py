"""What a mandant has set for all of its deliveries."""

from uuid import UUID

from pydantic import AwareDatetime

from events.contracts.deliveries import Channel, Sender
from events.registry import Event, Registry

registry = Registry()


@registry.event("mandant.sender_set")
class SenderSet(Event):
    """Who writes: the return line of letters, From and Reply-To of mails."""

    mandant: UUID
    sender: Sender
    set_by: str
    set_at: AwareDatetime


@registry.event("mandant.default_channel_set")
class DefaultChannelSet(Event):
    """By which channel a recipient without preference is reached."""

    mandant: UUID
    channel: Channel
    set_by: str
    set_at: AwareDatetime


MandantEvent = SenderSet | DefaultChannelSet
