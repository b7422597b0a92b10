"""The topic table: one topic per published event, its owner, kind, key, partitions, retention.

Kafka's topics are made from this table only. The number of partitions is fixed for ever: it
decides which partition a key lives in.
"""

from collections.abc import Mapping

from events.contracts import contacts, deliveries, documents, keys, published
from events.topic import Kind, Topic

SUBJECT_KEYS = "SubjectKeys"


def _topics(owner: str, kind: Kind, key: str, *classes: type) -> tuple[Topic, ...]:
    names = (published.name_of(cls).type for cls in classes)
    return tuple(Topic(name, owner, kind, key) for name in names)


TOPICS: Mapping[str, Topic] = {
    topic.name: topic
    for topic in (
        *_topics(
            "documents", Kind.FACT, "document", documents.DocumentFiled, documents.DocumentQueued
        ),
        *_topics(
            "deliveries",
            Kind.FACT,
            "delivery",
            deliveries.DeliveryRequested,
            deliveries.DeliveryWithdrawalRequested,
            deliveries.DeliveryAccepted,
            deliveries.DeliverySent,
            deliveries.DeliverySucceeded,
            deliveries.DeliveryFailed,
            deliveries.DeliveryUncertain,
            deliveries.DeliveryWithdrawn,
            deliveries.DeliveryWithdrawalRefused,
            deliveries.DeliveryNoted,
        ),
        *_topics("contacts", Kind.STATE, "contact", contacts.ContactChanged),
        *_topics("keys", Kind.FACT, "subject", keys.ErasureConfirmed),
        Topic(SUBJECT_KEYS, "keys", Kind.KEYS, "key", partitions=1),
    )
}
