"""Zustellweg hinzufügen, Zustellweg entfernen: the channels of a document, chosen by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from uuid import UUID

from events.clock import Clock
from events.commands import Commands
from events.contracts.deliveries import Channel
from events.database import Database
from events.decider import Rejected
from events.stream import Cause, Order
from outbox.application.known import KnownDelivery, of_document
from outbox.application.sending import DocumentUnknown, Refused
from outbox.application.streams import DELIVERY
from outbox.application.surroundings import Standards, Surroundings
from outbox.domain.delivery.commands import DropDelivery, PlanDelivery
from outbox.domain.delivery.plan import delivery_id


@dataclass(frozen=True, slots=True)
class Arranged:
    """How many deliveries came or went, and which could not go."""

    deliveries: int
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class Arranging:
    """Adds and removes channels. A slot that was touched no longer follows the preference."""

    commands: Commands
    database: Database
    clock: Clock
    standards: Standards

    async def add(self, mandant: UUID, document: UUID, channel: Channel, cause: Cause) -> Arranged:
        """One delivery by this channel for each recipient who lacks it. Idempotent.

        Raises `DocumentUnknown`.
        """
        known, around = await self._look_up(mandant, document)
        now = self.clock()
        orders = []
        for slot, group in groupby(known, key=lambda each: each.plan.slot):
            of_slot = list(group)
            if any(each.plan.channel is channel and each.state for each in of_slot):
                continue
            plan = replace(
                of_slot[0].plan,
                delivery=delivery_id(document, slot, channel),
                channel=channel,
                by_hand=True,
            )
            command = PlanDelivery(plan, around.basis(plan.contact), now)
            orders.append(Order(DELIVERY, plan.delivery, mandant, command, cause))
        await self.commands.run(orders)
        return Arranged(len(orders))

    async def remove(
        self, mandant: UUID, document: UUID, channel: Channel, by: str, cause: Cause
    ) -> Arranged:
        """Drop the document's deliveries by this channel; those already requested stay.

        Raises `DocumentUnknown`.
        """
        known, _ = await self._look_up(mandant, document)
        concerned = [each for each in known if each.plan.channel is channel and each.state]
        command = DropDelivery(by_hand=True, by=by, now=self.clock())
        results = await self.commands.run(
            [Order(DELIVERY, each.plan.delivery, mandant, command, cause) for each in concerned]
        )
        refused = tuple(
            Refused(document, each.plan.delivery, result)
            for each, result in zip(concerned, results, strict=True)
            if isinstance(result, Rejected)
        )
        return Arranged(len(concerned) - len(refused), refused)

    async def _look_up(
        self, mandant: UUID, document: UUID
    ) -> tuple[Sequence[KnownDelivery], Surroundings]:
        async with self.database.working([mandant]) as connection:
            known = await of_document(connection, mandant, document)
            if not known:
                raise DocumentUnknown
            contacts = {each.plan.contact for each in known if each.plan.contact}
            return known, await self.standards.surroundings(connection, mandant, contacts)
