"""What one can do to the address book, each in one transaction."""

from collections.abc import Awaitable, Callable, Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from uuid import UUID

from contacts.domain.commands import ChangeContact, ContactCommand, RegisterContact
from contacts.domain.decider import DECIDER, Contact, ContactNotRegistered
from contacts.domain.details import ContactDetails
from contacts.domain.erasure import decider as erasure
from contacts.domain.erasure import events as erasure_events
from contacts.domain.erasure.commands import CertifyErasure, OrderErasure
from contacts.domain.events import registry
from contacts.publishing import keep_to_ourselves, publish
from events.clock import Clock
from events.commands import Commands
from events.personal import Category, KeyId
from events.stream import Cause, Order, StreamKind

CONTACT = StreamKind("contact", registry, DECIDER, publish)
ERASURE = StreamKind("erasure", erasure_events.registry, erasure.DECIDER, keep_to_ourselves)


@dataclass(frozen=True, slots=True)
class AddressBook:
    """The address books of all mandants; each call names the one it is about."""

    commands: Commands
    clock: Clock

    async def register(
        self, mandant: UUID, contact: UUID, details: ContactDetails, cause: Cause
    ) -> Contact:
        """Enter a contact under an id of the caller's; doing it twice enters it once.

        Raises `DetailsInvalid`, `ContactAlreadyRegistered`, and what `Commands.one` raises.
        """
        command = RegisterContact(contact, details, self.clock())
        return await self._run(mandant, command, cause)

    async def change(
        self, mandant: UUID, contact: UUID, version: int, details: ContactDetails, cause: Cause
    ) -> Contact:
        """Replace the details of a contact of which the caller has seen `version`.

        Raises `DetailsInvalid`, `ContactNotRegistered`, `ContactChangedMeanwhile`, and what
        `Commands.one` raises.
        """
        command = ChangeContact(contact, version, details, self.clock())
        return await self._run(mandant, command, cause)

    async def _run(self, mandant: UUID, command: ContactCommand, cause: Cause) -> Contact:
        order = Order(CONTACT, command.contact, mandant, command, cause)
        done = await self.commands.one(order)
        assert isinstance(done.state, Contact)
        return done.state


@dataclass(frozen=True, slots=True)
class Erasures:
    """Contacts erased for good, in all services.

    `confirmed_by` are the services that have to confirm. `only_fenced` reads the whole topic of
    keys and says of which of these keys it holds the fence and nothing else; it raises Kafka's
    errors and `TimeoutError`.
    """

    commands: Commands
    clock: Clock
    confirmed_by: AbstractSet[str]
    only_fenced: Callable[[Collection[KeyId]], Awaitable[AbstractSet[KeyId]]]

    async def order(
        self, mandant: UUID, contact: UUID, *, legal_basis: str, by: str, cause: Cause
    ) -> None:
        """Erase a contact: every category, of which it has data or not. Idempotent, irrevocable.

        Raises `ContactNotRegistered`, and what `Commands.one` raises.
        """
        known: Contact = await self.commands.state(Order(CONTACT, contact, mandant, None, cause))
        if not known.version:
            raise ContactNotRegistered
        command = OrderErasure(contact, tuple(Category), legal_basis, by, self.clock())
        await self.commands.one(Order(ERASURE, erasure.stream_of(contact), mandant, command, cause))

    async def certify(self, erasures: Iterable[tuple[UUID, UUID]]) -> None:
        """Certify those of these erasures, by mandant and stream, that are complete now.

        The topic is read once for all that are confirmed.
        """
        confirmed = []
        for mandant, stream in erasures:
            order = Order(ERASURE, stream, mandant, None)
            state: erasure.Erasure = await self.commands.state(order)
            if not state.certified and not state.lacking(self.confirmed_by):
                confirmed.append((mandant, stream, state))
        if not confirmed:
            return
        gone = await self.only_fenced({key for *_, state in confirmed for key in state.keys})
        command = CertifyErasure(self.confirmed_by, gone, self.clock())
        await self.commands.run(
            [
                Order(ERASURE, stream, mandant, command)
                for mandant, stream, state in confirmed
                if erasure.is_complete(state, self.confirmed_by, gone)
            ]
        )
