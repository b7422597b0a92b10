"""What may be asked of a recipient's stream."""

from dataclasses import dataclass

from outbox.domain.recipient.events import RecipientNoted


@dataclass(frozen=True, slots=True)
class NoteRecipient:
    """Remember this snapshot, unless a newer one is known."""

    snapshot: RecipientNoted
