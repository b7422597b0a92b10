"""The mails' next steps, made again from the log, are what they were."""

import psycopg
import pytest
from tests.delivery_mail.office import Opened

from delivery_mail.domain.pace import Task
from delivery_mail.wiring import blueprint
from events.operator.tool import Site
from events.testing.rebuilding import contents, rebuilt


@pytest.mark.spec("PLT-03")
async def test_next_steps_are_scheduled_again(opened: Opened) -> None:
    office = await opened.office()
    _, intended, handed_over = await office.planned(count=3)
    await office.leave_open(intended)
    await office.desk.hand_over(handed_over, await office.lease())
    site = Site(office.parts.settings, blueprint(office.channel.settings))
    before, due = contents(site), await office.due(Task.HAND_OVER)
    assert len(before["work"]) == 2

    assert await rebuilt(site) == 0
    assert contents(site) == before
    with psycopg.connect(opened.database.migrator) as connection:
        connection.execute("delete from work")
    assert await rebuilt(site) == 1

    assert contents(site) == before
    assert await office.due(Task.HAND_OVER) == due
