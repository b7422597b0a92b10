"""A small service to try the machinery on: it counts, and takes notes of persons."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, assert_never
from uuid import UUID

from events.clock import utc_now
from events.contracts import published
from events.contracts.contacts import ContactChanged, ContactKind
from events.contracts.topics import TOPICS
from events.decider import Decider, Rejected
from events.execute import Executor, Project
from events.ids import derived_id, new_id
from events.keyring import Keyring
from events.personal import Category, Personal
from events.recording import Origin
from events.registry import Event, PublishedEvent, Registry
from events.stream import Cause, Heard, Order, StreamKind

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
MANDANT = UUID("0190a000-0000-7000-8000-000000000001")
STRANGER = UUID("0190a000-0000-7000-8000-000000000002")

registry = Registry()


@registry.event("ledger.counted")
class Counted(Event):
    number: int


@registry.event("ledger.noted")
class Noted(Event):
    """A note of our own: we make the person's key, and others hear of it."""

    person: UUID
    name: Annotated[str | None, Personal("person", Category.IDENTITY, own=True)] = None


@registry.event("ledger.heard")
class Remembered(Event):
    """What another service said of a person, whose key it has made."""

    person: UUID
    name: Annotated[str | None, Personal("person", Category.IDENTITY)] = None


class Nonsense(Rejected):
    """The domain says no."""


@dataclass(frozen=True)
class Count:
    """Count, whatever was counted before."""


@dataclass(frozen=True)
class Note:
    person: UUID
    name: str | None


@dataclass(frozen=True)
class Remember:
    """Nothing, where it is known already."""

    person: UUID
    name: str | None


@dataclass(frozen=True)
class Refuse:
    """Refused always."""


@dataclass(frozen=True)
class Break:
    """A bug of ours, with a person's name in its text."""


Command = Count | Note | Remember | Refuse | Break
Fact = Counted | Noted | Remembered


@dataclass(frozen=True)
class Ledger:
    count: int = 0
    names: tuple[str | None, ...] = ()


def decide(command: Command, state: Ledger) -> Sequence[Fact]:
    match command:
        case Count():
            return [Counted(number=state.count + 1)]
        case Note(person, name):
            return [Noted(person=person, name=name)]
        case Remember(person, name):
            return [] if name in state.names else [Remembered(person=person, name=name)]
        case Refuse():
            raise Nonsense
        case Break():
            raise RuntimeError("Jürgen Groß broke it")
    assert_never(command)


def evolve(state: Ledger, event: Fact) -> Ledger:
    match event:
        case Counted(number=number):
            return replace(state, count=number)
        case Noted(name=name) | Remembered(name=name):
            return replace(state, names=(*state.names, name))
    assert_never(event)


def publish(_: Ledger, event: Fact, __: Ledger) -> Iterable[PublishedEvent]:
    if isinstance(event, Noted):
        for kind in (ContactKind.PERSON, ContactKind.COUPLE):
            yield ContactChanged(
                contact=event.person, kind=kind, changed_at=NOON, short_name=event.name
            )


LEDGER = StreamKind("ledger", registry, Decider(Ledger(), decide, evolve), publish)


def order(
    command: Command,
    stream: UUID | None = None,
    mandant: UUID = MANDANT,
    cause: Cause | None = None,
) -> Order:
    """An order to a stream of the ledger, a new one if none is named."""
    return Order(LEDGER, stream or new_id(), mandant, command, cause or Cause(new_id()))


def executor(
    keyring: Keyring,
    *,
    project: Project | None = None,
    issues_keys: frozenset[Category] = frozenset(),
) -> Executor:
    origin = Origin("ledger", 1, published, TOPICS)
    return Executor(origin, keyring, utc_now, project, issues_keys)


def ledger_of(contact: UUID) -> UUID:
    """The stream in which we keep what is said of a contact."""
    return derived_id(contact, "ledger")


def remember(heard: Heard) -> Sequence[Order]:
    """The policy: what is said of a contact goes to its ledger."""
    assert isinstance(heard.event, ContactChanged)
    command = Remember(heard.event.contact, heard.event.short_name)
    return [
        Order(LEDGER, ledger_of(heard.event.contact), heard.mandant, command, heard.next_cause())
    ]


def said(name: str | None = "Groß, Jürgen", contact: UUID | None = None) -> ContactChanged:
    """What the address book says of a contact, a new one if none is named."""
    return ContactChanged(
        contact=contact or new_id(), kind=ContactKind.PERSON, changed_at=NOON, short_name=name
    )
