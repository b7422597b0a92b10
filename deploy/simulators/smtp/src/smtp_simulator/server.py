"""The SMTP server: aiosmtpd, which meets a fault wherever one is booked."""

# ruff: noqa: N802  aiosmtpd names its methods after the SMTP commands

import asyncio
import ssl
from collections import Counter
from dataclasses import dataclass, field
from typing import AnyStr, Never, assert_never

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from smtp_simulator.fault_book import FaultBook
from smtp_simulator.faults import Delay, Drop, Fault, Hang, Phase, Reply
from smtp_simulator.maildrop import Maildrop

SERVICE_NOT_AVAILABLE = "421"
MECHANISMS = ("LOGIN", "PLAIN")


@dataclass
class Site:
    """What all connections of one server share; the control port changes it while it runs."""

    maildrop: Maildrop
    size_limit_bytes: int | None = None
    user: str | None = None
    password: str | None = None
    starttls: ssl.SSLContext | None = None
    faults: FaultBook = field(default_factory=FaultBook)
    reached: Counter[Phase] = field(default_factory=Counter)
    """How often each phase was reached, faults included."""

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object
    ) -> AuthResult:
        assert self.user is not None
        assert self.password is not None
        expected = LoginPassword(self.user.encode(), self.password.encode())
        return AuthResult(success=given == expected, handled=False)


class _Hooks:
    """Where aiosmtpd asks for the answer to EHLO and for the fate of a message."""

    def __init__(self, maildrop: Maildrop) -> None:
        self._maildrop = maildrop

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, lines: list[str]
    ) -> list[str]:
        """Leaves out the AUTH line where there is nobody to log in."""
        session.host_name = hostname
        return [line for line in lines if line != "250-AUTH "]

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        assert isinstance(server, Connection)
        fault = server.take(Phase.END)
        if isinstance(fault, Reply):
            return fault.line
        stored = not isinstance(fault, Drop | Hang) or fault.stored
        key = self._maildrop.store(envelope) if stored else None
        if fault is not None:
            await server.strike(fault)
        return f"250 2.0.0 Ok: queued as {key}"


class Connection(SMTP):
    """One conversation. Each command counts its phase and meets the fault booked for it first."""

    def __init__(self, site: Site) -> None:
        login = site.user is not None
        super().__init__(
            _Hooks(site.maildrop),
            data_size_limit=site.size_limit_bytes,
            hostname="smtp-simulator",
            ident="ESMTP",
            tls_context=site.starttls,
            require_starttls=site.starttls is not None,
            auth_required=login,
            auth_require_tls=False,
            authenticator=site.authenticate,
            auth_exclude_mechanism=() if login else MECHANISMS,
            loop=asyncio.get_running_loop(),
        )
        self._site = site

    async def push(self, status: AnyStr) -> None:
        await super().push(status)
        if isinstance(status, str) and status.startswith(SERVICE_NOT_AVAILABLE):
            await self._hang_up()

    async def _handle_client(self) -> None:
        reply = await self._fault_reply(Phase.CONNECT)
        if reply is None:
            await super()._handle_client()
        else:
            await self.push(reply)
            await self._hang_up()

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self._misbehaved(Phase.EHLO):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if not await self._misbehaved(Phase.STARTTLS):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        if not await self._misbehaved(Phase.AUTH):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        if not await self._misbehaved(Phase.MAIL):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        if not await self._misbehaved(Phase.RCPT):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if await self._misbehaved(Phase.DATA):
            return
        fault = self.take(Phase.CONTENT)
        if isinstance(fault, Delay):
            await self.strike(fault)
        if fault is None or isinstance(fault, Delay):
            await super().smtp_DATA(arg)
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        await self._reader.read(1)
        reply = await self.strike(fault)
        assert reply is not None
        await self.push(reply)
        await self._hang_up()

    def take(self, phase: Phase) -> Fault | None:
        """Counts the phase and tells the fault that strikes in it."""
        self._site.reached[phase] += 1
        return self._site.faults.take(phase)

    async def _fault_reply(self, phase: Phase) -> str | None:
        fault = self.take(phase)
        return None if fault is None else await self.strike(fault)

    async def _misbehaved(self, phase: Phase) -> bool:
        reply = await self._fault_reply(phase)
        if reply is None:
            return False
        await self.push(reply)
        return True

    async def strike(self, fault: Fault) -> str | None:
        """The false answer, or None to go on as usual; without either the connection has ended."""
        match fault:
            case Reply(line=line):
                return line
            case Drop():
                assert isinstance(self.transport, asyncio.WriteTransport)
                self.transport.abort()
                return await _until_cancelled()
            case Hang():
                return await _until_cancelled()
            case Delay(delay_s=delay_s):
                await asyncio.sleep(delay_s)
                return None
            case _:
                assert_never(fault)

    async def _hang_up(self) -> None:
        if self.transport is not None:
            self.transport.close()
            await _until_cancelled()


async def _until_cancelled() -> Never:
    """Waits for aiosmtpd to cancel the conversation, which it does when the connection ends."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError
