"""Their events -> commands to our streams. Pure, and never rejected: facts are only recorded."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from events.contracts import deliveries
from events.contracts.contacts import ContactChanged
from events.contracts.deliveries import ChannelAnswer
from events.contracts.documents import DocumentFiled
from events.stream import Heard
from outbox.domain.delivery.commands import RecordAnswer
from outbox.domain.delivery.events import Answer, DeliveryAnswered
from outbox.domain.document.commands import AnnounceDocument
from outbox.domain.document.events import DocumentAnnounced
from outbox.domain.recipient.commands import NoteRecipient
from outbox.domain.recipient.decider import stream_of
from outbox.domain.recipient.events import RecipientNoted

ANSWERS: Mapping[type[ChannelAnswer], Answer] = {
    deliveries.DeliveryAccepted: Answer.ACCEPTED,
    deliveries.DeliverySent: Answer.SENT,
    deliveries.DeliverySucceeded: Answer.SUCCEEDED,
    deliveries.DeliveryFailed: Answer.FAILED,
    deliveries.DeliveryUncertain: Answer.UNCERTAIN,
    deliveries.DeliveryWithdrawn: Answer.WITHDRAWN,
    deliveries.DeliveryWithdrawalRefused: Answer.WITHDRAWAL_REFUSED,
    deliveries.DeliveryNoted: Answer.NOTED,
}
_ABOUT_THE_SENDING = {"delivery", "document", "channel"}


class Translated(NamedTuple):
    """A command, and the stream that it goes to."""

    stream: UUID
    command: AnnounceDocument | NoteRecipient | RecordAnswer


def announce(heard: Heard) -> Translated:
    """The DMS has filed a document: it will be inspected, then it stands in the outbox."""
    event = heard.event
    assert isinstance(event, DocumentFiled)
    announcement = DocumentAnnounced(
        document=event.document,
        kind=event.kind,
        origin=event.origin,
        property=event.property,
        recipients=tuple(dict.fromkeys(event.recipients)),
        sha256=event.sha256,
        size_bytes=event.size_bytes,
        created_by=event.filed_by,
        created_at=event.filed_at,
        announced_at=heard.heard_at,
        name=event.name,
    )
    return Translated(event.document, AnnounceDocument(announcement))


def note_recipient(heard: Heard) -> Translated:
    """The address book tells of a contact."""
    event = heard.event
    assert isinstance(event, ContactChanged)
    snapshot = RecipientNoted(
        epoch=heard.epoch, version=heard.version, **event.model_dump(exclude={"kind"})
    )
    return Translated(stream_of(event.contact), NoteRecipient(snapshot))


def record_answer(heard: Heard) -> Translated:
    """A channel tells something about a delivery."""
    event = heard.event
    assert isinstance(event, ChannelAnswer)
    fields = event.model_dump(exclude=_ABOUT_THE_SENDING)
    if "note" in fields:
        fields["reason"] = fields.pop("note")
    answer = DeliveryAnswered(
        answer=ANSWERS[type(event)], heard=heard.id, source=heard.source, **fields
    )
    return Translated(event.delivery, RecordAnswer(answer))
