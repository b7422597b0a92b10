"""How a service reacts to what others say."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from events.database import Connection
from events.registry import PublishedEvent
from events.stream import Heard, Order, StreamKind

Policy = Callable[[Heard], Sequence[Order]]
"""Translates an event of another service into orders to our streams; pure."""

Reaction = Callable[[Connection, Heard], Awaitable[Sequence[Order]]]
"""A policy that has to look at our read models first, inside the worker's transaction."""

Hears = Mapping[type[PublishedEvent], Policy | Reaction]


def reaction(react: Policy | Reaction) -> Reaction:
    """One shape for both kinds."""
    if inspect.iscoroutinefunction(react):
        return react

    async def without_looking(_: Connection, heard: Heard) -> Sequence[Order]:
        return react(heard)  # type: ignore[arg-type, call-arg, return-value] # a Policy

    return without_looking


class Translated(NamedTuple):
    """A command, and which of our streams it goes to."""

    stream: UUID
    command: Any


def ordering(
    kind: StreamKind[Any, Any, Any], translate: Callable[[Heard], Translated | None]
) -> Policy:
    """The policy that sends what is translated to streams of this kind; None is not for us."""

    def react(heard: Heard) -> Sequence[Order]:
        translated = translate(heard)
        if translated is None:
            return ()
        stream, command = translated
        return (Order(kind, stream, heard.mandant, command, heard.next_cause()),)

    return react
