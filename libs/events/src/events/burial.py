"""What follows from burying a record that nobody can handle: somebody waits for an answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from events.contracts.deliveries import Channel, DeliveryEvent
from events.hearing import Translated
from events.inbox import Row
from events.registry import Json, PublishedEvent
from events.stream import Order, StreamKind


@dataclass(frozen=True, slots=True)
class Buried:
    """What could still be read of a record that was buried; nothing of it has been checked."""

    mandant: UUID
    key: bytes | None
    fields: Json
    at: datetime


SetAside = Callable[[Buried], Sequence[Order]]
"""What a service does so that nobody waits in vain for an answer to a buried record; pure."""

SetsAside = Mapping[type[PublishedEvent], SetAside]
"""Per event that somebody waits for an answer to."""


def about_delivery(buried: Buried, channel: Channel) -> DeliveryEvent | None:
    """Which delivery of this channel the record was about, where it still says so.

    Its key has to say the same: what contradicts itself is not believed.
    """
    try:
        event = DeliveryEvent.model_validate(buried.fields)
    except ValidationError:
        return None
    agrees = buried.key == str(event.delivery).encode() and event.channel is channel
    return event if agrees else None


def answering(
    kind: StreamKind[Any, Any, Any], translate: Callable[[Buried], Translated | None]
) -> SetAside:
    """What sends what is translated to streams of this kind; None is not for us."""

    def answer(buried: Buried) -> Sequence[Order]:
        translated = translate(buried)
        if translated is None:
            return ()
        return (Order(kind, translated.stream, buried.mandant, translated.command),)

    return answer


def orders_after(told: Mapping[str, SetAside], row: Row, now: datetime) -> Sequence[Order]:
    """The orders that follow from burying a row: none, unless somebody waits for an answer."""
    set_aside = told.get(row.topic)
    if set_aside is None or row.mandant is None:
        return ()
    return set_aside(Buried(row.mandant, row.key, _fields(row.value), now))


def _fields(value: bytes | None) -> Json:
    try:
        fields = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return {}
    return fields if isinstance(fields, dict) else {}
