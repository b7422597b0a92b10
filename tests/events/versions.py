"""A service in two releases: the older one knows version 1 of what the newer one has changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from events.clock import utc_now
from events.contracts.topics import TOPICS
from events.decider import Decider
from events.execute import Executor
from events.keyring import Keyring
from events.personal import Category, Personal
from events.recording import Origin
from events.registry import Event, Json, PublishedEvent, Registry
from events.stream import Heard, Order, StreamKind

OLD, OLD_PUBLISHED = Registry(), Registry()
NEW, NEW_PUBLISHED = Registry(), Registry()


@OLD.event("person.met")
class OldMet(Event):
    """One name in one field, the phone number as private as the rest of it."""

    person: UUID
    name: Annotated[str | None, Personal("person", Category.IDENTITY)] = None
    phone: Annotated[str | None, Personal("person", Category.IDENTITY)] = None


@OLD_PUBLISHED.event("ContactChanged")
class OldContactChanged(PublishedEvent):
    contact: UUID
    full_name: Annotated[str | None, Personal("contact", Category.IDENTITY)] = None
    phone: Annotated[str | None, Personal("contact", Category.IDENTITY)] = None


def _in_two_parts(fields: Json) -> Json:
    """Version 2: first name and family name apart; `person` is called `contact`."""
    name = fields.get("name")
    first, _, last = (name or "").partition(" ")
    parts = {} if name is None else {"first_name": first, "last_name": last}
    kept = {key: value for key, value in fields.items() if key not in ("person", "name")}
    return {**kept, **parts, "contact": fields["person"]}


def _counted(fields: Json) -> Json:
    """Version 3: how often."""
    return {**fields, "times": 1}


def _in_two_names(fields: Json) -> Json:
    """Version 2 of what is published: the same, with the names that it had there."""
    kept = {key: value for key, value in fields.items() if key != "full_name"}
    return _in_two_parts({**kept, "person": fields["contact"], "name": fields.get("full_name")})


@NEW.event("person.met", version=3, upcasters=(_in_two_parts, _counted))
class NewMet(Event):
    """The phone number has become a matter of communication."""

    contact: UUID
    times: int
    first_name: Annotated[str | None, Personal("contact", Category.IDENTITY)] = None
    last_name: Annotated[str | None, Personal("contact", Category.IDENTITY)] = None
    phone: Annotated[str | None, Personal("contact", Category.COMMUNICATION)] = None


@NEW_PUBLISHED.event("ContactChanged", version=2, upcasters=(_in_two_names,))
class NewContactChanged(PublishedEvent):
    contact: UUID
    first_name: Annotated[str | None, Personal("contact", Category.IDENTITY)] = None
    last_name: Annotated[str | None, Personal("contact", Category.IDENTITY)] = None
    phone: Annotated[str | None, Personal("contact", Category.COMMUNICATION)] = None


@dataclass(frozen=True)
class Meet:
    """Note the event that the release at hand makes of this."""

    event: Event


def _decide(command: Meet, _: Sequence[Event]) -> Sequence[Event]:
    return [command.event]


def _evolve(state: Sequence[Event], event: Event) -> Sequence[Event]:
    return (*state, event)


def _release(registry: Registry) -> StreamKind[Any, Any, Any]:
    """The state is all events, as this release sees them."""
    return StreamKind("person", registry, Decider((), _decide, _evolve), lambda *_: ())


OLD_PERSON, NEW_PERSON = _release(OLD), _release(NEW)


def executor(keyring: Keyring, published: Registry) -> Executor:
    return Executor(Origin("people", 1, published, TOPICS), keyring, utc_now)


def meeting(heard: Heard) -> Sequence[Order]:
    """The newer release's policy."""
    told = heard.event
    assert isinstance(told, NewContactChanged)
    met = NewMet(times=1, **told.model_dump())
    return [Order(NEW_PERSON, told.contact, heard.mandant, Meet(met), heard.next_cause())]
