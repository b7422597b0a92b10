"""Plays any other service: says published events as Kafka would carry them, keys included."""

from collections.abc import Mapping
from datetime import datetime
from typing import cast
from uuid import UUID

from aiokafka import AIOKafkaProducer, ConsumerRecord

from events.clock import utc_now
from events.contracts import published
from events.contracts.topics import TOPICS
from events.ids import new_id
from events.keyring import Keyring, WrappedKey
from events.personal import KeyId, sealing_keys
from events.recording import Origin, Telling, told
from events.registry import Json, PublishedEvent, Registry
from events.seal import Place, Sealed, seal
from events.store import Record
from events.stream import Cause, Recorded
from events.subject_keys import key_record
from events.vault import Vault


class Speaker:
    """Makes records of events; keeps the keys that it made, one per subject and category."""

    def __init__(self, keyring: Keyring, source: str, registry: Registry = published) -> None:
        self._keyring = keyring
        self._origin = Origin(source, 1, registry, TOPICS)
        self._keys: dict[KeyId, WrappedKey] = {}

    def records(
        self,
        mandant: UUID,
        event: PublishedEvent,
        *,
        event_id: UUID | None = None,
        stream: UUID | None = None,
        version: int = 1,
        at: datetime | None = None,
    ) -> list[Record]:
        """The event's record, after the records of keys that it is the first to need."""
        now = at or utc_now()
        lacking = sorted(sealing_keys(event) - self._keys.keys())
        made = [self._keyring.make(key) for key in lacking]
        self._keys.update({key.id: key for key in made})
        of = Recorded(
            id=event_id or new_id(),
            mandant=mandant,
            stream=stream or self._key(event),
            version=version,
            at=now,
            event=event,
            cause=Cause(new_id()),
        )
        record = told(Telling(of, 0, event), self._origin, cast("Vault", self))
        return [*(key_record(mandant, key, now) for key in made), record]

    def _key(self, event: PublishedEvent) -> UUID:
        name = self._origin.published.name_of(type(event)).type
        key = getattr(event, TOPICS[name].key)
        assert isinstance(key, UUID)
        return key

    def seal(self, blocks: Mapping[KeyId, Json], place: Place) -> tuple[Sealed, ...]:
        """As a vault does."""
        return tuple(
            seal(fields, key, self._keyring.unwrap(self._keys[key]), place)
            for key, fields in blocks.items()
        )


async def say(bootstrap_servers: str, *records: Record) -> None:
    """Put records into Kafka, in this order, and wait until they are there."""
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, enable_idempotence=True
    ) as producer:
        for record in records:
            await producer.send_and_wait(
                record.topic, key=record.key, value=record.value, headers=list(record.headers)
            )


def as_consumed(record: Record, offset: int, partition: int = 0) -> "ConsumerRecord[bytes, bytes]":
    """The record as a consumer would get it, for tests that need no Kafka."""
    return ConsumerRecord(
        topic=record.topic,
        partition=partition,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=record.key,
        value=record.value,
        checksum=None,
        serialized_key_size=len(record.key or b""),
        serialized_value_size=len(record.value or b""),
        headers=record.headers,
    )
