"""The one table of OUT-19: what each state of a delivery is called, counted as and coloured."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """Where a delivery stands."""

    OPEN = "open"
    SCHEDULED = "scheduled"
    WITHDRAWN = "withdrawn"
    DELIVERED = "delivered"
    NOT_DELIVERABLE = "not-deliverable"
    FAILED = "failed"
    REQUESTED = "requested"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in-progress"
    UNCERTAIN = "uncertain"
    EDITED = "edited"


class Counter(StrEnum):
    """The figures behind a document's bar, in the order in which they are shown; then their sum."""

    OPEN = "open"
    DELIVERED = "delivered"
    FAILED = "failed"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"


class Colour(StrEnum):
    """What a share of the bar is painted with; the rest stays grey."""

    GREEN = "green"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown."""

    label: str
    counter: Counter
    colour: Colour | None = None


LOOKS: Mapping[State, Look] = {
    State.OPEN: Look("offen", Counter.OPEN),
    State.SCHEDULED: Look("geplant", Counter.OPEN),
    State.WITHDRAWN: Look("zurückgezogen", Counter.OPEN),
    State.DELIVERED: Look("erfolgreich", Counter.DELIVERED, Colour.GREEN),
    State.NOT_DELIVERABLE: Look("fehlgeschlagen", Counter.FAILED, Colour.RED),
    State.FAILED: Look("fehlgeschlagen", Counter.FAILED, Colour.RED),
    State.REQUESTED: Look("in Zustellung", Counter.IN_PROGRESS),
    State.ACCEPTED: Look("in Zustellung", Counter.IN_PROGRESS),
    State.IN_PROGRESS: Look("in Zustellung", Counter.IN_PROGRESS),
    State.UNCERTAIN: Look("ungeklärt", Counter.ON_HOLD),
    State.EDITED: Look("in Bearbeitung", Counter.ON_HOLD),
}

COUNTER_LABELS: Mapping[Counter, str] = {
    Counter.OPEN: "offen",
    Counter.DELIVERED: "erfolgreich",
    Counter.FAILED: "fehlgeschlagen",
    Counter.IN_PROGRESS: "in Zustellung",
    Counter.ON_HOLD: "ungeklärt oder in Bearbeitung",
}
TOTAL_LABEL = "gesamt"


class Tally(NamedTuple):
    """How many deliveries stand where."""

    open: int = 0
    delivered: int = 0
    failed: int = 0
    in_progress: int = 0
    on_hold: int = 0

    @property
    def total(self) -> int:
        return sum(self)

    def share(self, colour: Colour) -> float:
        """How much of the bar has this colour, from 0 to 1."""
        counters = {look.counter for look in LOOKS.values() if look.colour is colour}
        coloured = sum(n for counter, n in zip(Counter, self, strict=True) if counter in counters)
        return coloured / (self.total or 1)


def tally(states: Iterable[State]) -> Tally:
    """Count deliveries by their state."""
    counted = dict.fromkeys(Counter, 0)
    for state in states:
        counted[LOOKS[state].counter] += 1
    return Tally(*counted.values())
