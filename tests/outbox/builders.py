"""Ordinary documents, deliveries and contacts, for tests to change what they are about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from events.contracts.deliveries import (
    Channel,
    FileReference,
    PostalAddress,
    Sender,
)
from outbox.domain.checks import Basis, Limits
from outbox.domain.delivery.events import Answer, DeliveryAnswered, DeliveryPlanned
from outbox.domain.delivery.plan import Plan, delivery_id
from outbox.domain.recipient.snapshot import Recipient, Stamp

MANDANT = UUID("018f0000-0000-7000-8000-000000000001")
DOCUMENT = UUID("018f0000-0000-7000-8000-0000000000d0")
CONTACT = UUID("018f0000-0000-7000-8000-0000000000c0")
BATCH = UUID("018f0000-0000-7000-8000-0000000000b0")
MEGABYTE = 1024 * 1024
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

FILE = FileReference(sha256="ab" * 32, size_bytes=120_000, pages=2)
SENDER = Sender(
    name="Hausverwaltung Sonnenschein GmbH",
    street="Bahnhofstraße 1",
    postal_code="06108",
    town="Halle (Saale)",
)
ADDRESS = PostalAddress(
    street="Große Ulrichstraße", house_number="12a", postal_code="06108", town="Halle", country="DE"
)
RECIPIENT = Recipient(
    contact=CONTACT,
    stamp=Stamp(1, 1),
    preferred_channels=(Channel.EPOST,),
    short_name="Brühl, Mario",
    salutation="Sehr geehrter Herr Brühl",
    name_lines=("Herrn", "Mario Brühl"),
    postal_address=ADDRESS,
    address_lines=("Herrn", "Mario Brühl", "Große Ulrichstraße 12a", "06108 Halle"),
    mail_address="mario.bruehl@example.org",
)
BASIS = Basis(RECIPIENT, SENDER, Limits())
UNKNOWN = replace(BASIS, recipient=None)


def at(minute: int) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minute)


def plan(channel: Channel = Channel.EPOST, **changed: object) -> Plan:
    """A delivery of the document's only slot."""
    ordinary = Plan(
        delivery=delivery_id(DOCUMENT, 0, channel),
        document=DOCUMENT,
        slot=0,
        contact=CONTACT,
        channel=channel,
        file=FILE,
    )
    return replace(ordinary, **changed)  # type: ignore[arg-type]  # checked by the dataclass's users


def planned(channel: Channel = Channel.EPOST, **changed: object) -> DeliveryPlanned:
    """It was planned at noon, and could be sent."""
    return DeliveryPlanned(plan=plan(channel, **changed), against=Stamp(1, 1), planned_at=NOON)


def answered(
    answer: Answer,
    minute: int,
    *,
    attempt: int = 1,
    needs_person: bool = False,
    reason: str | None = None,
) -> DeliveryAnswered:
    """The channel told this; the same words are the same event."""
    heard = UUID(int=hash((answer, minute, attempt, needs_person, reason)) % (1 << 64))
    return DeliveryAnswered(
        attempt=attempt,
        answer=answer,
        at=at(minute),
        heard=heard,
        source="delivery-epost",
        reason=reason,
        needs_person=needs_person,
    )
