"""What may be asked of a contact."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contacts.domain.details import ContactDetails


@dataclass(frozen=True, slots=True)
class RegisterContact:
    """Enter a new contact into the book."""

    contact: UUID
    details: ContactDetails
    now: datetime


@dataclass(frozen=True, slots=True)
class ChangeContact:
    """Replace the details, as someone decided who had seen `version` of the contact."""

    contact: UUID
    version: int
    details: ContactDetails
    now: datetime


ContactCommand = RegisterContact | ChangeContact
