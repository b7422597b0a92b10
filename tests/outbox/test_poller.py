"""Chores: done once they are due, put off when they fail, never lost while they are stirred."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs
from tests.outbox.office import Office

from documents.store import StoreUnavailableError
from events.commands import Guard
from events.contracts.deliveries import Channel
from events.ids import new_id
from events.lease import Lease, LeaseLostError, Leases
from events.service import Machinery, machinery
from events.stream import Cause
from outbox.application.chores import Chore, Chores
from outbox.application.rechecking import Rechecking
from outbox.application.sending import Dispatch, Selection
from outbox.poller import Poller, together
from outbox.projections.chores import ChoreKind, leave
from outbox.settings import OutboxSettings
from outbox.wiring import blueprint

DEADLINE_S = 60.0


@pytest.fixture
def chores(parts: Machinery) -> Chores:
    return Chores(parts.database)


@pytest.fixture
async def lease(parts: Machinery) -> Lease:
    parts.leases._ttl_s = 3600.0  # a slow machine is no reason to lose it
    taken = await parts.leases.take("testing")
    assert taken is not None
    return taken


class Doing:
    """Does chores, and remembers which."""

    def __init__(self, parts: Machinery) -> None:
        self.parts = parts
        self.done: list[list[UUID]] = []
        self.failing: dict[UUID, Exception] = {}
        self.failed = asyncio.Event()
        self.stirring = False

    def poller(self) -> Poller:
        parts = self.parts
        doing = {ChoreKind.RECIPIENT: self}
        return Poller(
            "testing", doing, 3, Chores(parts.database), parts.leases, parts.wake, parts.health
        )

    async def __call__(self, chores: Sequence[Chore], _: Guard) -> None:
        for chore in chores:
            if chore.subject in self.failing:
                self.failed.set()
                raise self.failing[chore.subject]
            if self.stirring:
                await put(self.parts, chore.subject, mandant=chore.mandant)
        self.done.append([chore.subject for chore in chores])


async def put(
    parts: Machinery,
    subject: UUID,
    kind: ChoreKind = ChoreKind.RECIPIENT,
    mandant: UUID | None = None,
) -> None:
    async with parts.database.plain() as connection:
        await leave(connection, kind, [(mandant or UUID(int=1), subject)])


async def test_what_is_due_is_done_and_gone(parts: Machinery, chores: Chores, lease: Lease) -> None:
    doing, wanted = Doing(parts), uuid4()
    await put(parts, wanted)
    await put(parts, uuid4(), ChoreKind.INSPECT)

    assert await doing.poller().work(lease) == 1

    assert doing.done == [[wanted]]
    assert await chores.due([ChoreKind.RECIPIENT], 10) == []
    assert len(await chores.due([ChoreKind.INSPECT], 10)) == 1


async def test_a_chore_that_is_stirred_meanwhile_is_done_again(
    parts: Machinery, lease: Lease
) -> None:
    doing, wanted = Doing(parts), uuid4()
    await put(parts, wanted)

    doing.stirring = True
    await doing.poller().work(lease)
    doing.stirring = False
    await doing.poller().work(lease)

    assert doing.done == [[wanted], [wanted]]
    assert await doing.poller().work(lease) == 0


@pytest.mark.parametrize("error", [StoreUnavailableError(), ValueError("a bug")])
async def test_a_failure_is_put_off_and_stops_no_other(
    parts: Machinery, office: Office, lease: Lease, error: Exception
) -> None:
    doing, poor, good = Doing(parts), uuid4(), uuid4()
    doing.failing[poor] = error
    await failed_often(parts, poor, 8)  # so that the next pause outlasts a slow machine's work
    await put(parts, good)

    await doing.poller().work(lease)
    await doing.poller().work(lease)

    assert doing.done == [[good]]
    waiting = office.rows("select subject, attempts, due_at > clock_timestamp() from chore")
    assert waiting == [(poor, 9, True)]


async def failed_often(parts: Machinery, subject: UUID, attempts: int) -> None:
    """A chore that was tried so many times."""
    await put(parts, subject)
    async with parts.database.plain() as connection:
        await connection.execute(
            "update chore set attempts = %s where subject = %s", (attempts, subject)
        )


async def test_the_pause_has_an_end_however_often_it_failed(
    parts: Machinery, office: Office, lease: Lease
) -> None:
    doing, poor = Doing(parts), uuid4()
    doing.failing[poor] = StoreUnavailableError()
    await failed_often(parts, poor, 1000)

    await doing.poller().work(lease)

    assert office.rows(
        "select attempts, due_at between clock_timestamp() + interval '4 minutes'"
        " and clock_timestamp() + interval '5 minutes' from chore"
    ) == [(1001, True)]


async def test_a_chore_that_cannot_even_be_put_off_stops_no_other(
    parts: Machinery, lease: Lease
) -> None:
    """Its attempts cannot be counted any further: the database refuses."""
    doing, stuck, good = Doing(parts), uuid4(), uuid4()
    doing.failing[stuck] = ValueError("a bug")
    await failed_often(parts, stuck, 2**31 - 1)
    await put(parts, good)

    with capture_logs() as lines:
        await doing.poller().work(lease)

    assert doing.done == [[good]]
    assert [line["event"] for line in lines] == ["chore.failed", "chore.stuck"]


async def test_chores_of_one_mandant_are_done_together(parts: Machinery, lease: Lease) -> None:
    doing, ours, theirs = Doing(parts), [uuid4() for _ in range(4)], uuid4()
    for subject in ours:
        await put(parts, subject)
    await put(parts, theirs, mandant=uuid4())

    await doing.poller().work(lease)

    assert sorted(doing.done) == sorted([ours[:3], ours[3:], [theirs]])


async def test_who_lost_the_lease_does_nothing_more(parts: Machinery, lease: Lease) -> None:
    doing = Doing(parts)
    await put(parts, uuid4())
    gone = replace(lease, deadline=0.0)

    await doing.poller().work(gone)

    assert doing.done == []


@pytest.mark.spec("PLT-01")
async def test_who_lost_the_lease_can_write_nothing(
    office: Office, parts: Machinery, lease: Lease
) -> None:
    """A process that was paused in the middle must not rearrange by old wishes."""
    await office.open()
    contact = uuid4()
    await office.neighbours.contact(contact, Channel.EPOST)
    await office.settle()
    document = await office.file(contact)
    await office.neighbours.contact(contact, Channel.MAIL)
    await parts.worker.work()
    await parts.leases.give_back("testing")
    assert await Leases(parts.machinery_database).take("testing") is not None

    rechecking = Rechecking(parts.commands, parts.database, parts.clock, office.outbox.standards)
    with pytest.raises(LeaseLostError):
        await rechecking.recipients_changed(office.neighbours.mandant, {contact}, lease.guard())

    assert (await office.delivery(document))["channel"]["channel"] == "epost"


@pytest.mark.spec("OUT-03", "OUT-14")
async def test_what_is_sent_at_the_last_moment_gets_no_second_channel(
    office: Office, parts: Machinery, settings: OutboxSettings
) -> None:
    """Another process sends the letter just before it would have been replaced by a mail."""
    await office.open()
    contact = uuid4()
    await office.neighbours.contact(contact, Channel.EPOST)
    await office.settle()
    document = await office.file(contact)
    await office.neighbours.contact(contact, Channel.MAIL)
    await parts.worker.work()
    selection = Selection(frozenset({document}), frozenset())

    async with machinery(settings, blueprint(settings)) as other:
        dispatch = Dispatch(other.commands, other.database, other.clock, office.outbox.standards)

        async def sent_meanwhile(_: object) -> None:
            cause = Cause(new_id())
            await dispatch.send(office.neighbours.mandant, selection, None, "otto", cause)

        rechecking = Rechecking(parts.commands, parts.database, parts.clock, dispatch.standards)
        await rechecking.recipients_changed(office.neighbours.mandant, {contact}, sent_meanwhile)

    delivery = await office.delivery(document)
    assert (delivery["channel"]["channel"], delivery["state"]) == ("epost", "requested")


async def test_the_process_works_until_it_is_told_to_stop(parts: Machinery, office: Office) -> None:
    doing, stopping = Doing(parts), asyncio.Event()
    running = asyncio.ensure_future(together(doing.poller())(stopping))
    await put(parts, uuid4())

    async with asyncio.timeout(DEADLINE_S):
        while True:
            if office.count("chore") == 0:
                break
            await asyncio.sleep(0.05)
        stopping.set()
        await running

    assert len(doing.done) == 1


@pytest.mark.spec("PLT-01")
async def test_a_lost_lease_does_not_end_the_process(parts: Machinery, office: Office) -> None:
    """As after a pause of the whole process: the guard refuses, and the lease is taken anew."""
    doing, stopping, wanted = Doing(parts), asyncio.Event(), uuid4()
    doing.failing[wanted] = LeaseLostError("testing")
    await put(parts, wanted)
    running = asyncio.ensure_future(doing.poller().run(stopping))

    async with asyncio.timeout(DEADLINE_S):
        await doing.failed.wait()
        doing.failing.clear()
        while office.count("chore"):
            assert not running.done()
            await asyncio.sleep(0.05)
        stopping.set()
        await running

    assert doing.done == [[wanted]]
