"""The records of the topic SubjectKeys, written and read: keys, fences, ticks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Discriminator, Tag, TypeAdapter

from events.contracts.keys import SubjectFence, SubjectKey, Tick
from events.contracts.topics import SUBJECT_KEYS
from events.keyring import WRAPPED_BYTES, WrappedKey
from events.personal import KeyId
from events.registry import UnreadableError
from events.seal import FINGERPRINT_BYTES
from events.store import Record


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
                # The first key of a subject counts: no rubbish may take its place.
                if len(told.wrapped) != WRAPPED_BYTES or len(mark) != FINGERPRINT_BYTES:
                    raise UnreadableError("what the record holds has not the size of a key")
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


def _record(told: SubjectKey | SubjectFence | Tick) -> Record:
    return Record(SUBJECT_KEYS, told.key.encode(), (), told.model_dump_json().encode())
