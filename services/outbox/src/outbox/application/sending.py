"""Senden (n): what can be sent of a selection, and sending exactly that."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from events.clock import Clock
from events.commands import Commands
from events.database import Database
from events.decider import Rejected
from events.ids import new_id
from events.keyring import KeyMissingError
from events.stream import Cause, Order
from outbox.application.known import KnownDelivery, selected
from outbox.application.streams import DELIVERY
from outbox.application.surroundings import Standards
from outbox.domain.delivery.commands import RequestDelivery, WithdrawDelivery
from outbox.domain.delivery.decider import objection
from outbox.domain.delivery.rejections import DeliveryUnknown

_AT_ONCE = 500
_NAMELESS = "Dokument"


class SelectionChanged(Rejected):
    """Between what was shown and now, something else has become of the selection."""


class DocumentUnknown(Rejected):
    """There is no such document."""

    status = 404


class RecipientKeyMissing(Rejected):
    """The keys under which the recipient's data is sealed have not arrived yet."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a clerk has marked: whole documents, single deliveries, or both."""

    documents: frozenset[UUID]
    deliveries: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Refused:
    """A selected thing that was not, or cannot be, sent."""

    document: UUID | None
    delivery: UUID | None
    rejection: Rejected


@dataclass(frozen=True, slots=True)
class Sending:
    """What was, or would be, sent of a selection.

    `shown` names exactly this set of deliveries: given back with the order to send, it makes sure
    that what was shown is what is sent.
    """

    sent: tuple[KnownDelivery, ...]
    refused: tuple[Refused, ...]

    @property
    def documents(self) -> int:
        """The n of Senden (n)."""
        return len({delivery.plan.document for delivery in self.sent})

    @property
    def shown(self) -> str:
        lines = sorted(f"{known.plan.delivery} {known.attempt}" for known in self.sent)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Sends deliveries and takes them back."""

    commands: Commands
    database: Database
    clock: Clock
    standards: Standards

    async def preview(self, mandant: UUID, selection: Selection) -> Sending:
        """What sending this selection would do now."""
        async with self.database.working([mandant]) as connection:
            known = await selected(connection, mandant, selection.documents, selection.deliveries)
            around = await self.standards.surroundings(connection, mandant, _contacts(known))
        missing = _unknown(selection, known)
        sent, refused = [], []
        for delivery in known:
            assert delivery.state is not None
            against = objection(delivery.plan, delivery.state, around.basis(delivery.plan.contact))
            if against is None:
                sent.append(delivery)
            else:
                refused.append(_refused(delivery, against))
        return Sending(tuple(sent), (*missing, *refused))

    async def send(
        self, mandant: UUID, selection: Selection, shown: str | None, by: str, cause: Cause
    ) -> Sending:
        """Request all deliveries of the selection that can be sent; report the others.

        Nobody can send a delivery that is being sent: of two who try, one is refused.
        Raises `SelectionChanged` when `shown` names another set than would be sent now.
        """
        now = await self.preview(mandant, selection)
        if shown is not None and shown != now.shown:
            raise SelectionChanged
        batch = new_id()
        sent: list[KnownDelivery] = []
        refused = list(now.refused)
        for start in range(0, len(now.sent), _AT_ONCE):
            some = now.sent[start : start + _AT_ONCE]
            for delivery, result in zip(
                some, await self._request(mandant, some, batch, by, cause), strict=True
            ):
                if isinstance(result, Rejected):
                    refused.append(_refused(delivery, result))
                else:
                    sent.append(delivery)
        return Sending(tuple(sent), tuple(refused))

    async def withdraw(self, mandant: UUID, delivery: UUID, by: str, cause: Cause) -> None:
        """Ask the channel to stop it. Raises what the rules have against it."""
        command = WithdrawDelivery(by, self.clock())
        await self.commands.one(Order(DELIVERY, delivery, mandant, command, cause))

    async def _request(
        self,
        mandant: UUID,
        known: Sequence[KnownDelivery],
        batch: UUID,
        by: str,
        cause: Cause,
    ) -> Sequence[object]:
        """Against what is known now, not when the selection was looked at."""
        async with self.database.working([mandant]) as connection:
            around = await self.standards.surroundings(connection, mandant, _contacts(known))
        now = self.clock()
        orders = [
            Order(
                DELIVERY,
                each.plan.delivery,
                mandant,
                RequestDelivery(
                    around.basis(each.plan.contact), batch, file_name(each.name), by, now
                ),
                cause,
            )
            for each in known
        ]
        try:
            return await self.commands.run(orders)
        except KeyMissingError:
            return [await self._alone(order) for order in orders]

    async def _alone(self, order: Order) -> object:
        """One recipient whose keys have not arrived must not keep the others waiting."""
        try:
            return (await self.commands.run([order]))[0]
        except KeyMissingError:
            return RecipientKeyMissing()


def file_name(name: str | None) -> str:
    """How the file is called where the recipient sees it."""
    called = name or _NAMELESS
    return called if called.lower().endswith(".pdf") else f"{called}.pdf"


def _contacts(known: Collection[KnownDelivery]) -> set[UUID]:
    return {each.plan.contact for each in known if each.plan.contact is not None}


def _refused(delivery: KnownDelivery, rejection: Rejected) -> Refused:
    return Refused(delivery.plan.document, delivery.plan.delivery, rejection)


def _unknown(selection: Selection, known: Collection[KnownDelivery]) -> list[Refused]:
    """What was selected and is not there, or has nothing to send."""
    documents = selection.documents - {each.plan.document for each in known}
    deliveries = selection.deliveries - {each.plan.delivery for each in known}
    return [
        *(Refused(document, None, DocumentUnknown()) for document in sorted(documents)),
        *(Refused(None, delivery, DeliveryUnknown()) for delivery in sorted(deliveries)),
    ]
