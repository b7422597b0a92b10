"""Stored names and versions of events: chosen by hand, so that classes may move."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

Json = dict[str, Any]


class UnreadableError(Exception):
    """The bytes or fields make no sense; no later attempt will change that."""

    slug = "unreadable"


class TooNewError(Exception):
    """The event was written by a later release than this one: wait, never throw it away."""


class Event(BaseModel):
    """A private fact of one service. Fields that it does not declare are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PublishedEvent(Event):
    """A fact that other services hear. Readers ignore fields that they do not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Name(NamedTuple):
    """What is stored beside the data to find the class again."""

    type: str
    schema: int


E = TypeVar("E", bound=Event)

Upcaster = Callable[[Json], Json]
"""Turns the fields of one version into those of the next; pure, and keeps what it is given.

It gets public and personal fields side by side, under the names of its own version. Personal
fields are absent once the person was erased, or where this service may not read them.
"""


class Registry:
    """Which class stands for which stored name, and how its data is checked."""

    def __init__(self) -> None:
        self._classes: dict[str, type[Event]] = {}
        self._names: dict[type[Event], Name] = {}
        self._upcasters: dict[str, tuple[Upcaster, ...]] = {}

    def event(
        self, name: str, *, version: int = 1, upcasters: Sequence[Upcaster] = ()
    ) -> Callable[[type[E]], type[E]]:
        """Register the decorated class under `name`, as it looks since `version`.

        `upcasters` lead from version 1 to `version`, one for each step. Raises `ValueError` where
        one is missing.
        """

        def register(cls: type[E]) -> type[E]:
            if name in self._classes:
                raise ValueError(f"{name} is registered twice")
            if len(upcasters) != version - 1:
                raise ValueError(f"{name} v{version} needs {version - 1} upcasters")
            self._classes[name] = cls
            self._names[cls] = Name(name, version)
            self._upcasters[name] = tuple(upcasters)
            return cls

        return register

    def name_of(self, cls: type[Event]) -> Name:
        return self._names[cls]

    def class_of(self, name: str) -> type[Event]:
        return self._classes[name]

    def knows(self, name: str) -> bool:
        return name in self._classes

    def names(self) -> Mapping[str, type[Event]]:
        return dict(self._classes)

    def check(self, name: Name) -> None:
        """Raise `TooNewError` or `UnreadableError` where this release can't read the event."""
        cls = self._classes.get(name.type)
        if cls is None:
            raise UnreadableError(f"no event is called {name.type}")
        known = self._names[cls].schema
        if name.schema > known:
            raise TooNewError(f"{name.type} v{name.schema} is newer than v{known}")
        if name.schema < 1:
            raise UnreadableError(f"{name.type} never had a version {name.schema}")

    def load(self, name: Name, fields: Json) -> Event:
        """The event that `fields` describe; raises `TooNewError` or `UnreadableError`."""
        self.check(name)
        for upcast in self._upcasters[name.type][name.schema - 1 :]:
            fields = _upcast(name, upcast, fields)
        try:
            return self._classes[name.type].model_validate(fields)
        except ValidationError as error:
            raise UnreadableError(f"{name.type}: {_where(error)}") from None


def _upcast(name: Name, upcast: Upcaster, fields: Json) -> Json:
    try:
        return upcast(fields)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # Its text may quote what nobody should read.
        problem = f"{upcast.__name__} fails with {type(error).__name__}"
        raise UnreadableError(f"{name.type} v{name.schema}: {problem}") from None


def _where(error: ValidationError) -> str:
    """Which fields are wrong and how, without their values: they may be personal."""
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'])} {problem['type']}"
        for problem in error.errors(include_url=False, include_input=False)
    )
