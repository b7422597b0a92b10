"""The channels of one recipient of a document: as he prefers, until a person chooses."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from events.contracts.deliveries import Channel
from outbox.domain.recipient.snapshot import Recipient


@dataclass(frozen=True, slots=True)
class Planned:
    """A delivery of a slot as the overview knows it."""

    delivery: UUID
    channel: Channel
    dropped: bool
    by_hand: bool
    attempt: int


@dataclass(frozen=True, slots=True)
class Rearrangement:
    """Which deliveries go, and which channels come."""

    drop: tuple[UUID, ...] = ()
    plan: tuple[Channel, ...] = ()


def channels_for(recipient: Recipient | None, default: Channel) -> tuple[Channel, ...]:
    """By which channels a recipient is reached: each that he prefers, else the default."""
    preferred = recipient.preferred_channels if recipient else ()
    return tuple(dict.fromkeys(preferred)) or (default,)


def rearrange(slot: Collection[Planned], wanted: Sequence[Channel]) -> Rearrangement:
    """What a changed preference changes: nothing once anything was sent or chosen by hand."""
    if any(delivery.by_hand or delivery.attempt for delivery in slot):
        return Rearrangement()
    present = {delivery.channel: delivery for delivery in slot if not delivery.dropped}
    return Rearrangement(
        drop=tuple(known.delivery for channel, known in present.items() if channel not in wanted),
        plan=tuple(channel for channel in wanted if channel not in present),
    )
