"""The rules of a mandant's settings: the last word counts, the same word twice is said once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never
from uuid import UUID

from events.contracts.deliveries import Channel, Sender
from events.decider import Decider
from events.ids import derived_id
from outbox.domain.mandant.commands import MandantCommand, SetDefaultChannel, SetSender
from outbox.domain.mandant.events import DefaultChannelSet, MandantEvent, SenderSet


@dataclass(frozen=True, slots=True)
class Mandant:
    """What is set; None where the mandant never said anything."""

    sender: Sender | None = None
    default_channel: Channel | None = None


def stream_of(mandant: UUID) -> UUID:
    """The stream of a mandant's settings."""
    return derived_id(mandant, "settings")


def decide(command: MandantCommand, state: Mandant) -> Sequence[MandantEvent]:
    match command:
        case SetSender(mandant, sender, by, now):
            if sender == state.sender:
                return ()
            return (SenderSet(mandant=mandant, sender=sender, set_by=by, set_at=now),)
        case SetDefaultChannel(mandant, channel, by, now):
            if channel == state.default_channel:
                return ()
            return (DefaultChannelSet(mandant=mandant, channel=channel, set_by=by, set_at=now),)
        case _ as never:
            assert_never(never)


def evolve(state: Mandant, event: MandantEvent) -> Mandant:
    match event:
        case SenderSet():
            return replace(state, sender=event.sender)
        case DefaultChannelSet():
            return replace(state, default_channel=event.channel)
        case _ as never:
            assert_never(never)


DECIDER = Decider(Mandant(), decide, evolve)
