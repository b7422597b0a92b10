"""The rules of an erasure: ordered once, confirmed by each service, certified when all is gone."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, assert_never
from uuid import UUID

from contacts.domain.erasure.commands import (
    CertifyErasure,
    ErasureCommand,
    OrderErasure,
    RecordConfirmation,
)
from contacts.domain.erasure.events import (
    ErasureCertified,
    ErasureConfirmed,
    ErasureEvent,
    ErasureOrdered,
)
from events.decider import Decider, Rejected
from events.ids import derived_id
from events.personal import Category, KeyId


class Part(NamedTuple):
    """What one service has to confirm."""

    service: str
    category: Category


@dataclass(frozen=True, slots=True)
class Erasure:
    """How far it has come; `ordered_at` is None while nobody has ordered it."""

    contact: UUID | None = None
    categories: tuple[Category, ...] = ()
    ordered_at: datetime | None = None
    confirmed: frozenset[Part] = frozenset()
    fingerprints: frozenset[str] = frozenset()
    certified: bool = False

    @property
    def keys(self) -> frozenset[KeyId]:
        """The keys that have to be gone."""
        if self.contact is None:
            return frozenset()
        return frozenset(KeyId(self.contact, category) for category in self.categories)

    def lacking(self, services: AbstractSet[str]) -> frozenset[Part]:
        """What these services have not confirmed yet."""
        parts = {Part(service, category) for service in services for category in self.categories}
        return frozenset(parts - self.confirmed)


class ErasureIncomplete(Rejected):
    """Somebody has not confirmed, or a key still stands in Kafka: there is nothing to certify."""


def stream_of(contact: UUID) -> UUID:
    """The stream of a contact's erasure: its own, since the contact's keys are gone afterwards."""
    return derived_id(contact, "erasure")


def decide(command: ErasureCommand, state: Erasure) -> Sequence[ErasureEvent]:
    match command:
        case OrderErasure():
            return () if state.ordered_at else (_ordered(command),)
        case RecordConfirmation():
            part = Part(command.service, command.category)
            # Before its order only the fences of an earlier life of this database are confirmed.
            if state.ordered_at is None or part in state.confirmed:
                return ()
            return (
                ErasureConfirmed(
                    service=command.service,
                    category=command.category,
                    fingerprint=command.fingerprint,
                    confirmed_at=command.at,
                ),
            )
        case CertifyErasure():
            return () if state.certified else (_certified(command, state),)
        case _ as never:
            assert_never(never)


def is_complete(state: Erasure, services: AbstractSet[str], gone: AbstractSet[KeyId]) -> bool:
    """The certificate's condition: all have confirmed all, and the topic holds fences only."""
    return state.ordered_at is not None and not state.lacking(services) and state.keys <= gone


def evolve(state: Erasure, event: ErasureEvent) -> Erasure:
    match event:
        case ErasureOrdered():
            return replace(
                state,
                contact=event.contact,
                categories=event.categories,
                ordered_at=event.ordered_at,
            )
        case ErasureConfirmed():
            named = {event.fingerprint} if event.fingerprint else set()
            return replace(
                state,
                confirmed=state.confirmed | {Part(event.service, event.category)},
                fingerprints=state.fingerprints | named,
            )
        case ErasureCertified():
            return replace(state, certified=True)
        case _ as never:
            assert_never(never)


def _ordered(command: OrderErasure) -> ErasureOrdered:
    return ErasureOrdered(
        contact=command.contact,
        categories=command.categories,
        legal_basis=command.legal_basis,
        ordered_by=command.by,
        ordered_at=command.now,
    )


def _certified(command: CertifyErasure, state: Erasure) -> ErasureCertified:
    if not is_complete(state, command.services, command.gone):
        raise ErasureIncomplete
    return ErasureCertified(
        services=tuple(sorted(command.services)),
        fingerprints=tuple(sorted(state.fingerprints)),
        certified_at=command.now,
    )


DECIDER: Decider[ErasureCommand, Erasure, ErasureEvent] = Decider(Erasure(), decide, evolve)
