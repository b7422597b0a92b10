"""Which fields of an event are personal, about whom, and how they are taken out of it.

A field is declared personal where it is written down:

    mail_address: Annotated[str | None, Personal("contact", Category.COMMUNICATION)] = None

The first argument names the field that holds the person's id. All personal fields of one event
that share subject and category travel as one sealed block. Such a field is None once the person
was erased, or where a service is not entitled to the category; its type must allow that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import NamedTuple, TypeVar
from uuid import UUID

from events.registry import Event, Json, Name, Registry, UnreadableError


class Category(StrEnum):
    """Kinds of personal data, each with a key-encryption key of its own."""

    IDENTITY = "identity"
    COMMUNICATION = "communication"
    BANKING = "banking"
    PRIVATE = "private"
    NOTES = "notes"
    EVIDENCE = "evidence"


class KeyId(NamedTuple):
    """The name of a key: whose data, and which kind of it. Sorts, for the lock order."""

    subject: UUID
    category: Category


@dataclass(frozen=True, slots=True)
class Personal:
    """Marks a field as personal. `own`: this service makes the subject's key itself."""

    subject: str
    category: Category
    own: bool = False


Blocks = Mapping[KeyId, Json]
E = TypeVar("E", bound=Event)
_NONE: frozenset[KeyId] = frozenset()


@cache
def personal_fields(cls: type[Event]) -> Mapping[str, Personal]:
    """The personal fields of an event class, by name."""
    marks = {
        name: next((mark for mark in field.metadata if isinstance(mark, Personal)), None)
        for name, field in cls.model_fields.items()
    }
    return {name: mark for name, mark in marks.items() if mark is not None}


def take_apart(event: Event) -> tuple[Json, dict[KeyId, Json]]:
    """Split an event into what anyone may read and one block per subject and category."""
    public = event.model_dump(mode="json")
    blocks: dict[KeyId, Json] = {}
    for name, mark in personal_fields(type(event)).items():
        value = public.pop(name)
        if value is not None:
            key = KeyId(getattr(event, mark.subject), mark.category)
            blocks.setdefault(key, {})[name] = value
    return public, blocks


def put_together(cls: type[Event], public: Json, blocks: Blocks) -> Json:
    """Join public fields and opened blocks again. A block may only fill its declared fields.

    Raises `UnreadableError` where a subject is no id.
    """
    joined = dict(public)
    for name, mark in personal_fields(cls).items():
        joined.pop(name, None)
        subject = public.get(mark.subject)
        block = blocks.get(KeyId(_id(subject), mark.category)) if subject else None
        if block is not None and name in block:
            joined[name] = block[name]
    return joined


def assemble(registry: Registry, name: Name, public: Json, blocks: Blocks) -> Event:
    """The event that public fields and opened blocks describe, in today's shape.

    A block has the shape of the version in which it was sealed: upcasters get all of its fields,
    so that a personal field may be renamed, split or moved to another category or subject.
    Raises `TooNewError` or `UnreadableError`.
    """
    registry.check(name)
    cls = registry.class_of(name.type)
    if name == registry.name_of(cls):
        return registry.load(name, put_together(cls, public, blocks))
    joined = dict(public)
    for block in blocks.values():
        joined |= block
    return registry.load(name, joined)


def sealing_keys(event: Event, *, own_only: bool = False) -> frozenset[KeyId]:
    """The keys that sealing this event needs, or those of them that the service makes itself."""
    marks = personal_fields(type(event))
    if not marks:
        return _NONE
    return frozenset(
        KeyId(getattr(event, mark.subject), mark.category)
        for name, mark in marks.items()
        if (mark.own or not own_only) and getattr(event, name) is not None
    )


def _id(subject: object) -> UUID:
    try:
        return UUID(str(subject))
    except ValueError:
        raise UnreadableError("a subject of personal fields is no id") from None
