"""Who has lost the lease hands nothing over: the fence before the intent, the clock after it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields, replace
from uuid import UUID

import pytest
from tests.delivery_mail.office import Office, Opened

from delivery_mail.application.making import MailMaker
from delivery_mail.domain.events import HandoverIntended, KeptMessage
from delivery_mail.domain.mail import Status
from delivery_mail.domain.pace import Task
from delivery_mail.ports import Account, Handover, OutgoingMail
from delivery_mail.projections import LANE
from delivery_mail.wiring import blueprint
from events.database import Connection
from events.lease import Lease, LeaseLostError, Leases
from events.stream import Change

FOR_EVER = float("inf")


@dataclass
class CountingServer:
    """A mail server that accepts everything and counts."""

    conversations: int = 0

    async def send(self, _mail: OutgoingMail, _account: Account) -> Handover:
        self.conversations += 1
        return Handover(250)

    async def check(self, account: Account) -> None:
        """Every account is welcome."""


@dataclass(frozen=True)
class InterruptedMaker(MailMaker):
    """Lets something happen when the mail has been read, just before the intent."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def message_bytes(self, mandant: UUID, kept: KeptMessage) -> bytes:
        content = await super().message_bytes(mandant, kept)
        assert self.meanwhile is not None
        await self.meanwhile()
        return content


def interrupted(maker: MailMaker, meanwhile: Callable[[], Awaitable[object]]) -> MailMaker:
    given = {field.name: getattr(maker, field.name) for field in fields(MailMaker)}
    return InterruptedMaker(**given, meanwhile=meanwhile)


@pytest.mark.spec("CHN-03")
async def test_who_was_overtaken_before_the_intent_records_none_and_connects_to_nobody(
    opened: Opened,
) -> None:
    office = await opened.office()
    (item,) = await office.planned()
    others = Leases(office.parts.machinery_database)
    lease = await _over_at_once(office)
    server, taken = CountingServer(), []

    async def overtake() -> None:
        taken.append(await others.take(LANE))

    maker = interrupted(office.desk.maker, overtake)
    with pytest.raises(LeaseLostError):
        await replace(office.desk, server=server, maker=maker).hand_over(item, lease)

    (other,) = taken
    assert other is not None
    assert other.fence > lease.fence
    assert lease.held()  # by its own clock: only the fence can know better
    mail = await office.mail(item.stream)
    assert (mail.status, mail.number, server.conversations) == (Status.PLANNED, 0, 0)

    await replace(office.desk, server=server).hand_over(item, other)
    mail = await office.mail(item.stream)
    assert (mail.status, mail.number, server.conversations) == (Status.SENT, 1, 1)


async def _over_at_once(office: Office) -> Lease:
    """A lease anyone may take over, whose holder does not know: his clock has stood still."""
    lease = await Leases(office.parts.machinery_database, ttl_s=0.0).take(LANE)
    assert lease is not None
    lease.deadline = FOR_EVER
    return lease


@pytest.mark.spec("CHN-03")
async def test_a_lease_that_ends_after_the_intent_is_a_proven_failure_without_a_conversation(
    opened: Opened,
) -> None:
    running_out: list[Lease] = []

    async def project(connection: Connection, changes: Sequence[Change]) -> None:
        keep = blueprint(office.channel.settings).project
        assert keep is not None
        await keep(connection, changes)
        if any(isinstance(r.event, HandoverIntended) for c in changes for r in c.recorded):
            for lease in running_out:
                lease.deadline = 0.0

    office = await opened.office(project=project)
    (item,) = await office.planned()
    running_out.append(lease := await office.lease())
    server = CountingServer()
    desk = replace(office.desk, server=server)
    assert await desk.hand_over(item, lease) is None

    assert not lease.held()
    mail = await office.mail(item.stream)
    assert (mail.status, mail.number, server.conversations) == (Status.PLANNED, 1, 0)
    assert [due.stream for due in await office.due(Task.HAND_OVER)] == [item.stream]

    running_out.clear()
    await desk.hand_over(item, await office.lease())
    mail = await office.mail(item.stream)
    assert (mail.status, mail.number, server.conversations) == (Status.SENT, 2, 1)
