"""What callers send, in form: types, lengths and tidy text."""

import unicodedata
from typing import Annotated, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from events.contracts.deliveries import Channel, LetterOptions, MailOptions, Sender
from events.contracts.documents import Slug
from outbox.domain.mail import normal_mail_address

MOST_RECIPIENTS = 10_000
MOST_DELIVERIES = 25_000
MOST_DOCUMENTS = 1_000


def _tidy(text: str) -> str:
    """On one line, in NFC, without what nobody can see."""
    tidy = " ".join(unicodedata.normalize("NFC", text).split())
    if any(unicodedata.category(character).startswith("C") for character in tidy):
        raise PydanticCustomError("control-character", "control character")
    if not tidy:
        raise PydanticCustomError("text-missing", "text missing")
    return tidy


def _mail_address(text: str) -> str:
    address = normal_mail_address(text)
    if address is None:
        raise PydanticCustomError("mail-address-invalid", "mail address invalid")
    return address


Line = Annotated[str, StringConstraints(max_length=80), AfterValidator(_tidy)]
Name = Annotated[str, StringConstraints(max_length=200), AfterValidator(_tidy)]
MailAddress = Annotated[
    str, StringConstraints(max_length=254), AfterValidator(_tidy), AfterValidator(_mail_address)
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LetterBody(_Body):
    """How a letter is produced."""

    cover_sheet: bool = True
    color: bool = False
    duplex: bool = False


class MailBody(_Body):
    """How large a mail may be, in MB of 1024 x 1024 bytes."""

    size_limit_mb: int = Field(default=10, ge=1, le=100)


class DocumentBody(_Body):
    """The part `document` of POST /documents, as JSON."""

    name: Name
    kind: Slug | None = None
    property: UUID | None = None
    origin: Slug = "upload"
    recipients: tuple[UUID, ...] = Field(min_length=1, max_length=MOST_RECIPIENTS)
    channels: tuple[Channel, ...] = Field(default=(), max_length=len(Channel))
    letter: LetterBody = LetterBody()
    mail: MailBody = MailBody()

    def letter_options(self) -> LetterOptions:
        return LetterOptions.model_validate(self.letter.model_dump())

    def mail_options(self) -> MailOptions:
        return MailOptions.model_validate(self.mail.model_dump())


class ShownBody(_Body):
    """`shown` from the answer of a dry run makes sure that exactly that is sent."""

    shown: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None


class SelectionBody(ShownBody):
    """What a clerk has marked."""

    documents: frozenset[UUID] = Field(default=frozenset(), max_length=MOST_DOCUMENTS)
    deliveries: frozenset[UUID] = Field(default=frozenset(), max_length=MOST_DELIVERIES)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.documents and not self.deliveries:
            raise PydanticCustomError("nothing-selected", "nothing selected")
        return self


class ChannelBody(_Body):
    """Which channel it is about."""

    channel: Channel


class SenderBody(_Body):
    """The mandant as recipients see it."""

    name: Line
    street: Line
    postal_code: Annotated[str, StringConstraints(max_length=20), AfterValidator(_tidy)]
    town: Line
    mail_address: MailAddress | None = None
    reply_to: MailAddress | None = None

    def sender(self) -> Sender:
        return Sender.model_validate(self.model_dump())
