"""What a store of idempotency keys promises."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

TAKE_OVER_AFTER_S = 60.0


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request as it is recognised again: `key` is the caller's, within mandant and route."""

    mandant: UUID
    route: str
    key: str
    request_hash: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to give again. It must hold no personal data in clear: ids, not names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Claimed:
    """Ours to carry out; `since` tells our claim from one that took it over."""

    request: KeyedRequest
    since: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """It was carried out before."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class InProgress:
    """Someone is carrying it out now."""


@dataclass(frozen=True, slots=True)
class Different:
    """The key belongs to another request."""


ClaimResult = Claimed | Answered | InProgress | Different


class IdempotencyStore(Protocol):
    """Remembers which requests were carried out, and with which answer."""

    async def claim(self, request: KeyedRequest) -> ClaimResult:
        """Take the key, or say who has it. A claim left unanswered for long is taken over."""
        ...

    async def finish(self, claimed: Claimed, answer: Answer) -> None:
        """Keep the answer. Does nothing when the claim was taken over or finished meanwhile."""
        ...

    async def release(self, claimed: Claimed) -> None:
        """Give the key free again, unless the claim was taken over or finished meanwhile."""
        ...
