"""From a planned letter to the bytes that go to the print centre."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from delivery_epost.domain.events import LetterPlanned
from delivery_epost.ports import PostalAddress
from documents.cover import Cover
from documents.cover import Sender as CoverSender
from documents.letter import LetterLimits
from documents.store import DocumentStore, Reference
from documents.workshop import Workshop
from events.contracts.deliveries import FileReference, Sender

_BERLIN = ZoneInfo("Europe/Berlin")
_HOME = "DE"


class RecipientErasedError(Exception):
    """The recipient's data are gone for good: there is nobody to write to."""


@dataclass(frozen=True, slots=True)
class MadeLetter:
    """The letter in the document store, and what was done to make it."""

    file: FileReference
    turned_pages: tuple[int, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LetterMaker:
    """Cover sheet, portrait, merge, limits. The same plan always gives the same bytes."""

    store: DocumentStore
    workshop: Workshop
    limits: LetterLimits

    async def make(self, mandant: UUID, plan: LetterPlanned) -> MadeLetter:
        """Make the letter and keep it in the store.

        Raises `DocumentRejected`, `RecipientErasedError`, and what the store raises.
        """
        if plan.address_lines is None:
            raise RecipientErasedError
        sources = [await self.store.get(_reference(mandant, file)) for file in plan.files]
        cover = _cover(plan, plan.address_lines) if plan.options.cover_sheet else None
        letter = await self.workshop.letter(sources, cover, self.limits, duplex=plan.options.duplex)
        kept = await self.store.put(mandant, letter.content)
        notes = [warning.slug for warning in letter.warnings]
        return MadeLetter(
            file=FileReference(sha256=kept.sha256, size_bytes=kept.size_bytes, pages=letter.pages),
            turned_pages=letter.turned_pages,
            notes=(*(["pages-turned"] if letter.turned_pages else []), *notes),
        )

    async def made(self, mandant: UUID, file: FileReference) -> bytes:
        """The bytes of a letter that was made before."""
        return await self.store.get(_reference(mandant, file))


def recipient_of(plan: LetterPlanned) -> PostalAddress:
    """The recipient as the post office wants it; raises `RecipientErasedError`."""
    address, names = plan.postal_address, plan.name_lines
    if address is None or names is None or plan.address_lines is None:
        raise RecipientErasedError
    street = " ".join(part for part in (address.street, address.house_number) if part)
    lines = (*names, *([address.addition] if address.addition else []), street)
    # As printed: abroad the town stands in capitals, and the provider compares (W203, E203).
    town = address.town if address.country == _HOME else address.town.upper()
    return PostalAddress(lines, address.postal_code, town, address.country)


def _reference(mandant: UUID, file: FileReference) -> Reference:
    return Reference(mandant, file.sha256, file.size_bytes)


def _cover(plan: LetterPlanned, address_lines: tuple[str, ...]) -> Cover:
    return Cover(
        sender=_sender(plan.sender),
        recipient_lines=address_lines,
        date=_day(plan.planned_at),
        subjects=_subjects(plan.file_names),
        **({"salutation": plan.salutation} if plan.salutation else {}),
    )


def _sender(sender: Sender) -> CoverSender:
    lines = (sender.street, f"{sender.postal_code} {sender.town}")
    contact = tuple(line for line in (sender.reply_to or sender.mail_address,) if line)
    return CoverSender(sender.name, lines, contact)


def _day(planned_at: datetime) -> date:
    return planned_at.astimezone(_BERLIN).date()


def _subjects(names: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(name.removesuffix(".pdf") for name in names or ())
