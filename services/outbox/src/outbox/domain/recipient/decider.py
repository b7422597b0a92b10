"""The rules of a recipient: the newest snapshot wins, in whatever order they arrive."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from events.decider import Decider
from events.ids import derived_id
from outbox.domain.recipient.commands import NoteRecipient
from outbox.domain.recipient.events import RecipientNoted
from outbox.domain.recipient.snapshot import Stamp


@dataclass(frozen=True, slots=True)
class RecipientState:
    """Which snapshot is known."""

    stamp: Stamp | None = None


def stream_of(contact: UUID) -> UUID:
    """The stream in which the outbox keeps what it knows of a contact."""
    return derived_id(contact, "recipient")


def decide(command: NoteRecipient, state: RecipientState) -> Sequence[RecipientNoted]:
    if state.stamp is not None and _stamp(command.snapshot) <= state.stamp:
        return ()
    return (command.snapshot,)


def evolve(state: RecipientState, event: RecipientNoted) -> RecipientState:  # noqa: ARG001 - nothing older than the newest counts
    return RecipientState(_stamp(event))


def _stamp(snapshot: RecipientNoted) -> Stamp:
    return Stamp(snapshot.epoch, snapshot.version)


DECIDER = Decider(RecipientState(), decide, evolve)
