"""Planned deliveries to send: documents, recipients, and their keys in both services."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import psycopg

from events.commands import Commands
from events.contracts.deliveries import (
    Channel,
    FileReference,
    LetterOptions,
    MailOptions,
    PostalAddress,
    Sender,
)
from events.ids import new_id
from events.keyring import Keyring, WrappedKey
from events.personal import Category, KeyId
from events.stream import Cause, Order
from events.testing.postgres import Urls
from outbox.application.streams import DELIVERY, DOCUMENT
from outbox.domain.checks import Basis, Limits
from outbox.domain.delivery.commands import PlanDelivery, RequestDelivery
from outbox.domain.delivery.plan import Plan, delivery_id
from outbox.domain.document.commands import FileDocument
from outbox.domain.document.events import DocumentFiled
from outbox.domain.recipient.snapshot import Recipient, Stamp

MANDANTS = tuple(UUID(int=0x0190A000_0000_7000_8000_000000000000 + n) for n in range(1, 11))
_PER_DOCUMENT = 250
_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_BY = "bench"
_FILE = FileReference(sha256="ab" * 32, size_bytes=120_000, pages=2)
_SENDER = Sender(
    name="Hausverwaltung Lindenhof GmbH",
    street="Bahnhofstraße 1",
    postal_code="06108",
    town="Halle (Saale)",
)
_ADDRESS = PostalAddress(
    street="Große Ulrichstraße", house_number="12a", postal_code="06108", town="Halle", country="DE"
)
_KEPT = (Category.IDENTITY, Category.COMMUNICATION, Category.NOTES)


@dataclass(frozen=True, slots=True)
class Request:
    """A delivery that waits for somebody to press send."""

    mandant: UUID
    document: UUID
    delivery: UUID
    basis: Basis

    def order(self) -> Order:
        command = RequestDelivery(self.basis, self.delivery, "Einladung.pdf", _BY, _NOON)
        return Order(DELIVERY, self.delivery, self.mandant, command, Cause(self.delivery))


async def prepared(
    commands: Commands,
    keyring: Keyring,
    services: Iterable[Urls],
    count: int,
    identity: Callable[[], UUID] = new_id,
) -> list[Request]:
    """Documents for all mandants in turn, each recipient another person.

    `identity` names documents and recipients. The recipients' keys are put into `services`.
    """
    requests: list[Request] = []
    keys: list[tuple[UUID, WrappedKey]] = []
    while len(requests) < count:
        size = min(_PER_DOCUMENT, count - len(requests))
        mandant, document = MANDANTS[len(requests) // _PER_DOCUMENT % len(MANDANTS)], identity()
        plans = [_plan(document, slot, identity()) for slot in range(size)]
        bases = [_basis(plan.contact) for plan in plans if plan.contact]
        orders = [_filing(document, size, mandant)]
        orders += [
            Order(
                DELIVERY, plan.delivery, mandant, PlanDelivery(plan, basis, _NOON), Cause(document)
            )
            for plan, basis in zip(plans, bases, strict=True)
        ]
        await commands.run(orders)
        requests += [
            Request(mandant, document, plan.delivery, basis)
            for plan, basis in zip(plans, bases, strict=True)
        ]
    for service in services:
        keys = keys or [
            (request.mandant, keyring.make(KeyId(request.basis.recipient.contact, kind)))
            for request in requests
            if request.basis.recipient is not None
            for kind in _KEPT
        ]
        _keep(service, keys)
    return requests


def _filing(document: UUID, size: int, mandant: UUID) -> Order:
    filed = DocumentFiled(
        document=document,
        kind="invitation",
        origin="upload",
        property=None,
        recipients=size,
        deliveries=size,
        size_bytes=_FILE.size_bytes,
        file=_FILE,
        inspected=None,
        letter=LetterOptions(),
        mail=MailOptions(),
        created_by=_BY,
        created_at=_NOON,
        filed_at=_NOON,
        name="Einladung",
    )
    return Order(DOCUMENT, document, mandant, FileDocument(filed), Cause(document))


def _plan(document: UUID, slot: int, contact: UUID) -> Plan:
    return Plan(
        delivery=delivery_id(document, slot, Channel.EPOST),
        document=document,
        slot=slot,
        contact=contact,
        channel=Channel.EPOST,
        file=_FILE,
    )


def _basis(contact: UUID) -> Basis:
    recipient = Recipient(
        contact=contact,
        stamp=Stamp(1, 1),
        preferred_channels=(Channel.EPOST,),
        short_name="Brühl, Mario",
        salutation="Sehr geehrter Herr Brühl",
        name_lines=("Herrn", "Mario Brühl"),
        postal_address=_ADDRESS,
        address_lines=("Herrn", "Mario Brühl", "Große Ulrichstraße 12a", "06108 Halle"),
        mail_address="mario.bruehl@example.org",
    )
    return Basis(recipient, _SENDER, Limits())


def _keep(service: Urls, keys: Sequence[tuple[UUID, WrappedKey]]) -> None:
    """As if the address book had told of them. Isolation binds the owner too, but not a copy."""
    with psycopg.connect(service.migrator) as connection:
        connection.execute("alter table subject_key no force row level security")
        columns = "mandant, subject, category, wrapped, kek, fingerprint, own"
        with connection.cursor().copy(f"copy subject_key ({columns}) from stdin".encode()) as copy:
            for mandant, key in keys:
                name, category = key.id
                copy.write_row(
                    (mandant, name, category.value, key.wrapped, key.kek, key.fingerprint, False)
                )
        connection.execute("alter table subject_key force row level security")
