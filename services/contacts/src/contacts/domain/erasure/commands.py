"""What may be asked of an erasure."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from events.personal import Category, KeyId


@dataclass(frozen=True, slots=True)
class OrderErasure:
    """Erase the contact for good; asking twice is asking once."""

    contact: UUID
    categories: tuple[Category, ...]
    legal_basis: str
    by: str
    now: datetime


@dataclass(frozen=True, slots=True)
class RecordConfirmation:
    """A service says that it has done its part."""

    service: str
    category: Category
    fingerprint: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class CertifyErasure:
    """Issue the certificate.

    `services` have to confirm; of the keys in `gone` Kafka was just seen to hold the fence only.
    """

    services: AbstractSet[str]
    gone: AbstractSet[KeyId]
    now: datetime


ErasureCommand = OrderErasure | RecordConfirmation | CertifyErasure
