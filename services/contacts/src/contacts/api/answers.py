"""What callers get: a contact as it was entered, as a letter needs it, and what is unwise."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from contacts.domain.address import address_lines
from contacts.domain.details import ContactDetails, Finding, warnings
from contacts.domain.names import name_lines, short_name
from contacts.domain.salutation import RULE_VERSION, salutation
from contacts.queries import SavedContact
from events.contracts.contacts import ContactKind
from events.contracts.deliveries import Channel

Messages = Mapping[str, str]


class WarningAnswer(BaseModel):
    """What a clerk should know although it was saved; the slug is stable."""

    field: str
    slug: str
    detail: str


class SavedAnswer(BaseModel):
    """What became of a saving. Kept for repeated requests, so it holds nothing personal."""

    contact: UUID
    version: int
    warnings: list[WarningAnswer]


class LetterAnswer(BaseModel):
    """How to write to the contact, under the rules of `rule_version`."""

    rule_version: int
    salutation: str
    salutation_is_overridden: bool
    short_name: str
    name_lines: tuple[str, ...]
    address_lines: tuple[str, ...] | None


class ContactAnswer(BaseModel):
    """A contact; `details` is what a change sends back."""

    contact: UUID
    version: int
    changed_at: datetime
    details: ContactDetails
    letter: LetterAnswer
    warnings: list[WarningAnswer]


class ContactLineAnswer(BaseModel):
    """A contact as one line of a list."""

    model_config = ConfigDict(from_attributes=True)

    contact: UUID
    version: int
    kind: ContactKind
    short_name: str
    preferred_channels: tuple[Channel, ...]


def contact_answer(saved: SavedContact, messages: Messages) -> ContactAnswer:
    return ContactAnswer(
        contact=saved.contact,
        version=saved.version,
        changed_at=saved.changed_at,
        details=saved.details,
        letter=_letter(saved.details),
        warnings=warning_list(saved.details, messages),
    )


def warning_list(details: ContactDetails, messages: Messages) -> list[WarningAnswer]:
    return [
        WarningAnswer(field=finding.field, slug=finding.slug, detail=messages[finding.slug])
        for finding in warnings(details)
    ]


def error_list(findings: Sequence[Finding], messages: Messages) -> list[dict[str, str]]:
    """The errors in the shape in which the form of a request is complained about."""
    return [
        {"in": "body", "field": field, "slug": slug, "detail": messages[slug]}
        for field, slug in findings
    ]


def _letter(details: ContactDetails) -> LetterAnswer:
    names, address = details.names, details.postal_address
    return LetterAnswer(
        rule_version=RULE_VERSION,
        salutation=details.salutation_override or salutation(names),
        salutation_is_overridden=details.salutation_override is not None,
        short_name=short_name(names),
        name_lines=name_lines(names),
        address_lines=address_lines(names, address) if address else None,
    )
