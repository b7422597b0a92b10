"""The rules of documents, recipients and mandants."""

from datetime import timedelta

import pytest
from tests.outbox.builders import BASIS, CONTACT, DOCUMENT, FILE, MANDANT, NOON, SENDER, at

from events.contracts.deliveries import Channel, LetterOptions, MailOptions
from events.testing.orders import every_order
from events.testing.scenario import Scenario
from outbox.domain.document import decider as document
from outbox.domain.document.commands import AnnounceDocument, FileDocument
from outbox.domain.document.events import DocumentAnnounced, DocumentFiled, Inspected
from outbox.domain.mandant import decider as mandant
from outbox.domain.mandant.commands import SetDefaultChannel, SetSender
from outbox.domain.mandant.events import DefaultChannelSet, SenderSet
from outbox.domain.recipient import decider as recipient
from outbox.domain.recipient.commands import NoteRecipient
from outbox.domain.recipient.events import RecipientNoted
from outbox.domain.recipient.snapshot import Stamp

ANNOUNCED = DocumentAnnounced(
    document=DOCUMENT,
    kind="invitation",
    origin="dms",
    property=None,
    recipients=(CONTACT,),
    sha256=FILE.sha256,
    size_bytes=FILE.size_bytes,
    created_by="anna",
    created_at=NOON,
    announced_at=NOON,
    name="Einladung Brühl",
)
FILED = DocumentFiled(
    document=DOCUMENT,
    kind="invitation",
    origin="dms",
    property=None,
    recipients=1,
    deliveries=1,
    size_bytes=FILE.size_bytes,
    file=FILE,
    inspected=Inspected(),
    letter=LetterOptions(),
    mail=MailOptions(),
    created_by="anna",
    created_at=NOON,
    filed_at=at(1),
    name="Einladung Brühl",
)


@pytest.mark.spec("OUT-01")
def test_a_document_is_announced_and_filed_once() -> None:
    story = Scenario(document.DECIDER)
    announce, file = AnnounceDocument(ANNOUNCED), FileDocument(FILED)

    story.given().when(announce).then(ANNOUNCED)
    story.given(ANNOUNCED).when(announce).then_nothing()
    story.given(ANNOUNCED).when(file).then(FILED)
    story.given(FILED).when(file).then_nothing()
    story.given(FILED).when(announce).then_nothing()


def noted(epoch: int, version: int) -> RecipientNoted:
    return RecipientNoted(
        contact=CONTACT, epoch=epoch, version=version, changed_at=NOON + timedelta(days=version)
    )


@pytest.mark.spec("OUT-11", "PLT-01")
def test_the_newest_snapshot_of_a_contact_wins_in_every_order() -> None:
    snapshots = [noted(1, 1), noted(1, 2), noted(1, 9), noted(2, 1)]

    for order in every_order(snapshots):
        state = recipient.DECIDER.initial
        for snapshot in order:
            events = recipient.DECIDER.decide(NoteRecipient(snapshot), state)
            state = recipient.DECIDER.fold(events, state)
        assert state.stamp == Stamp(2, 1)


@pytest.mark.spec("OUT-06")
def test_a_senders_last_word_counts() -> None:
    story = Scenario(mandant.DECIDER)
    given = SenderSet(mandant=MANDANT, sender=SENDER, set_by="anna", set_at=NOON)
    moved = SENDER.model_copy(update={"street": "Markt 2"})

    story.given().when(SetSender(MANDANT, SENDER, "anna", NOON)).then(given)
    story.given(given).when(SetSender(MANDANT, SENDER, "otto", at(1))).then_nothing()
    story.given(given).when(SetSender(MANDANT, moved, "otto", at(1))).then(
        SenderSet(mandant=MANDANT, sender=moved, set_by="otto", set_at=at(1))
    )


@pytest.mark.spec("OUT-03")
def test_a_default_channel_can_be_set() -> None:
    story = Scenario(mandant.DECIDER)
    given = DefaultChannelSet(mandant=MANDANT, channel=Channel.MAIL, set_by="anna", set_at=NOON)

    story.given().when(SetDefaultChannel(MANDANT, Channel.MAIL, "anna", NOON)).then(given)
    story.given(given).when(SetDefaultChannel(MANDANT, Channel.MAIL, "otto", NOON)).then_nothing()


def test_a_stream_of_settings_is_not_a_stream_of_recipients() -> None:
    assert mandant.stream_of(MANDANT) != recipient.stream_of(MANDANT)
    assert BASIS.stamp == Stamp(1, 1)
