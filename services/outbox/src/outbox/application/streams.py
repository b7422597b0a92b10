"""The kinds of streams that the outbox keeps."""

from events.stream import StreamKind
from outbox.domain.delivery import decider as delivery
from outbox.domain.delivery import events as delivery_events
from outbox.domain.document import decider as document
from outbox.domain.document import events as document_events
from outbox.domain.mandant import decider as mandant
from outbox.domain.mandant import events as mandant_events
from outbox.domain.recipient import decider as recipient
from outbox.domain.recipient import events as recipient_events
from outbox.publishing import keep_to_ourselves, publish_delivery, publish_document

# These rules go by what anyone may read; names and addresses are for those who are told of it.
DOCUMENT = StreamKind(
    "document", document_events.registry, document.DECIDER, publish_document, opens=False
)
DELIVERY = StreamKind(
    "delivery", delivery_events.registry, delivery.DECIDER, publish_delivery, opens=False
)
RECIPIENT = StreamKind("recipient", recipient_events.registry, recipient.DECIDER, keep_to_ourselves)
MANDANT = StreamKind("mandant", mandant_events.registry, mandant.DECIDER, keep_to_ourselves)
