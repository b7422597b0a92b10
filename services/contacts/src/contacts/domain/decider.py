"""The rules of one contact: who may change what, and what follows."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

from contacts.domain.commands import ChangeContact, ContactCommand, RegisterContact
from contacts.domain.details import ContactDetails, Finding, errors
from contacts.domain.events import ContactChanged, ContactEvent, ContactRegistered
from events.decider import Decider, Rejected


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as far as decisions need it.

    `version` counts its events. `details` are None before the first, and again once the contact
    was erased.
    """

    version: int = 0
    details: ContactDetails | None = None


class DetailsInvalid(Rejected):
    """The details hold errors; all of them are told at once, like errors of form."""

    slug = "validation-failed"
    status = 422

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(*(finding.slug for finding in findings))
        self.findings = tuple(findings)


class ContactAlreadyRegistered(Rejected):
    """Under this id a contact with other details stands in the book."""


class ContactNotRegistered(Rejected):
    """There is no such contact."""

    status = 404


class ContactChangedMeanwhile(Rejected):
    """Someone else changed the contact since the caller has seen it."""

    status = 412


def decide(command: ContactCommand, contact: Contact) -> Sequence[ContactEvent]:
    """Saving what already stands there leads to nothing, whichever version the caller has seen."""
    details = _checked(command.details)
    if details == contact.details:
        return ()
    match command:
        case RegisterContact():
            if contact.version:
                raise ContactAlreadyRegistered
            return (ContactRegistered(**_snapshot(command.contact, command.now, details)),)
        case ChangeContact():
            if contact.details is None:
                raise ContactNotRegistered
            if command.version != contact.version:
                raise ContactChangedMeanwhile
            changed = _changed_fields(contact.details, details)
            snapshot = _snapshot(command.contact, command.now, details)
            return (ContactChanged(**snapshot, changed_fields=changed),)
        case _:
            assert_never(command)


def evolve(contact: Contact, event: ContactEvent) -> Contact:
    """Each event replaces everything but the count."""
    match event:
        case ContactRegistered() | ContactChanged():
            return Contact(contact.version + 1, _details(event))
        case _:
            assert_never(event)


DECIDER: Decider[ContactCommand, Contact, ContactEvent] = Decider(Contact(), decide, evolve)


def _checked(details: ContactDetails) -> ContactDetails:
    normal = details.normal()
    findings = errors(normal)
    if findings:
        raise DetailsInvalid(findings)
    return normal


def _snapshot(contact: UUID, now: datetime, details: ContactDetails) -> dict[str, Any]:
    return {
        "contact": contact,
        "at": now,
        "kind": details.names.kind,
        "preferred_channels": details.preferred_channels,
        "names": details.names,
        "salutation_override": details.salutation_override,
        "postal_address": details.postal_address,
        "mail_address": details.mail_address,
    }


def _details(event: ContactEvent) -> ContactDetails | None:
    if event.names is None:
        return None
    return ContactDetails(
        names=event.names,
        salutation_override=event.salutation_override,
        postal_address=event.postal_address,
        mail_address=event.mail_address,
        preferred_channels=event.preferred_channels,
    )


def _changed_fields(before: ContactDetails, after: ContactDetails) -> tuple[str, ...]:
    names = (field.name for field in fields(ContactDetails))
    return tuple(sorted(n for n in names if getattr(before, n) != getattr(after, n)))
