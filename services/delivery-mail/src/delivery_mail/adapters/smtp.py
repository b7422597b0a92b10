"""Hands mails to an SMTP server, one recipient a conversation, and always knows how far it came."""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar, cast

from aiosmtplib import SMTP, SMTPDataError, SMTPResponse, SMTPServerDisconnected
from aiosmtplib.protocol import SMTPProtocol

from delivery_mail.adapters.smtp_outcomes import (
    TRANSLATED,
    Step,
    enhanced_status,
    outcome_of,
    too_large,
)
from delivery_mail.ports import Account, Handover, OutgoingMail, TlsMode

START_INPUT = 354
CHUNK_BYTES = 256 * 1024
_SIZE = re.compile(r"[0-9]{1,20}")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Patience:
    """How long an answer is awaited.

    Giving up early is safe before the final dot. After it, it makes duplicates or questions to a
    person, so the last answer gets the ten minutes of RFC 5321 4.5.3.2.6.
    """

    connect_s: float = 30
    answer_s: float = 120
    upload_s: float = 180
    """For each chunk of the content to leave."""
    final_answer_s: float = 600


class SmtpMailServer:
    """The port MailServer over aiosmtplib. Holds no connection between mails.

    `client_name` is what EHLO says. Certificates are always checked, against `tls_context` or the
    system's authorities.
    """

    def __init__(
        self,
        client_name: str,
        *,
        patience: Patience | None = None,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self._client_name = client_name
        self._patience = patience or Patience()
        self._tls_context = tls_context or ssl.create_default_context()

    async def send(self, mail: OutgoingMail, account: Account) -> Handover:
        async def hand_over(conversation: _Conversation) -> SMTPResponse:
            await conversation.open()
            return await conversation.hand_over(mail)

        answer = await self._converse(account, hand_over, size_bytes=len(mail.message))
        return Handover(answer.code, enhanced_status(answer.message, answer.code))

    async def check(self, account: Account) -> None:
        await self._converse(account, _Conversation.open)

    async def _converse(
        self,
        account: Account,
        talk: Callable[["_Conversation"], Awaitable[_T]],
        *,
        size_bytes: int = 0,
    ) -> _T:
        smtp = SMTP(
            hostname=account.host,
            port=account.port,
            use_tls=account.tls is TlsMode.TLS,
            start_tls=False,  # a step of its own, so that its failure is known as one
            local_hostname=self._client_name,
            timeout=self._patience.answer_s,
            tls_context=self._tls_context,
        )
        conversation = _Conversation(smtp, account, self._patience)
        try:
            return await talk(conversation)
        except TRANSLATED as error:
            outcome = outcome_of(error, conversation.step, size_bytes)
        finally:
            conversation.leave()
        # Raised out here, the library's exception and the server's words are not chained to it.
        raise outcome


@dataclass
class _Conversation:
    """One connection. `step` always tells what a failure now would mean."""

    smtp: SMTP
    account: Account
    patience: Patience
    step: Step = field(default=Step.CONNECT, init=False)
    answered: bool = field(default=True, init=False)
    """Whether the server is at a point where it hears commands."""

    async def open(self) -> None:
        """Up to the login; nothing of a mail is said yet."""
        await self.smtp.connect(timeout=self.patience.connect_s)
        await self._greet()
        if self.account.tls is TlsMode.STARTTLS:
            self.step = Step.STARTTLS
            await self.smtp.starttls()
            await self._greet()
        if self.account.user is not None:
            self.step = Step.LOGIN
            await self.smtp.login(self.account.user, self.account.password or "")

    async def hand_over(self, mail: OutgoingMail) -> SMTPResponse:
        """The answer with which the server took the mail."""
        await self._envelope(mail)
        self.step = Step.DATA
        invitation = await self.smtp.execute_command(b"DATA")
        if invitation.code != START_INPUT:
            raise SMTPDataError(invitation.code, invitation.message)
        protocol = self.smtp.protocol
        if protocol is None:
            raise SMTPServerDisconnected("Connection lost")
        self.step, self.answered = Step.CONTENT, False
        await self._upload(protocol, mail.message)
        protocol.write(b".\r\n")
        self.step = Step.END
        answer = await protocol.read_response(timeout=self.patience.final_answer_s)
        self.answered = True
        if answer.code // 100 != 2:  # noqa: PLR2004, the class of success (RFC 5321 4.2.1)
            raise SMTPDataError(answer.code, answer.message)
        return answer

    def leave(self) -> None:
        """Says QUIT where the server listens, and goes without waiting.

        Its answer would tell nothing, and a wait could be cancelled with the outcome in hand.
        Anywhere else the connection is cut, so that nothing buffered follows.
        """
        protocol, transport = self.smtp.protocol, self.smtp.transport
        if protocol is None or transport is None:
            return
        if self.answered and protocol.is_connected:
            protocol.write(b"QUIT\r\n")
        self.smtp.close()
        _writing(transport).abort()

    async def _greet(self) -> None:
        self.step = Step.EHLO
        await self.smtp.ehlo()

    async def _envelope(self, mail: OutgoingMail) -> None:
        size_bytes, limit_bytes = len(mail.message), self._size_limit_bytes()
        self.step = Step.MAIL
        if limit_bytes is not None and size_bytes > limit_bytes:
            raise too_large(size_bytes, limit_bytes=limit_bytes)
        announces = self.smtp.supports_extension("size")
        options = [f"SIZE={size_bytes}"] if announces else []
        await self.smtp.mail(mail.return_path, options=options)
        self.step = Step.RCPT
        await self.smtp.rcpt(mail.recipient)

    def _size_limit_bytes(self) -> int | None:
        """The SIZE that the server announced; it may name none, or 0 for none (RFC 1870)."""
        announced = _SIZE.fullmatch(self.smtp.esmtp_extensions.get("size", "").strip())
        return int(announced[0]) or None if announced else None

    async def _upload(self, protocol: SMTPProtocol, message: bytes) -> None:
        """Returns when the content has left this process, so that the dot never runs ahead of it.

        What lies in the buffers of the kernel is beyond us: a break then counts as uncertain.
        """
        _writing(protocol.transport).set_write_buffer_limits(high=1, low=0)
        for chunk in _chunks(_with_dots_doubled(message)):
            protocol.write(chunk)
            async with asyncio.timeout(self.patience.upload_s):
                await protocol._drain_helper()  # noqa: SLF001 - aiosmtplib has no public way to it


def _writing(transport: asyncio.BaseTransport | None) -> asyncio.WriteTransport:
    """The transport with its methods; uvloop's transports do not derive from asyncio's."""
    return cast("asyncio.WriteTransport", transport)


def _with_dots_doubled(message: bytes) -> bytes:
    """A dot at the start of a line is said twice, so that none ends the mail (RFC 5321 4.5.2)."""
    first = b"." if message.startswith(b".") else b""
    return first + message.replace(b"\r\n.", b"\r\n..")


def _chunks(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), CHUNK_BYTES):
        yield content[start : start + CHUNK_BYTES]
