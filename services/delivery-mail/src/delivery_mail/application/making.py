"""From a planned mail to the bytes that go over the wire."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from delivery_mail.domain.events import KeptMessage, MailPlanned
from delivery_mail.message import composing
from delivery_mail.message.attachments import Attachment, TooLargeFiles, check_sizes, pdf_names
from delivery_mail.message.signature import DkimKey
from delivery_mail.texts import german_size, text
from documents.store import DocumentDamagedError, DocumentMissingError, DocumentStore, Reference


class MailNotMade(Exception):
    """The request can't become a mail, today or tomorrow; `text` is for clerks, without names."""

    def __init__(self, slug: str, text: str) -> None:
        super().__init__(slug)
        self.slug = slug
        self.text = text


@dataclass(frozen=True, slots=True)
class MadeMail:
    """The mail in the document store, and its Message-ID."""

    message: KeptMessage
    message_id: str


@dataclass(frozen=True, slots=True)
class MailMaker:
    """Sizes, names, words, signature. The same plan always gives the same bytes."""

    store: DocumentStore
    sender_address: str
    dkim_key: DkimKey | None = None

    async def make(self, mandant: UUID, sending: UUID, plan: MailPlanned) -> MadeMail:
        """Write the mail and keep it in the store; raises `MailNotMade`, `StoreUnavailableError`.

        `sending` names the mail in its Message-ID, and with it in every bounce.
        """
        recipient = recipient_of(plan)
        names = pdf_names(plan.file_names or (), len(plan.files), text("file-without-name"))
        _refuse_large_files(names, plan)
        contents = [
            await self._content(Reference(mandant, file.sha256, file.size_bytes))
            for file in plan.files
        ]
        files = [Attachment(name, content) for name, content in zip(names, contents, strict=True)]
        composed = await self._compose(self._mail(sending, plan, recipient, files))
        kept = await self.store.put(mandant, composed.message_bytes)
        return MadeMail(
            KeptMessage(sha256=kept.sha256, size_bytes=kept.size_bytes), composed.message_id
        )

    async def message_bytes(self, mandant: UUID, kept: KeptMessage) -> bytes:
        """The bytes of a mail that was made before; raises as `make` does."""
        return await self._content(Reference(mandant, kept.sha256, kept.size_bytes))

    async def _content(self, reference: Reference) -> bytes:
        try:
            return await self.store.get(reference)
        except DocumentMissingError:
            raise _not_made("document-missing") from None
        except DocumentDamagedError:
            raise _not_made("document-damaged") from None

    async def _compose(self, mail: composing.Mail) -> composing.ComposedMail:
        try:
            return await asyncio.to_thread(composing.compose, mail, self.dkim_key)
        except composing.UnsendableMail as error:
            # The recipient's address was checked before, and our own when the process started.
            is_header = error.slug == "header-unsafe"
            raise _not_made(error.slug if is_header else "reply-address-invalid") from None

    def _mail(
        self, sending: UUID, plan: MailPlanned, recipient: str, files: Sequence[Attachment]
    ) -> composing.Mail:
        return composing.Mail(
            delivery_id=sending,
            sent_at=plan.planned_at,
            sender_address=self.sender_address,
            sender_name=plan.sender.name,
            recipient_address=recipient,
            recipient_name=plan.short_name or "",
            subject=_subject([file.file_name for file in files]),
            salutation=plan.salutation or text("salutation"),
            reply_to=plan.sender.reply_to,
            attachments=files,
        )


def recipient_of(plan: MailPlanned) -> str:
    """The address of the envelope, as every server understands it; raises `MailNotMade`."""
    if plan.mail_address is None:
        raise _not_made("recipient-erased" if plan.short_name is None else "address-missing")
    try:
        return composing.ascii_address(plan.mail_address)
    except composing.UnsendableMail as error:
        raise _not_made(error.slug) from None


def _refuse_large_files(names: Sequence[str], plan: MailPlanned) -> None:
    sizes_bytes = [file.size_bytes for file in plan.files]
    problem = check_sizes(names, sizes_bytes, plan.options.size_limit_mb)
    if problem is not None:
        raise MailNotMade(problem.slug, _too_large(problem))


def _too_large(problem: TooLargeFiles) -> str:
    """Each file by its number, since a name would travel in clear."""
    lines = [
        text("file-by-number", number=number, size=german_size(size_bytes))
        for number, size_bytes in enumerate(problem.sizes_bytes, 1)
    ]
    sentence = text(
        problem.slug,
        total=german_size(problem.sum_bytes),
        limit=german_size(problem.limit_bytes),
        files="\n".join(lines),
    )
    return f"{sentence} {text('megabyte')}"


def _subject(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0].removesuffix(".pdf")
    return text("subject-of-several", count=len(names))


def _not_made(slug: str) -> MailNotMade:
    return MailNotMade(slug, text(slug))
