"""After a restore, and on an empty database, no mail leaves that may have left before."""

from datetime import timedelta

import pytest
from tests.delivery_mail.office import Office, Opened
from tests.delivery_mail.requests import withdrawal_of

from delivery_mail.domain.mail import Status
from delivery_mail.domain.pace import Task
from events.clock import utc_now
from events.epoch import EpochOverError
from events.ids import new_id
from events.registry import PublishedEvent
from events.stream import Cause
from events.testing.keys import random_keks
from events.testing.speaker import Speaker, as_consumed


@pytest.mark.spec("PLT-33", "CHN-01")
async def test_what_was_planned_before_a_restore_is_asked_about_and_not_sent(
    opened: Opened,
) -> None:
    keks = random_keks()
    office = await opened.office(keks=keks)
    (item,) = await office.planned()
    restored = await opened.office(keks=keks, stream_epoch=2)
    restored.channel.mandant = office.channel.mandant

    await restored.desk.hand_over(item, await restored.lease())
    mail = await restored.mail(item.stream)
    assert (mail.status, mail.doubt) == (Status.ASKING, "restored")
    assert not restored.channel.server.messages()

    cause = Cause(new_id())
    await restored.desk.decide(item.mandant, item.stream, sent=False, cause=cause)
    (again,) = await restored.due(Task.HAND_OVER)
    await restored.desk.hand_over(again, await restored.lease())
    assert (await restored.mail(item.stream)).status is Status.SENT
    assert len(restored.channel.server.messages()) == 1


@pytest.mark.spec("PLT-33", "CHN-05")
async def test_a_withdrawal_after_a_restore_comes_too_late(opened: Opened) -> None:
    keks = random_keks()
    office = await opened.office(keks=keks)
    request = await office.channel.request()
    await hear(office, request)
    restored = await opened.office(keks=keks, stream_epoch=2)
    restored.channel.mandant = office.channel.mandant
    await hear(restored, withdrawal_of(request))

    mail = await restored.mail(request.delivery)
    assert (mail.status, mail.withdrawal_refused) == (Status.ASKING, True)


@pytest.mark.spec("PLT-33", "CHN-01")
@pytest.mark.parametrize(("age_s", "end"), [(60, Status.ASKING), (-60, Status.PLANNED)])
async def test_an_empty_database_sends_only_what_is_asked_for_since_it_began(
    opened: Opened, age_s: int, end: Status
) -> None:
    office = await opened.office()
    request = await office.channel.request()
    await hear(office, request, age_s)
    assert (await office.mail(request.delivery)).status is end


async def test_a_life_that_is_over_does_not_begin_again(opened: Opened) -> None:
    await opened.office(stream_epoch=2)
    with pytest.raises(EpochOverError):
        await opened.office(stream_epoch=1)


async def hear(office: Office, event: PublishedEvent, age_s: int = 0) -> None:
    """Let the office hear something that was recorded that many seconds ago."""
    speaker = Speaker(office.parts.settings.keyring(), "outbox")
    at = utc_now() - timedelta(seconds=age_s)
    records = speaker.records(office.channel.mandant, event, at=at)
    await office.parts.inlet.take([as_consumed(r, offset) for offset, r in enumerate(records)])
    while await office.parts.worker.work():
        pass
