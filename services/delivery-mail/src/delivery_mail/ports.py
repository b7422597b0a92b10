"""The mail server in our words: what we hand over, and errors sorted by what happens next."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

_ADDRESS = re.compile(r"[!-~]+@[!-~]+")


class TlsMode(StrEnum):
    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True)
class Account:
    """The SMTP account of a mandant. With STARTTLS nothing is ever sent in clear after EHLO."""

    host: str
    port: int
    tls: TlsMode
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class OutgoingMail:
    """One message to one recipient, exactly the bytes that leave (dots at line starts aside).

    Both addresses are ASCII and the message has CRLF line ends only, since a bare one could smuggle
    a second mail past the server; ValueError otherwise.
    """

    return_path: str = field(repr=False)
    recipient: str = field(repr=False)
    message: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not (_ADDRESS.fullmatch(self.return_path) and _ADDRESS.fullmatch(self.recipient)):
            raise ValueError("an address of the envelope is ASCII without blanks")
        ends = {self.message.count(end) for end in (b"\r", b"\n", b"\r\n")}
        if not self.message.endswith(b"\r\n") or len(ends) > 1:
            raise ValueError("a message has CRLF line ends only and ends with one")


@dataclass(frozen=True)
class Handover:
    """The server took the mail into its queue: *sent*, never delivered (EML-06)."""

    code: int
    enhanced_status: str | None = None


class MailServerError(Exception):
    """A mail that was not handed over, or perhaps not.

    `text_de` is for clerks. The server's own words may carry personal data and are not kept.
    """

    def __init__(
        self,
        slug: str,
        *,
        text_de: str,
        code: int | None = None,
        enhanced_status: str | None = None,
    ) -> None:
        super().__init__(slug, code)
        self.slug = slug
        self.text_de = text_de
        self.code = code
        self.enhanced_status = enhanced_status


class NotAcceptedError(MailServerError):
    """The server certainly does not have the mail: it may be sent again, later."""


class RefusedError(MailServerError):
    """The server refused this mail for good (5xx): never sent again by itself."""

    permanent = True


class TooLargeForServerError(RefusedError):
    """The mail exceeds the server's SIZE; `limit_bytes` is None where the server only said no."""

    def __init__(
        self,
        *,
        text_de: str,
        size_bytes: int,
        limit_bytes: int | None = None,
        code: int | None = None,
        enhanced_status: str | None = None,
    ) -> None:
        super().__init__(
            "mail-too-large-for-server",
            text_de=text_de,
            code=code,
            enhanced_status=enhanced_status,
        )
        self.size_bytes = size_bytes
        self.limit_bytes = limit_bytes


class UncertainError(MailServerError):
    """The final dot left and no answer came: the server may have the mail. Never sent again."""


class AccountError(MailServerError):
    """No mail of this account gets through until someone changes the account: stop for it.

    The mail itself was certainly not accepted.
    """


class MailServer(Protocol):
    async def send(self, mail: OutgoingMail, account: Account) -> Handover:
        """Hands one mail over in a conversation of its own; raises MailServerError.

        May take minutes: servers think after the final dot (RFC 5321 4.5.3.2.6).
        """

    async def check(self, account: Account) -> None:
        """Connects, encrypts, logs in and leaves; raises NotAcceptedError or AccountError."""
