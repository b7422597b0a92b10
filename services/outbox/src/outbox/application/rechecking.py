"""Deliveries looked at again, after what they depend on has changed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from uuid import UUID

from events import tracing
from events.clock import Clock
from events.commands import Commands, Guard
from events.contracts.deliveries import Channel
from events.database import Database
from events.decider import Rejected
from events.erasure import demand_along
from events.ids import new_id
from events.stream import Cause, Order
from outbox.application.known import KnownDelivery, slots_of_contacts, without_sender
from outbox.application.streams import DELIVERY
from outbox.application.surroundings import Standards, Surroundings
from outbox.domain.checks import Basis
from outbox.domain.delivery.commands import CheckDelivery, DropDelivery, PlanDelivery
from outbox.domain.delivery.plan import Plan, delivery_id
from outbox.domain.slots import channels_for, rearrange
from outbox.projections.erasing import names_going_along

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Rechecking:
    """Brings deliveries up to what is known now, in transactions of bounded size.

    `guard` lets only one process at a time do so: a slower one would rearrange by old wishes.
    """

    commands: Commands
    database: Database
    clock: Clock
    standards: Standards

    async def recipients_changed(
        self, mandant: UUID, contacts: Collection[UUID], guard: Guard
    ) -> None:
        """Give the untouched slots of contacts the channels they prefer now; check the rest."""
        after: tuple[UUID, int] | None = None
        while True:
            async with self.database.working([mandant]) as connection:
                known = await slots_of_contacts(connection, mandant, contacts, after, _AT_ONCE)
                around = await self.standards.surroundings(connection, mandant, contacts)
            if not known:
                break
            gone = await self._rearrange(mandant, known, around, guard)
            kept = [each for each in known if each.state and each.plan.delivery not in gone]
            await self._check(mandant, kept, around, guard)
            after = (known[-1].plan.document, known[-1].plan.slot)
        await self._forget_names(mandant, contacts)

    async def sender_set(self, mandant: UUID, guard: Guard) -> None:
        """Check the deliveries that could not be sent for want of a sender."""
        after: UUID | None = None
        while True:
            async with self.database.working([mandant]) as connection:
                known = await without_sender(connection, mandant, after, _AT_ONCE)
                contacts = {each.plan.contact for each in known if each.plan.contact}
                around = await self.standards.surroundings(connection, mandant, contacts)
            if not known:
                return
            await self._check(mandant, known, around, guard)
            after = known[-1].plan.delivery

    async def _forget_names(self, mandant: UUID, contacts: Collection[UUID]) -> None:
        """A document may have been filed while its only recipient was being erased."""
        async with self.database.working([mandant]) as connection:
            names = await names_going_along(connection, contacts)
            await demand_along(connection, mandant, names, self.clock())

    async def _rearrange(
        self,
        mandant: UUID,
        known: Sequence[KnownDelivery],
        around: Surroundings,
        guard: Guard,
    ) -> set[UUID]:
        """Drop, then plan what replaces it; returns what was to be dropped.

        A slot of which something was requested at the last moment stays without replacement.
        """
        drops: list[UUID] = []
        plans: list[tuple[Plan, Basis, frozenset[UUID]]] = []
        for _, group in groupby(known, key=lambda each: (each.plan.document, each.plan.slot)):
            slot = list(group)
            pattern = slot[0].plan
            basis = around.basis(pattern.contact)
            wanted = channels_for(basis.recipient, around.settings.default_channel)
            change = rearrange([each.planned for each in slot], wanted)
            drops.extend(change.drop)
            plans.extend(
                (_by(channel, pattern), basis, frozenset(change.drop)) for channel in change.plan
            )
        refused = await self._drop(mandant, drops, guard)
        now = self.clock()
        due = [(plan, basis) for plan, basis, instead_of in plans if not instead_of & refused]
        commands = [PlanDelivery(plan, basis, now) for plan, basis in due]
        await self._run([(each.plan.delivery, each) for each in commands], mandant, guard)
        return set(drops)

    async def _drop(self, mandant: UUID, deliveries: Sequence[UUID], guard: Guard) -> set[UUID]:
        """Returns those that can't be dropped any more."""
        command = DropDelivery(by_hand=False, by="system", now=self.clock())
        results = await self._run([(each, command) for each in deliveries], mandant, guard)
        return {
            delivery
            for delivery, result in zip(deliveries, results, strict=True)
            if isinstance(result, Rejected)
        }

    async def _check(
        self,
        mandant: UUID,
        known: Sequence[KnownDelivery],
        around: Surroundings,
        guard: Guard,
    ) -> None:
        now = self.clock()
        commands = [
            (each.plan.delivery, CheckDelivery(around.basis(each.plan.contact), now))
            for each in known
        ]
        await self._run(commands, mandant, guard)

    async def _run(
        self, commands: Sequence[tuple[UUID, object]], mandant: UUID, guard: Guard
    ) -> Sequence[object]:
        cause = Cause(new_id(), traceparent=tracing.here())
        orders = [Order(DELIVERY, stream, mandant, command, cause) for stream, command in commands]
        return await self.commands.run(orders, guard=guard) if orders else ()


def _by(channel: Channel, pattern: Plan) -> Plan:
    """The same delivery by another channel."""
    delivery = delivery_id(pattern.document, pattern.slot, channel)
    return replace(pattern, delivery=delivery, channel=channel, by_hand=False)
