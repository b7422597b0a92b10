"""What one can do to the address book, each in one transaction."""

from dataclasses import dataclass
from uuid import UUID

from contacts.domain.commands import ChangeContact, ContactCommand, RegisterContact
from contacts.domain.decider import DECIDER, Contact
from contacts.domain.details import ContactDetails
from contacts.domain.events import registry
from contacts.publishing import publish
from events.clock import Clock
from events.commands import Commands
from events.stream import Cause, Order, StreamKind

CONTACT = StreamKind("contact", registry, DECIDER, publish)


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
