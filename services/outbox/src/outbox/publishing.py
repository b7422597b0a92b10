"""Our events -> what other services hear of them."""

from collections.abc import Iterable
from typing import assert_never

from events.contracts import deliveries, documents
from events.registry import Event, PublishedEvent
from outbox.domain.delivery.events import (
    DeliveryAnswered,
    DeliveryChecked,
    DeliveryDropped,
    DeliveryEvent,
    DeliveryPlanned,
    DeliveryRequested,
    WithdrawalRequested,
)
from outbox.domain.delivery.state import Delivery
from outbox.domain.document.decider import Document
from outbox.domain.document.events import DocumentAnnounced, DocumentEvent, DocumentFiled


def publish_document(
    _before: Document, event: DocumentEvent, _after: Document
) -> Iterable[PublishedEvent]:
    """A document is told of once it is filed."""
    match event:
        case DocumentFiled():
            yield documents.DocumentQueued(
                document=event.document,
                kind=event.kind,
                origin=event.origin,
                recipients=event.recipients,
                deliveries=event.deliveries,
                pages=event.file.pages if event.file else None,
                size_bytes=event.size_bytes,
                queued_at=event.filed_at,
            )
        case DocumentAnnounced():
            return
        case _ as never:
            assert_never(never)


def publish_delivery(
    _before: Delivery, event: DeliveryEvent, after: Delivery
) -> Iterable[PublishedEvent]:
    """A delivery is told of when its channel is to do something."""
    if after.plan is None:
        return
    about = {
        "delivery": after.plan.delivery,
        "document": after.plan.document,
        "channel": after.plan.channel,
    }
    match event:
        case DeliveryRequested():
            fields = event.model_dump(exclude={"requested_by"})
            yield deliveries.DeliveryRequested(**about, **fields)
        case WithdrawalRequested():
            yield deliveries.DeliveryWithdrawalRequested(
                **about, attempt=event.attempt, requested_at=event.requested_at
            )
        case DeliveryPlanned() | DeliveryChecked() | DeliveryDropped() | DeliveryAnswered():
            return
        case _ as never:
            assert_never(never)


def keep_to_ourselves(_before: object, _event: Event, _after: object) -> Iterable[PublishedEvent]:
    """Nobody else has to know."""
    return ()
