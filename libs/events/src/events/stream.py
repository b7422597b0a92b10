"""The nouns of the machinery: kinds of streams, orders to them, and what came of an order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from events import tracing
from events.decider import Decider
from events.registry import Event, PublishedEvent, Registry

C = TypeVar("C")
S = TypeVar("S")
E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something happens: the story it belongs to, the event before it, and who asked."""

    correlation: UUID
    causation: UUID | None = None
    actor: str = "system"
    traceparent: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class StreamKind(Generic[C, S, E]):
    """Everything the machinery needs to know about one kind of stream.

    `publish(before, event, after)` turns one private event into what other services hear of it,
    in a fixed order: the n-th published event of a private one always has the same id.
    `opens`: whether these rules look at personal fields of what was recorded before. Where they do
    not, its blocks stay sealed and its keys untouched, which is a third of the cost of loading.
    """

    name: str
    registry: Registry
    decider: Decider[C, S, E]
    publish: Callable[[S, E, S], Iterable[PublishedEvent]]
    opens: bool = True


@dataclass(frozen=True, slots=True)
class Order:
    """A command on its way to one stream of one mandant.

    Without a cause it goes on with the story of the stream's last event.
    """

    kind: StreamKind[Any, Any, Any]
    stream: UUID
    mandant: UUID
    command: Any
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it stands in the log."""

    id: UUID
    mandant: UUID
    stream: UUID
    version: int
    at: datetime
    event: Event
    cause: Cause


@dataclass(frozen=True, slots=True)
class Change:
    """What one transaction did to one stream: the state before and after, and the events.

    Projections are given all changes of a transaction at once.
    """

    kind: StreamKind[Any, Any, Any]
    stream: UUID
    mandant: UUID
    before: Any
    after: Any
    recorded: tuple[Recorded, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What an order led to: the events it added (none: it was already so) and the state now."""

    state: Any
    recorded: tuple[Recorded, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """A published event of a service, as its listeners get it.

    `version` and `epoch` say which of two snapshots of a state event is the newer one. `at` is
    the instant at which it was recorded there, `heard_at` the one at which it is handled here.
    `replayed`: it is told again. `began_at`: when our database's present life began (`epoch`).
    `hop` is the span in which it is handled, where spans are kept.
    """

    id: UUID
    source: str
    mandant: UUID
    stream: UUID
    epoch: int
    version: int
    at: datetime
    heard_at: datetime
    event: PublishedEvent
    cause: Cause
    replayed: bool = False
    began_at: datetime | None = None
    hop: str | None = None

    @property
    def maybe_done(self) -> bool:
        """Whether we may have acted on it without remembering: then do nothing outside."""
        return self.replayed or (self.began_at is not None and self.at < self.began_at)

    def next_cause(self) -> Cause:
        """The cause of whatever follows from this event."""
        hop = self.hop or tracing.child(self.cause.traceparent)
        return Cause(self.cause.correlation, self.id, f"service:{self.source}", hop)
