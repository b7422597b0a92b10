"""A desk of the letter channel with a post office that counts, on real PostgreSQL."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from tests.delivery_epost.test_decider import PLANNED

from delivery_epost.application.desk import LETTERS, LetterDesk, Windows
from delivery_epost.application.making import LetterMaker
from delivery_epost.domain.commands import PlanLetter
from delivery_epost.domain.letter import Letter
from delivery_epost.domain.pace import Task
from delivery_epost.ports import Access, NotAcceptedError, Post, PostNumber, Submission
from documents.letter import LetterLimits
from documents.store import DocumentStore
from documents.testing import samples
from documents.workshop import Workshop
from events.contracts.deliveries import FileReference, PostalAddress
from events.ids import new_id
from events.personal import Category, KeyId
from events.service import Machinery
from events.stream import Order
from events.work import Due

MANDANT = new_id()
ACCESS = Access("5012345678", "77", "geheim", "geheim")


@dataclass
class CountingPost:
    """A post office that counts its letters, or takes none."""

    letters: list[str] = field(default_factory=list)
    unreachable: bool = False

    async def submit(self, _: Access, letter: Submission) -> PostNumber:
        if self.unreachable:
            raise NotAcceptedError("server-unreachable", "", "nicht erreichbar")
        self.letters.append(letter.custom1)
        return PostNumber(77)


@dataclass
class Office:
    """A desk with a planned letter, and a clock that can be set."""

    parts: Machinery
    post: CountingPost
    store: DocumentStore
    workshop: Workshop
    now: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    @property
    def desk(self) -> LetterDesk:
        return LetterDesk(
            self.parts.commands,
            LetterMaker(self.store, self.workshop, LetterLimits()),
            cast("Post", self.post),
            ACCESS,
            Windows(2700, 3600),
            lambda: self.now,
        )

    async def planned(self) -> Due:
        """A letter that is to be handed over."""
        content = samples.written(1)
        kept = await self.store.put(MANDANT, content)
        file = FileReference(sha256=kept.sha256, size_bytes=kept.size_bytes, pages=1)
        address = PostalAddress(
            street="Weg", house_number="7", postal_code="53113", town="Bonn", country="DE"
        )
        plan = PLANNED.model_copy(
            update={
                "files": (file,),
                "contact": new_id(),
                "name_lines": ("Erika Muster",),
                "postal_address": address,
                "address_lines": ("Erika Muster", "Weg 7", "53113 Bonn"),
            }
        )
        await self._keys(plan.contact)
        stream = new_id()
        await self.parts.commands.one(Order(LETTERS, stream, MANDANT, PlanLetter(plan)))
        return Due(stream, MANDANT, "epost", Task.SUBMIT, self.now)

    async def letter(self, item: Due) -> Letter:
        letter = await self.parts.commands.state(Order(LETTERS, item.stream, MANDANT, None))
        assert isinstance(letter, Letter)
        return letter

    async def _keys(self, contact: object) -> None:
        """The keys that the address book would have sent."""
        keyring = self.parts.settings.keyring()
        keys = [keyring.make(KeyId(contact, category)) for category in Category]  # type: ignore[arg-type] # a UUID
        async with self.parts.database.working([MANDANT]) as connection:
            for key in keys:
                await connection.execute(
                    "insert into subject_key values (%s, %s, %s, %s, %s, %s, false)",
                    (
                        MANDANT,
                        key.id.subject,
                        key.id.category,
                        key.wrapped,
                        key.kek,
                        key.fingerprint,
                    ),
                )
