"""Rules as two pure functions: what follows from a command, and what a fact changes."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E")


class Rejected(Exception):
    """The domain says no. The class name is the fact; the slug is what callers may rely on."""

    slug: ClassVar[str] = "rejected"
    status: ClassVar[int] = 409

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "slug" not in cls.__dict__:
            cls.slug = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()


@dataclass(frozen=True, slots=True)
class Decider(Generic[C, S, E]):
    """The rules of one kind of stream.

    `decide(command, state)` says which events follow, in order, or raises `Rejected`.
    `evolve(state, event)` folds one fact into the state; it never refuses.
    Neither reads a clock, does I/O or writes a log line: `now` comes in with the command.
    """

    initial: S
    decide: Callable[[C, S], Sequence[E]]
    evolve: Callable[[S, E], S]

    def fold(self, events: Iterable[E], state: S | None = None) -> S:
        """The state after `events`, starting from `state` or from the beginning."""
        folded = self.initial if state is None else state
        for event in events:
            folded = self.evolve(folded, event)
        return folded
