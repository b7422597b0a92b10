"""How a document gets into the outbox: inspected, stored, with one delivery per channel."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from documents.inspect import Inspection
from documents.store import DocumentStore
from documents.workshop import Workshop
from events.clock import Clock
from events.commands import Commands
from events.contracts.deliveries import Channel, FileReference, LetterOptions, MailOptions
from events.database import Database
from events.decider import Rejected
from events.stream import Cause, Order
from outbox.application.announced import deliveries_of
from outbox.application.streams import DELIVERY, DOCUMENT
from outbox.application.surroundings import Standards, Surroundings
from outbox.domain.delivery.commands import PlanDelivery
from outbox.domain.delivery.plan import Plan, delivery_id
from outbox.domain.document.commands import FileDocument
from outbox.domain.document.decider import Document
from outbox.domain.document.events import DocumentFiled, Inspected
from outbox.domain.document.rejections import IdempotencyKeyReused
from outbox.domain.slots import channels_for


@dataclass(frozen=True, slots=True)
class Entry:
    """A document on its way in. Without recipients it has one slot, for a clerk to fill.

    `channels`, if given, are chosen by hand for all recipients; else each gets what he prefers.
    """

    mandant: UUID
    document: UUID
    name: str | None
    kind: str | None
    origin: str
    property: UUID | None
    recipients: tuple[UUID, ...]
    created_by: str
    created_at: datetime
    cause: Cause
    channels: tuple[Channel, ...] = ()
    letter: LetterOptions = field(default_factory=LetterOptions)
    mail: MailOptions = field(default_factory=MailOptions)


@dataclass(frozen=True, slots=True)
class Paper:
    """The file of an entry: what was inspected, or that it cannot be read.

    `asked_sha256` as in `DocumentFiled`.
    """

    size_bytes: int
    file: FileReference | None = None
    inspected: Inspected | None = None
    asked_sha256: str | None = None

    @property
    def encrypted(self) -> bool:
        return self.inspected is not None and self.inspected.encrypted


@dataclass(frozen=True, slots=True)
class Filing:
    """Takes documents in. Doing it twice under the same id files one document."""

    commands: Commands
    database: Database
    store: DocumentStore
    workshop: Workshop
    clock: Clock
    standards: Standards

    async def upload(self, entry: Entry, content: bytes) -> int:
        """File a document whose bytes come along; returns how many deliveries it has.

        Raises DocumentRejected, and what the store raises; then nothing was filed. Raises
        `IdempotencyKeyReused` where the id belongs to a document that was asked for otherwise.
        """
        asked = _asked_sha256(entry, content)
        if known := await self._deliveries(entry):
            await self._compare(entry, asked)
            return known
        inspection = await self.workshop.inspect(content)
        sound = inspection.repaired or content
        stored = await self.store.put(entry.mandant, sound)
        file = FileReference(
            sha256=stored.sha256, size_bytes=stored.size_bytes, pages=inspection.pages
        )
        paper = Paper(file.size_bytes, file, inspected(inspection), asked)
        return await self.file(entry, paper)

    async def file(self, entry: Entry, paper: Paper) -> int:
        """File a document whose file is stored; returns how many deliveries it has.

        The document and all its deliveries are one transaction, however many there are.
        """
        known = await self._deliveries(entry)
        if known:
            return known
        plans = list(_plans(entry, paper, around := await self._surroundings(entry)))
        now = self.clock()
        commands = [PlanDelivery(plan, around.basis(plan.contact), now) for plan in plans]
        filing = FileDocument(_filed(entry, paper, len(plans), now))
        orders = [
            Order(DOCUMENT, entry.document, entry.mandant, filing, entry.cause),
            *(
                Order(DELIVERY, command.plan.delivery, entry.mandant, command, entry.cause)
                for command in commands
            ),
        ]
        _none_rejected(await self.commands.run(orders))
        return len(plans)

    async def _deliveries(self, entry: Entry) -> int:
        async with self.database.working([entry.mandant]) as connection:
            return await deliveries_of(connection, entry.mandant, entry.document)

    async def _compare(self, entry: Entry, asked_sha256: str) -> None:
        """An answer is remembered for some days only, a document's id for ever."""
        order = Order(DOCUMENT, entry.document, entry.mandant, None, entry.cause)
        filed: Document = await self.commands.state(order)
        if filed.asked_sha256 != asked_sha256:
            raise IdempotencyKeyReused

    async def _surroundings(self, entry: Entry) -> Surroundings:
        async with self.database.working([entry.mandant]) as connection:
            return await self.standards.surroundings(connection, entry.mandant, entry.recipients)


def inspected(inspection: Inspection) -> Inspected:
    """What of an inspection is worth remembering."""
    return Inspected(
        repaired=inspection.repaired is not None,
        encrypted=inspection.encrypted,
        landscape_pages=len(inspection.landscape_pages),
        not_a4_pages=len(inspection.not_a4_pages),
        fonts_not_embedded=len(inspection.fonts_not_embedded),
    )


def _asked_sha256(entry: Entry, content: bytes) -> str:
    """What makes two uploads the same, in one figure: recipients may be thousands."""
    asked = (
        hashlib.sha256(content).hexdigest(),
        ",".join(map(str, entry.recipients)),
        ",".join(entry.channels),
    )
    return hashlib.sha256("\n".join(asked).encode()).hexdigest()


def _plans(entry: Entry, paper: Paper, around: Surroundings) -> Iterator[Plan]:
    default = around.settings.default_channel
    for slot, contact in enumerate(entry.recipients or (None,)):
        recipient = around.recipients.get(contact) if contact else None
        for channel in entry.channels or channels_for(recipient, default):
            yield Plan(
                delivery=delivery_id(entry.document, slot, channel),
                document=entry.document,
                slot=slot,
                contact=contact,
                channel=channel,
                file=paper.file,
                encrypted=paper.encrypted,
                letter=entry.letter,
                mail=entry.mail,
                by_hand=bool(entry.channels),
            )


def _filed(entry: Entry, paper: Paper, deliveries: int, now: datetime) -> DocumentFiled:
    return DocumentFiled(
        document=entry.document,
        kind=entry.kind,
        origin=entry.origin,
        property=entry.property,
        recipients=len(entry.recipients) or 1,
        deliveries=deliveries,
        size_bytes=paper.size_bytes,
        file=paper.file,
        inspected=paper.inspected,
        letter=entry.letter,
        mail=entry.mail,
        created_by=entry.created_by,
        created_at=entry.created_at,
        filed_at=now,
        asked_sha256=paper.asked_sha256,
        name=entry.name,
    )


def _none_rejected(results: Sequence[object]) -> None:
    """Filing and planning are never refused by the rules; by erasure they are."""
    for result in results:
        if isinstance(result, Rejected):
            raise result
