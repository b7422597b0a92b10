"""What is done for a mail outside: hand it over once, and say what is certain about it."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from delivery_mail.application.making import MadeMail, MailMaker, MailNotMade, recipient_of
from delivery_mail.domain.commands import (
    DecideByPerson,
    DoubtAfterRestore,
    IntendHandover,
    MailCommand,
    RecordAcceptance,
    RecordFailedHandover,
    RecordRefusal,
    RecordUncertainty,
)
from delivery_mail.domain.decider import MAIL, may_be_forgotten
from delivery_mail.domain.events import MailPlanned, registry
from delivery_mail.domain.mail import Mail, Status
from delivery_mail.domain.pace import Pace
from delivery_mail.ports import (
    Account,
    AccountError,
    MailServer,
    MailServerError,
    NotAcceptedError,
    OutgoingMail,
    RefusedError,
    TooLargeForServerError,
)
from delivery_mail.publishing import publish
from delivery_mail.texts import german_size, text
from events import metrics, tracing
from events.clock import Clock
from events.commands import Commands
from events.decider import Rejected
from events.lease import Lease
from events.stream import Cause, Order, StreamKind
from events.work import Due

MAILS = StreamKind("mail", registry, MAIL, publish)


log = structlog.get_logger()


def _spread() -> float:
    return random.uniform(0.5, 1.5)  # noqa: S311 - spread, not secrecy


@dataclass(frozen=True, slots=True)
class MailDesk:
    """The use cases of the mail channel. Each may be repeated at any point where it died."""

    commands: Commands
    maker: MailMaker
    server: MailServer
    account: Account
    return_path: str
    pace: Pace
    clock: Clock
    spread: Callable[[], float] = _spread
    began_at: datetime | None = None

    async def hand_over(self, item: Due, lease: Lease) -> timedelta | None:
        """Hand a planned mail over; returns how long the account should rest, if at all.

        The intent is committed before the call, under the fence of the lease. What came of the
        call is reported without it: who knows the result may always tell it. Before the intent,
        `LeaseLostError` and `StoreUnavailableError` leave the mail as it was.
        """
        mail = await self._mail(item)
        plan = mail.plan
        if mail.status is not Status.PLANNED or plan is None:
            return None
        if self.began_at is not None and may_be_forgotten(mail, self.began_at):
            await self._tell(item, DoubtAfterRestore(self.began_at, self.clock()))
            return None
        try:
            made = await self._made(item, mail, plan)
            content = await self.maker.message_bytes(item.mandant, made.message)
            # All that can fail here fails before the intent: an open one means we may have sent.
            outgoing = OutgoingMail(self.return_path, recipient_of(plan), content)
        except MailNotMade as error:
            await self._tell(item, RecordRefusal(error.slug, error.text, self.clock()))
            return None
        intent = IntendHandover(made.message, made.message_id, self.clock())
        try:
            done = await self.commands.one(_order(item, intent), guard=lease.guard())
        except Rejected:
            return None
        with tracing.span("hand mail over", done.recorded[-1].cause.traceparent, "client"):
            return await self._send(item, done.state, outgoing, lease)

    async def settle(self, item: Due) -> None:
        """Give up on a handover whose result nobody has told: whoever knew it is gone."""
        mail = await self._mail(item)
        if mail.status is Status.INTENDED:
            await self._tell(item, RecordUncertainty(mail.number, "left-open", self.clock()))

    async def decide(self, mandant: UUID, stream: UUID, *, sent: bool, cause: Cause) -> None:
        """A person says whether a mail in doubt was sent; raises `NothingToDecide`."""
        command = DecideByPerson(sent, self.clock())
        await self.commands.one(Order(MAILS, stream, mandant, command, cause))

    async def _send(
        self, item: Due, mail: Mail, outgoing: OutgoingMail, lease: Lease
    ) -> timedelta | None:
        number = mail.number
        if not lease.held():
            # Nothing has left: whoever holds the lease now may hand it over at once.
            now = self.clock()
            await self.commands.insist(
                _order(item, RecordFailedHandover(number, "lease-lost", "", now, now))
            )
            return None
        rest = None
        try:
            await self.server.send(outgoing, self.account)
            command: MailCommand = RecordAcceptance(number, self.clock())
            outcome = "accepted"
        except MailServerError as error:
            command = self._what_failed(error, mail)
            rest = self._rest(error)
            outcome = type(error).__name__
        metrics.OUTSIDE_CALLS.labels(outcome).inc()
        log.info("mail.handed_over", mail=str(item.stream), number=number, outcome=outcome)
        await self.commands.insist(_order(item, command))
        return rest

    def _what_failed(self, error: MailServerError, mail: Mail) -> MailCommand:
        """What an error of the server says about the mail that was being handed over."""
        now, number = self.clock(), mail.number
        code = str(error.code or "")
        match error:
            case RefusedError():
                return RecordRefusal(error.slug, _words(error), now, code=code, number=number)
            case NotAcceptedError() | AccountError():
                if self.pace.is_in_vain(mail, now):
                    return RecordRefusal(
                        error.slug, _words(error), now, code=code, permanent=False, number=number
                    )
                rest = self._rest(error) or timedelta()
                pause = max(rest, self.pace.back_off(number, self.spread()))
                return RecordFailedHandover(number, error.slug, code, now + pause, now)
            case _:
                return RecordUncertainty(number, error.slug, now)

    def _rest(self, error: MailServerError) -> timedelta | None:
        match error:
            case AccountError():
                return self.pace.account_rest
            case NotAcceptedError(slug="server-unreachable") | NotAcceptedError(code=421):
                return self.pace.server_rest  # 421: the server itself goes away (RFC 5321 4.2.3)
            case _:
                return None

    async def _made(self, item: Due, mail: Mail, plan: MailPlanned) -> MadeMail:
        if mail.prepared is not None:
            return MadeMail(mail.prepared, mail.message_id)
        return await self.maker.make(item.mandant, item.stream, plan)

    async def _mail(self, item: Due) -> Mail:
        mail = await self.commands.state(_order(item, None))
        assert isinstance(mail, Mail)
        return mail

    async def _tell(self, item: Due, command: MailCommand) -> None:
        await self.commands.one(_order(item, command))


def _order(item: Due, command: MailCommand | None) -> Order:
    return Order(MAILS, item.stream, item.mandant, command)


def _words(error: MailServerError) -> str:
    """Our own sentence for the server's answer: figures only, since it travels in clear."""
    if not isinstance(error, TooLargeForServerError):
        return text(error.slug, code=error.code)
    size, limit_bytes = german_size(error.size_bytes), error.limit_bytes
    sentence = text(error.slug, size=size)
    if limit_bytes is not None:
        sentence = text(f"{error.slug}-limit", size=size, limit=german_size(limit_bytes))
    return f"{sentence} {text('megabyte')}"
