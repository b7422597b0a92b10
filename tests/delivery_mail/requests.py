"""Requests of the outbox, as tests want them."""

from datetime import UTC, datetime
from typing import Any

from events.contracts.deliveries import (
    Channel,
    DeliveryRequested,
    DeliveryWithdrawalRequested,
    FileReference,
    MailOptions,
    Sender,
)
from events.ids import new_id

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SENDER = Sender(
    name="Hausverwaltung Lindenhof GmbH",
    street="Lindenallee 1",
    postal_code="04109",
    town="Leipzig",
    reply_to="post@lindenhof.example",
)
FILE = FileReference(sha256="ab" * 32, size_bytes=4096, pages=2)
# What must never be read in clear. None of it can turn up by chance in hexadecimal or base64.
PERSONAL = ("Groß", "Jürgen", "juergen.gross@post.example", "Betriebskostenabrechnung", "geehrter")


def a_request(**changes: Any) -> DeliveryRequested:
    """A request for a mail to Jürgen Groß, of a delivery like no other."""
    fields = {
        "delivery": new_id(),
        "attempt": 1,
        "document": new_id(),
        "channel": Channel.MAIL,
        "contact": new_id(),
        "batch": new_id(),
        "files": (FILE,),
        "sender": SENDER,
        "mail": MailOptions(),
        "requested_at": NOW,
        "short_name": "Groß, Jürgen",
        "salutation": "Sehr geehrter Herr Groß,",
        "mail_address": "juergen.gross@post.example",
        "file_names": ("Betriebskostenabrechnung 2025 Groß",),
    }
    return DeliveryRequested.model_validate(fields | changes)


def withdrawal_of(request: DeliveryRequested) -> DeliveryWithdrawalRequested:
    return DeliveryWithdrawalRequested(
        delivery=request.delivery,
        attempt=request.attempt,
        document=request.document,
        channel=request.channel,
        requested_at=request.requested_at,
    )
