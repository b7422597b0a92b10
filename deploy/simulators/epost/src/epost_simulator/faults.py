"""A queue of misbehaviours, each for the next requests that match it."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Kind(StrEnum):
    """`AFTER_ACCEPT`: the request has its full effect first, only the answer suffers."""

    DROP_BEFORE_ACCEPT = "drop-before-accept"
    DROP_AFTER_ACCEPT = "drop-after-accept"
    HANG = "hang"
    HANG_AFTER_ACCEPT = "hang-after-accept"
    ERROR_BEFORE_ACCEPT = "5xx-before-accept"
    ERROR_AFTER_ACCEPT = "5xx-after-accept"
    GARBAGE_AFTER_ACCEPT = "garbage-after-accept"
    EXPIRED = "401"
    TOO_MANY = "429"
    REFUSE = "refuse"
    FAIL_99 = "fail-99"


@dataclass(frozen=True, slots=True)
class Fault:
    """`path` is a prefix; `custom1` matches a letter that carries it or a query for it.

    `seconds` belongs to the hangs and to Retry-After of 429, `codes` to the refusal (the first
    one) and to the failures of status 99, `http_status` to the 5xx and the refusal.
    """

    kind: Kind
    path: str = "/api/Letter"
    custom1: str = ""
    times: int = 1
    seconds: float = 0.0
    codes: tuple[str, ...] = ("E318",)
    http_status: int = 500


class FaultQueue:
    """First in, first out among those that match."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def waiting(self) -> list[Fault]:
        return list(self._faults)

    def clear(self) -> None:
        self._faults.clear()

    def take(self, path: str, content: bytes) -> Fault | None:
        """Use up one turn of the first fault that matches; `content` is query and body."""
        for place, fault in enumerate(self._faults):
            if path.startswith(fault.path) and fault.custom1.encode() in content:
                left = replace(fault, times=fault.times - 1)
                self._faults[place : place + 1] = [left] if left.times > 0 else []
                return fault
        return None
