"""Whether so many records die that they are held instead of buried: then the fault is ours."""

import time
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

HOLD = timedelta(minutes=15)
"""How long a held record is left alone before it is looked at again."""


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
