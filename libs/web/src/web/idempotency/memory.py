"""Idempotency keys in the memory of one process, for tests and development."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from web.idempotency.store import (
    TAKE_OVER_AFTER_S,
    Answer,
    Answered,
    Claimed,
    ClaimResult,
    Different,
    InProgress,
    KeyedRequest,
)


@dataclass(frozen=True, slots=True)
class _Row:
    claimed: Claimed
    answer: Answer | None


class MemoryIdempotency:
    """An IdempotencyStore without a database."""

    def __init__(
        self,
        *,
        take_over_after_s: float = TAKE_OVER_AFTER_S,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._patience = timedelta(seconds=take_over_after_s)
        self._clock = clock
        self._rows: dict[tuple[UUID, str, str], _Row] = {}

    async def claim(self, request: KeyedRequest) -> ClaimResult:
        """See IdempotencyStore."""
        now = self._clock()
        row = self._rows.get(_place(request))
        if row is not None:
            if row.claimed.request != request:
                return Different()
            if row.answer is not None:
                return Answered(row.answer)
            if now - row.claimed.since < self._patience:
                return InProgress()
        claimed = Claimed(request, now)
        self._rows[_place(request)] = _Row(claimed, None)
        return claimed

    async def finish(self, claimed: Claimed, answer: Answer) -> None:
        """See IdempotencyStore."""
        if self._holds(claimed):
            self._rows[_place(claimed.request)] = _Row(claimed, answer)

    async def release(self, claimed: Claimed) -> None:
        """See IdempotencyStore."""
        if self._holds(claimed):
            del self._rows[_place(claimed.request)]

    def _holds(self, claimed: Claimed) -> bool:
        return self._rows.get(_place(claimed.request)) == _Row(claimed, None)


def _place(request: KeyedRequest) -> tuple[UUID, str, str]:
    return (request.mandant, request.route, request.key)
