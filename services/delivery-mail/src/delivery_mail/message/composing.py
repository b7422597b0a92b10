"""Composes the mail of a delivery: the same input gives the same bytes, down to the signature."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.charset import QP, Charset
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.utils import format_datetime, formataddr
from uuid import UUID

from email_validator import EmailNotValidError, validate_email

from delivery_mail import texts
from delivery_mail.message.attachments import Attachment, as_part, safe_name
from delivery_mail.message.signature import DkimKey, signed

LINE_LENGTH = 76  # RFC 2047 section 2
LONGEST_PLAIN_WORD = 60  # a longer one could not be folded

# The headers are folded where they are made: a Message-ID must stay in one piece.
_WIRE = policy.compat32.clone(linesep="\r\n", max_line_length=None)
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True)
class Mail:
    """What a mail says. `body` is plain text between salutation and closing.

    Without one, the default text names the attached files; one of both is there. `sent_at` is
    aware.
    """

    delivery_id: UUID
    sent_at: datetime
    sender_address: str = field(repr=False)
    sender_name: str = field(repr=False)
    recipient_address: str = field(repr=False)
    recipient_name: str = field(repr=False)
    subject: str = field(repr=False)
    salutation: str = field(repr=False)
    body: str | None = field(default=None, repr=False)
    reply_to: str | None = field(default=None, repr=False)
    attachments: Sequence[Attachment] = ()

    def __post_init__(self) -> None:
        if self.body is None and not self.attachments:
            raise ValueError("a mail has a body or files")
        if self.sent_at.tzinfo is None:
            raise ValueError("sent_at is aware")


@dataclass(frozen=True)
class ComposedMail:
    """The message as it goes over the wire, and the id that is the same on every attempt."""

    message_bytes: bytes = field(repr=False)
    message_id: str
    size_bytes: int


class UnsendableMail(Exception):
    """The mail as given cannot become a message; nothing was sent.

    `text_de` may name the address and is personal therefore.
    """

    def __init__(self, slug: str, text_de: str) -> None:
        super().__init__(slug)
        self.slug = slug
        self.text_de = text_de


def compose(mail: Mail, dkim_key: DkimKey | None = None) -> ComposedMail:
    """Pure and repeatable; raises UnsendableMail. Takes about a second for 20 MB of files."""
    _refuse_control_characters(mail)
    message_id = message_id_of(mail.delivery_id, mail.sender_address)
    message = _content(mail)
    message["From"] = _mailbox("From", mail.sender_name, mail.sender_address)
    message["To"] = _mailbox("To", mail.recipient_name, mail.recipient_address)
    if mail.reply_to is not None:
        message["Reply-To"] = ascii_address(mail.reply_to)
    message["Subject"] = _line("Subject", mail.subject)
    message["Date"] = format_datetime(mail.sent_at)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence notes, please
    message["X-Delivery-ID"] = str(mail.delivery_id)
    message["Content-Language"] = "de"
    message_bytes = message.as_bytes(policy=_WIRE)
    if dkim_key is not None:
        message_bytes = signed(message_bytes, dkim_key, mail.sent_at)
    return ComposedMail(message_bytes, message_id, len(message_bytes))


def message_id_of(delivery_id: UUID, sender_address: str) -> str:
    """The Message-ID of a delivery: the same on every attempt, and in every bounce."""
    domain = ascii_address(sender_address).rpartition("@")[2]
    return f"<{delivery_id}@{domain}>"


def ascii_address(address: str) -> str:
    """The address as every server understands it, its domain in punycode; raises UnsendableMail."""
    try:
        checked = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        slug = "address-invalid"
    else:
        if checked.ascii_email is not None:
            return checked.ascii_email
        slug = "address-needs-smtputf8"
    raise UnsendableMail(slug, texts.reason(slug, address=_CONTROL.sub("�", address)))


def _refuse_control_characters(mail: Mail) -> None:
    """A line break in a header would let the text write headers of its own."""
    values = {
        "field-subject": [mail.subject],
        "field-sender-name": [mail.sender_name],
        "field-recipient-name": [mail.recipient_name],
        "field-file-name": [file.file_name for file in mail.attachments],
    }
    for name, given in values.items():
        if any(_CONTROL.search(value) for value in given):
            slug = "header-unsafe"
            raise UnsendableMail(slug, texts.reason(slug, field=texts.reason(name)))


def _content(mail: Mail) -> Message:
    """multipart/mixed of the words (text and HTML) and the files; without files the words alone."""
    words = _words(mail)
    if not mail.attachments:
        return words
    files = [as_part(file) for file in mail.attachments]
    return MIMEMultipart("mixed", _boundary(mail, "mixed"), [words, *files])


def _words(mail: Mail) -> MIMEMultipart:
    if mail.body is None:
        body = texts.default_body([safe_name(file.file_name) for file in mail.attachments])
    else:
        body = "\n".join(mail.body.strip().splitlines())
    salutation, sender_name = _one_blank(mail.salutation), _one_blank(mail.sender_name)
    plain = texts.mail_text(salutation=salutation, body=body, sender_name=sender_name)
    html = texts.mail_html(
        subject=mail.subject, salutation=salutation, body=body, sender_name=sender_name
    )
    parts = [_text_part("plain", plain), _text_part("html", html)]
    return MIMEMultipart("alternative", _boundary(mail, "alternative"), parts)


def _text_part(subtype: str, text: str) -> MIMENonMultipart:
    part = MIMENonMultipart("text", subtype)
    part.set_payload(text, _UTF8)
    return part


def _boundary(mail: Mail, subtype: str) -> str:
    """Repeatable, and never in a part: neither base64 nor quoted-printable can write "=_"."""
    return f"=_{mail.delivery_id.hex}_{subtype}"


def _mailbox(header: str, name: str, address: str) -> str:
    name, address = _one_blank(name), ascii_address(address)
    if _is_plain(name):
        return _folded(Header(formataddr((name, address)), "us-ascii", header_name=header))
    value = Header(name, "utf-8", header_name=header)
    value.append(f"<{address}>", "us-ascii")
    return _folded(value)


def _line(header: str, text: str) -> str:
    text = _one_blank(text)
    return _folded(Header(text, "us-ascii" if _is_plain(text) else "utf-8", header_name=header))


def _folded(value: Header) -> str:
    return value.encode(linesep="\r\n", maxlinelen=LINE_LENGTH)


def _is_plain(text: str) -> bool:
    """Whether a header can carry the text as it is; "=?" would read as an encoded word."""
    longest = max((len(word) for word in text.split()), default=0)
    return text.isascii() and "=?" not in text and longest <= LONGEST_PLAIN_WORD


def _one_blank(text: str) -> str:
    """Folding may change the number of blanks, so there is only ever one."""
    return " ".join(text.split())
