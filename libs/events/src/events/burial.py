"""What becomes of records that nobody can handle: buried, or held when they die in crowds."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from events.inbox import Row
from events.registry import Json
from events.stream import Order

HOLD = timedelta(minutes=15)
"""How long a held record is left alone before it is looked at again."""


@dataclass(frozen=True, slots=True)
class Buried:
    """What could still be read of a record that was buried; nothing of it has been checked."""

    mandant: UUID
    key: bytes | None
    fields: Json
    at: datetime


SetAside = Callable[[Buried], Sequence[Order]]
"""What a service does so that nobody waits in vain for an answer to a buried record; pure."""


def orders_after(told: Mapping[str, SetAside], row: Row, now: datetime) -> Sequence[Order]:
    """The orders that follow from burying a row: none, unless somebody waits for an answer."""
    set_aside = told.get(row.topic)
    if set_aside is None or row.mandant is None:
        return ()
    return set_aside(Buried(row.mandant, row.key, _fields(row.value), now))


def _fields(value: bytes | None) -> Json:
    try:
        fields = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return {}
    return fields if isinstance(fields, dict) else {}


@dataclass(slots=True)
class Deaths:
    """How many records were handled and how many died within the last minute.

    When more die than records can be blamed for, the fault is ours, and burying goes no further:
    the others are held in the inbox, where a better release finds them. Each process counts anew.
    """

    limit: int = 20
    share: float = 0.05
    window_s: float = 60.0
    _seen: deque[tuple[float, int, int]] = field(default_factory=deque)

    def too_many(self, handled: int, died: int) -> bool:
        """Whether these, on top of those of the last minute, are more than can be right."""
        while self._seen and self._seen[0][0] < time.monotonic() - self.window_s:
            self._seen.popleft()
        all_handled = handled + sum(before for _, before, _ in self._seen)
        all_died = died + sum(before for _, _, before in self._seen)
        return all_died > self.limit and all_died > self.share * all_handled

    def count(self, handled: int, died: int) -> None:
        """Remember what was committed; what was held has died too, as far as this counts."""
        self._seen.append((time.monotonic(), handled, died))
