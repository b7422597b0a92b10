"""Given these facts, when this command comes, then these facts follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from events.decider import Decider, Rejected

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[E]):
    """What a command led to, waiting to be compared."""

    events: tuple[E, ...]
    rejection: Rejected | None

    def then(self, *expected: E) -> None:
        assert self.rejection is None, f"rejected: {self.rejection!r}"
        assert self.events == expected

    def then_nothing(self) -> None:
        self.then()

    def then_rejected(self, rejection: type[Rejected]) -> None:
        assert isinstance(self.rejection, rejection), f"{self.rejection!r}, {self.events!r}"


@dataclass(frozen=True, slots=True)
class Given(Generic[C, S, E]):
    """A stream with a history."""

    decider: Decider[C, S, E]
    history: Sequence[E]

    @property
    def state(self) -> S:
        return self.decider.fold(self.history)

    def when(self, command: C) -> Outcome[E]:
        try:
            events = self.decider.decide(command, self.state)
        except Rejected as rejection:
            return Outcome((), rejection)
        return Outcome(tuple(events), None)


@dataclass(frozen=True, slots=True)
class Scenario(Generic[C, S, E]):
    """The rules of one kind of stream, under test."""

    decider: Decider[C, S, E]

    def given(self, *history: E) -> Given[C, S, E]:
        return Given(self.decider, history)
