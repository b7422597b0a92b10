"""A mail channel without processes, on a database and a mail server of its own."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from tests.delivery_mail.channel import MailChannel, channel_settings, hear

from delivery_mail.application.desk import MAILS, MailDesk
from delivery_mail.domain.commands import IntendHandover
from delivery_mail.domain.events import KeptMessage
from delivery_mail.domain.mail import Mail
from delivery_mail.domain.pace import Task
from delivery_mail.projections import LANE
from delivery_mail.wiring import blueprint, mail_desk, mail_server
from events.execute import Project
from events.lease import Lease
from events.service import Machinery, machinery
from events.stream import Cause, Order
from events.testing.postgres import Urls
from events.work import Due, due
from smtp_simulator import RunningServer


@dataclass
class Office:
    """A test takes each step itself."""

    parts: Machinery
    desk: MailDesk
    channel: MailChannel

    async def planned(self, *, count: int = 1) -> list[Due]:
        """Requested mails, as the sender finds them."""
        requests = [await self.channel.request() for _ in range(count)]
        await hear(self.parts, self.channel.mandant, *requests)
        return await self.due(Task.HAND_OVER)

    async def due(self, task: Task) -> list[Due]:
        return await due(self.parts.database, LANE, [task], 20)

    async def lease(self) -> Lease:
        self.parts.leases._ttl_s = 3600.0  # a slow machine is no reason to lose it
        lease = await self.parts.leases.take(LANE)
        assert lease is not None
        return lease

    async def mail(self, stream: UUID) -> Mail:
        order = Order(MAILS, stream, self.channel.mandant, None, Cause(stream))
        mail = await self.parts.commands.state(order)
        assert isinstance(mail, Mail)
        return mail

    async def leave_open(self, item: Due) -> None:
        """What a process has done that dies in mid-conversation."""
        message = KeptMessage(sha256="ab" * 32, size_bytes=1)
        intent = IntendHandover(message, "<1@hausbote.example>", self.parts.clock())
        order = Order(MAILS, item.stream, item.mandant, intent, Cause(item.stream))
        await self.parts.commands.one(order)


@dataclass
class Opened:
    """Opens an office; `project` may stand in for the service's own projection."""

    database: Urls
    server: RunningServer
    folder: Path
    offices: AsyncExitStack

    async def office(self, *, project: Project | None = None, **changes: object) -> Office:
        settings = channel_settings(
            self.database, self.folder, kafka="", smtp_port=self.server.port, **changes
        )
        plan = blueprint(settings)
        plan = replace(plan, project=project or plan.project)
        parts = await self.offices.enter_async_context(machinery(settings, plan))
        desk = mail_desk(settings, parts, mail_server(settings))
        return Office(parts, desk, MailChannel(settings, self.server))
