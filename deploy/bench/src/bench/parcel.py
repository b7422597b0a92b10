"""The rules of a channel whose provider takes and delivers everything at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, assert_never
from uuid import UUID

from events.contracts.deliveries import Channel, DeliveryAccepted, DeliverySucceeded
from events.decider import Decider
from events.personal import Category, Personal
from events.registry import Event, PublishedEvent, Registry
from events.stream import StreamKind

registry = Registry()


@registry.event("parcel.planned")
class Planned(Event):
    """It was asked for; here is all that it takes to send it."""

    delivery: UUID
    document: UUID
    contact: UUID
    at: datetime
    name_lines: Annotated[tuple[str, ...] | None, Personal("contact", Category.IDENTITY)] = None
    address_lines: Annotated[
        tuple[str, ...] | None, Personal("contact", Category.COMMUNICATION)
    ] = None
    file_names: Annotated[tuple[str, ...] | None, Personal("contact", Category.NOTES)] = None


@registry.event("parcel.intended")
class Intended(Event):
    """The provider will now be asked."""

    at: datetime


@registry.event("parcel.accepted")
class Accepted(Event):
    """The provider has taken it over."""

    at: datetime


@registry.event("parcel.delivered")
class Delivered(Event):
    """It is there."""

    at: datetime


Fact = Planned | Intended | Accepted | Delivered


@dataclass(frozen=True, slots=True)
class Plan:
    plan: Planned


@dataclass(frozen=True, slots=True)
class Intend:
    at: datetime


@dataclass(frozen=True, slots=True)
class Tell:
    """What the provider said."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Parcel:
    plan: Planned | None = None
    intended: bool = False
    delivered: bool = False


def _decide(command: Plan | Intend | Tell, state: Parcel) -> Sequence[Fact]:
    match command:
        case Plan(plan):
            return () if state.plan else (plan,)
        case Intend(at):
            return () if state.intended else (Intended(at=at),)
        case Tell(at):
            return () if state.delivered else (Accepted(at=at), Delivered(at=at))
        case _ as never:
            assert_never(never)


def _evolve(state: Parcel, event: Fact) -> Parcel:
    match event:
        case Planned():
            return replace(state, plan=event)
        case Intended():
            return replace(state, intended=True)
        case Accepted():
            return state
        case Delivered():
            return replace(state, delivered=True)
        case _ as never:
            assert_never(never)


def _publish(_: Parcel, event: Fact, after: Parcel) -> Iterable[PublishedEvent]:
    tells = {Accepted: DeliveryAccepted, Delivered: DeliverySucceeded}.get(type(event))
    if tells is None or after.plan is None:
        return
    plan = after.plan
    yield tells(
        delivery=plan.delivery, attempt=1, document=plan.document, channel=Channel.EPOST, at=plan.at
    )


PARCEL = StreamKind("parcel", registry, Decider(Parcel(), _decide, _evolve), _publish)
