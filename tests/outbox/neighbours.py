"""The other services, as far as the outbox hears of them: their records arrive as Kafka's would."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord
from tests.outbox.builders import ADDRESS, NOON

from events.contracts import deliveries, published
from events.contracts.contacts import ContactChanged, ContactKind
from events.contracts.deliveries import Channel, ChannelAnswer, DeliveryRequested
from events.contracts.documents import DocumentFiled
from events.contracts.topics import TOPICS
from events.envelope import Attributes, to_record
from events.ids import derived_id, new_id
from events.keyring import Keyring
from events.personal import Category, KeyId, take_apart
from events.registry import PublishedEvent
from events.seal import seal
from events.service import Machinery
from events.store import Record
from events.stream import Cause
from events.subject_keys import key_record

_offsets = count()


@dataclass(slots=True)
class Neighbours:
    """Address book, DMS and channels of one mandant."""

    parts: Machinery
    keyring: Keyring
    mandant: UUID
    keys: dict[KeyId, bytes] = field(default_factory=dict)
    versions: dict[UUID, int] = field(default_factory=dict)
    late: set[Category] = field(default_factory=set)
    """Categories of which no keys are published for now."""

    async def contact(
        self, contact: UUID, *channels: Channel, version: int | None = None, **changed: Any
    ) -> None:
        """The address book tells of a contact, in full."""
        self.versions[contact] = version or self.versions.get(contact, 0) + 1
        ordinary: dict[str, Any] = {
            "contact": contact,
            "kind": ContactKind.PERSON,
            "preferred_channels": channels,
            "changed_at": NOON,
            "short_name": "Brühl, Mario",
            "salutation": "Sehr geehrter Herr Brühl,",
            "name_lines": ("Herrn", "Mario Brühl"),
            "postal_address": ADDRESS,
            "address_lines": ("Herrn", "Mario Brühl", "Große Ulrichstraße 12a", "06108 Halle"),
            "mail_address": "mario.bruehl@example.org",
        }
        event = ContactChanged.model_validate({**ordinary, **changed})
        await self.issue_keys(contact)
        await self.tell(event, "contacts", contact, self.versions[contact])

    async def filed(self, document: UUID, *recipients: UUID, **changed: Any) -> None:
        """The DMS tells of a document. Its name is sealed under the document's own key."""
        ordinary: dict[str, Any] = {
            "document": document,
            "recipients": recipients,
            "sha256": "00" * 32,
            "size_bytes": 1,
            "filed_by": "dms",
            "filed_at": datetime.now(UTC),
            "name_subject": document,
            "name": "Protokoll Brühl",
        }
        event = DocumentFiled.model_validate({**ordinary, **changed})
        await self.issue_keys(event.name_subject)
        await self.tell(event, "dms", document)

    async def answer(
        self,
        cls: type[ChannelAnswer],
        about: DeliveryRequested,
        at: datetime,
        **fields: Any,
    ) -> None:
        """A channel tells something about an attempt."""
        await self.tell_all([self.answering(cls, about, at, **fields)])

    def answering(
        self, cls: type[ChannelAnswer], about: DeliveryRequested, at: datetime, **fields: Any
    ) -> Record:
        """The record in which a channel tells it; the same words are the same record."""
        if cls in (deliveries.DeliveryFailed, deliveries.DeliveryUncertain):
            fields = {"reason": "mailbox-full", "text": "Das Postfach ist voll.", **fields}
        event = cls(
            delivery=about.delivery,
            attempt=about.attempt,
            document=about.document,
            channel=about.channel,
            at=at,
            **fields,
        )
        stream = deliveries.sending_id(about.delivery, about.attempt)
        identity = derived_id(stream, cls.__name__, at)
        return self.record(event, f"delivery-{about.channel}", stream, 1, identity)

    async def tell(
        self, event: PublishedEvent, source: str, stream: UUID, version: int = 1
    ) -> None:
        await self.tell_all([self.record(event, source, stream, version, new_id())])

    async def tell_all(self, records: Sequence[Record]) -> None:
        """The records arrive in one batch."""
        await self.parts.inlet.take([_arriving(record) for record in records])

    async def issue_keys(self, subject: UUID) -> None:
        """Make the keys of a subject, once, and publish them."""
        categories = [c for c in Category if self.keyring.entitled(c) and c not in self.late]
        wanted = [KeyId(subject, category) for category in categories]
        made = [self.keyring.make(key) for key in wanted if key not in self.keys]
        self.keys.update({key.id: self.keyring.unwrap(key) for key in made})
        if made:
            await self.tell_all([key_record(self.mandant, key, NOON) for key in made])

    def record(
        self, event: PublishedEvent, source: str, stream: UUID, version: int, identity: UUID
    ) -> Record:
        """The finished record, sealed as its producer seals it."""
        name = published.name_of(type(event))
        attributes = Attributes(
            identity, name, source, stream, NOON, self.mandant, 1, version, Cause(new_id())
        )
        fields, blocks = take_apart(event)
        sealed = [
            seal(block, key, self.keys[key], attributes.place) for key, block in blocks.items()
        ]
        return to_record(attributes, TOPICS[name.type], fields, sealed)


def _arriving(record: Record) -> Any:
    return ConsumerRecord(
        topic=record.topic,
        partition=0,
        offset=next(_offsets),
        timestamp=0,
        timestamp_type=0,
        key=record.key,
        value=record.value,
        checksum=None,
        serialized_key_size=len(record.key),
        serialized_value_size=len(record.value),
        headers=record.headers,
    )
