"""The records of the topic SubjectKeys, written and read: keys, fences, ticks."""

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from pydantic import Discriminator, Tag, TypeAdapter

from events.contracts.keys import SubjectFence, SubjectKey, Tick
from events.contracts.topics import SUBJECT_KEYS
from events.keyring import WrappedKey
from events.personal import KeyId
from events.registry import UnreadableError
from events.store import Record

_DEADLINE_S = 300.0
_FETCH_MS = 500


@dataclass(frozen=True, slots=True)
class Fence:
    """Where it stands there is no key, and never will be. `fingerprint` as in the contract."""

    mandant: UUID
    key: KeyId
    fingerprint: bytes | None
    at: datetime


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key, and whose it is."""

    mandant: UUID
    key: WrappedKey


def _kind(value: Any) -> str:
    return str(value.get("kind", "key")) if isinstance(value, dict) else ""


_RECORD: TypeAdapter[SubjectKey | SubjectFence | Tick] = TypeAdapter(
    Annotated[
        Annotated[SubjectKey, Tag("key")]
        | Annotated[SubjectFence, Tag("fence")]
        | Annotated[Tick, Tag("tick")],
        Discriminator(_kind),
    ]
)


def key_record(mandant: UUID, key: WrappedKey, at: datetime) -> Record:
    """The record by which a new key reaches the other services."""
    return _record(
        SubjectKey.model_construct(
            mandant=mandant,
            subject=key.id.subject,
            category=key.id.category,
            wrapped=key.wrapped,
            kek=key.kek,
            fingerprint=key.fingerprint.hex(),
            issued_at=at,
        )
    )


def fence_record(fence: Fence) -> Record:
    """The record by which every service, of today or to come, hears of an erasure."""
    return _record(
        SubjectFence(
            kind="fence",
            mandant=fence.mandant,
            subject=fence.key.subject,
            category=fence.key.category,
            fingerprint=fence.fingerprint.hex() if fence.fingerprint else None,
            erased_at=fence.at,
        )
    )


def tick_record(at: datetime) -> Record:
    """The record that makes Kafka close a segment, so that it compacts the ones before."""
    return _record(Tick(kind="tick", at=at))


def read_record(value: bytes | None) -> IssuedKey | Fence | Tick:
    """What a record of the topic says; raises `UnreadableError`."""
    if value is None:
        raise UnreadableError("a key is never taken back by a tombstone")
    try:
        match _RECORD.validate_json(value):
            case SubjectKey() as told:
                mark = bytes.fromhex(told.fingerprint)
                if "\0" in told.kek:
                    raise UnreadableError("the record's key-encryption key has no name")
                key = KeyId(told.subject, told.category)
                return IssuedKey(told.mandant, WrappedKey(key, told.wrapped, told.kek, mark))
            case SubjectFence() as told:
                marked = bytes.fromhex(told.fingerprint) if told.fingerprint else None
                return Fence(
                    told.mandant, KeyId(told.subject, told.category), marked, told.erased_at
                )
            case Tick() as tick:
                return tick
    except ValueError:
        raise UnreadableError("the record holds neither key nor fence") from None


async def whole_topic(bootstrap_servers: str) -> AsyncIterator["ConsumerRecord[bytes, bytes]"]:
    """Every record that stands in the topic at the moment of the call, from the beginning.

    Raises Kafka's errors, and `TimeoutError` where it can't be read to its end.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        enable_auto_commit=False,
        # The default, the end, would win against a later seek while the first answer is under way.
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        part = TopicPartition(SUBJECT_KEYS, 0)
        consumer.assign([part])
        end = (await consumer.end_offsets([part]))[part]
        async with asyncio.timeout(_DEADLINE_S):
            while await consumer.position(part) < end:
                for records in (await consumer.getmany(part, timeout_ms=_FETCH_MS)).values():
                    for record in records:
                        yield record
    finally:
        await consumer.stop()


async def only_fenced(bootstrap_servers: str, keys: Collection[KeyId]) -> frozenset[KeyId]:
    """Those of these keys of which Kafka holds the fence and nothing else: they are gone.

    Where a record can be read neither as key nor as fence, the key is not gone. Who has not met
    the fence has not read far enough to say anything.
    """
    names = {f"{key.subject}:{key.category}".encode(): key for key in keys}
    fenced: set[KeyId] = set()
    doubtful: set[KeyId] = set()
    async for record in whole_topic(bootstrap_servers):
        key = names.get(record.key or b"")
        if key is not None:
            (fenced if _is_fence(record.value) else doubtful).add(key)
    return frozenset(fenced - doubtful)


def _is_fence(value: bytes | None) -> bool:
    try:
        return isinstance(read_record(value), Fence)
    except UnreadableError:
        return False


def _record(told: SubjectKey | SubjectFence | Tick) -> Record:
    return Record(SUBJECT_KEYS, told.key.encode(), (), told.model_dump_json().encode())
