"""What others say becomes facts of ours, and what of ours others hear."""

from uuid import uuid4

import pytest
from tests.outbox.builders import BATCH, MANDANT, NOON, at, planned
from tests.outbox.test_delivery import ASKED_BACK, requested
from tests.outbox.test_other_rules import ANNOUNCED, FILED

from events.contracts import deliveries, published
from events.contracts.contacts import ContactChanged
from events.contracts.deliveries import Channel, ChannelAnswer, DeliveryFailed, DeliveryNoted
from events.contracts.documents import DocumentFiled
from events.ids import new_id
from events.registry import PublishedEvent
from events.stream import Cause, Heard
from outbox.domain.delivery.decider import DECIDER
from outbox.domain.delivery.events import Answer, DeliveryAnswered
from outbox.domain.document.decider import Document
from outbox.intake import HEARS
from outbox.policy import record_answer
from outbox.publishing import publish_delivery, publish_document

PLANNED = DECIDER.fold([planned()])


def heard(event: PublishedEvent) -> Heard:
    return Heard(
        id=new_id(),
        source="delivery-mail",
        mandant=MANDANT,
        stream=uuid4(),
        epoch=1,
        version=1,
        at=NOON,
        heard_at=NOON,
        event=event,
        cause=Cause(new_id()),
    )


@pytest.mark.spec("OUT-16")
def test_every_answer_of_a_channel_is_heard() -> None:
    answers = {cls for cls in published.names().values() if issubclass(cls, ChannelAnswer)}

    assert HEARS.keys() == {*answers, DocumentFiled, ContactChanged}


@pytest.mark.spec("OUT-16")
def test_an_answer_keeps_what_it_says() -> None:
    about = {"delivery": uuid4(), "attempt": 2, "document": uuid4(), "channel": Channel.MAIL}
    failed = heard(
        DeliveryFailed(**about, at=at(1), reason="mailbox-full", text="Voll.", code="5.2.2")
    )
    noted = heard(DeliveryNoted(**about, at=at(1), note="retry", text="Noch einmal."))

    stream, command = record_answer(failed)

    assert stream == about["delivery"]
    assert command.answer == DeliveryAnswered(  # type: ignore[union-attr]  # it is RecordAnswer
        attempt=2,
        answer=Answer.FAILED,
        at=at(1),
        heard=failed.id,
        source="delivery-mail",
        reason="mailbox-full",
        text="Voll.",
        code="5.2.2",
        permanent=True,
    )
    answer = record_answer(noted).command.answer  # type: ignore[union-attr]  # it is RecordAnswer
    assert (answer.answer, answer.reason, answer.text) == (Answer.NOTED, "retry", "Noch einmal.")


@pytest.mark.spec("OUT-01")
def test_a_document_is_told_of_when_it_is_filed() -> None:
    assert list(publish_document(Document(), ANNOUNCED, Document())) == []
    (queued,) = publish_document(Document(), FILED, Document())

    assert published.name_of(type(queued)).type == "DocumentQueued"
    assert "name" not in queued.model_dump()


@pytest.mark.spec("OUT-14")
def test_a_request_tells_the_channel_all_it_needs() -> None:
    (told,) = publish_delivery(PLANNED, requested(), PLANNED)

    assert isinstance(told, deliveries.DeliveryRequested)
    assert (told.delivery, told.channel, told.batch) == (
        planned().plan.delivery,
        Channel.EPOST,
        BATCH,
    )
    assert told.postal_address == requested().postal_address
    assert told.address_lines == requested().address_lines


@pytest.mark.spec("OUT-15")
def test_a_withdrawal_is_told_to_the_channel_and_the_rest_to_nobody() -> None:
    (told,) = publish_delivery(PLANNED, ASKED_BACK, PLANNED)

    assert isinstance(told, deliveries.DeliveryWithdrawalRequested)
    assert told.attempt == 1
    assert list(publish_delivery(PLANNED, planned(), PLANNED)) == []
