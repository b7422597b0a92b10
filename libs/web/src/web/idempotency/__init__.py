"""One effect for a request that is sent twice, told by its `Idempotency-Key`."""

from web.idempotency.memory import MemoryIdempotency
from web.idempotency.once import HEADER, once
from web.idempotency.postgres import PostgresIdempotency
from web.idempotency.store import (
    Answer,
    Answered,
    Claimed,
    ClaimResult,
    Different,
    IdempotencyStore,
    InProgress,
    KeyedRequest,
)

__all__ = [
    "HEADER",
    "Answer",
    "Answered",
    "ClaimResult",
    "Claimed",
    "Different",
    "IdempotencyStore",
    "InProgress",
    "KeyedRequest",
    "MemoryIdempotency",
    "PostgresIdempotency",
    "once",
]
