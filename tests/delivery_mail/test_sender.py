"""What the sender does when the account, the store or a process before it is lost."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.delivery_mail.office import Office, Opened

from delivery_mail.domain.mail import Status
from delivery_mail.domain.pace import Task
from delivery_mail.sender import Sender
from delivery_mail.wiring import app
from smtp_simulator import Phase
from web.auth import Role
from web.environment import Environment
from web.issuer import DevelopmentIssuer
from web.keys import StaticKeys


@pytest.mark.spec("EML-03")
async def test_an_intent_that_was_left_open_is_for_a_person_and_never_sent_again(
    opened: Opened,
) -> None:
    office = await opened.office(call_may_take_s=0.0)
    (item,) = await office.planned()
    await office.leave_open(item)
    sender = Sender(office.desk, office.parts, mails_at_once=1)

    (settling,) = await office.due(Task.SETTLE)
    await sender._work([settling, item], await office.lease())

    mail = await office.mail(item.stream)
    assert (mail.status, mail.doubt) == (Status.ASKING, "left-open")
    assert opened.server.control.reached(Phase.CONNECT) == 0
    assert [await office.due(task) for task in Task] == [[], []]


async def test_an_open_intent_is_left_alone_while_a_conversation_may_be_under_way(
    opened: Opened,
) -> None:
    office = await opened.office()
    (item,) = await office.planned()
    await office.leave_open(item)
    assert await office.due(Task.SETTLE) == []


@pytest.mark.spec("CHN-03")
async def test_while_the_account_rests_no_other_mail_is_tried(opened: Opened) -> None:
    opened.server.control.reply(Phase.CONNECT, "554 5.7.1 Blocked")
    office = await opened.office(account_rest_s=900.0)
    items = await office.planned(count=3)
    sender = Sender(office.desk, office.parts, mails_at_once=1)
    await sender._work(items, await office.lease())
    await sender._work(items[1:], await office.lease())

    assert opened.server.control.reached(Phase.CONNECT) == 1
    mails = [await office.mail(item.stream) for item in items]
    assert [(mail.status, mail.number) for mail in mails] == [
        (Status.PLANNED, 1),
        (Status.PLANNED, 0),
        (Status.PLANNED, 0),
    ]
    assert await office.due(Task.HAND_OVER) == []


@pytest.mark.parametrize("tried_before", [False, True], ids=["document", "mail"])
async def test_a_damaged_object_fails_the_mail_instead_of_being_tried_for_ever(
    opened: Opened, *, tried_before: bool
) -> None:
    opened.server.control.reply(Phase.RCPT, "450 4.2.0 Greylisting", times=1)
    office = await opened.office()
    (item,) = await office.planned()
    sender = Sender(office.desk, office.parts, mails_at_once=1)
    if tried_before:
        await sender._work([item], await office.lease())
    for kept in (opened.folder / "documents").rglob("*"):
        if kept.is_file():
            kept.write_bytes(b"x" * kept.stat().st_size)
    await sender._work([item], await office.lease())

    mail = await office.mail(item.stream)
    assert (mail.status, mail.number) == (Status.REFUSED, int(tried_before))
    assert [await office.due(task) for task in Task] == [[], []]
    assert opened.server.control.reached(Phase.CONNECT) == int(tried_before)


async def test_a_store_that_is_away_is_waited_for(opened: Opened) -> None:
    office = await opened.office()
    (item,) = await office.planned()
    documents = opened.folder / "documents"
    documents.rename(opened.folder / "elsewhere")
    documents.write_bytes(b"no folder")
    await Sender(office.desk, office.parts, mails_at_once=1)._work([item], await office.lease())

    assert (await office.mail(item.stream)).status is Status.PLANNED
    assert await office.due(Task.HAND_OVER) == []


@pytest.mark.spec("CHN-03")
async def test_a_mail_that_was_tried_for_too_long_fails_but_not_for_good(opened: Opened) -> None:
    opened.server.control.reply(Phase.RCPT, "450 4.2.0 Greylisting")
    office = await opened.office(retry_for_h=0.0)
    (item,) = await office.planned()
    await office.desk.hand_over(item, await office.lease())
    assert (await office.mail(item.stream)).status is Status.REFUSED


@pytest.mark.spec("EML-02", "CHN-03")
async def test_a_retry_hands_over_the_same_bytes_under_the_same_message_id(
    opened: Opened,
) -> None:
    opened.server.control.reply(Phase.RCPT, "450 4.2.0 Greylisting", times=1)
    office = await opened.office()
    (item,) = await office.planned()
    lease = await office.lease()
    await office.desk.hand_over(item, lease)
    tried = await office.mail(item.stream)
    renamed = replace(office.desk.maker, sender_address="anders@hausbote.example")
    await replace(office.desk, maker=renamed).hand_over(item, lease)
    sent = await office.mail(item.stream)

    assert (tried.number, sent.number, tried.prepared) == (1, 2, sent.prepared)
    (mail,) = office.channel.mails(item.stream)
    assert mail["Message-ID"] == tried.message_id == f"<{item.stream}@hausbote.example>"
    assert "versand@hausbote.example" in mail["From"]


@pytest.mark.spec("EML-03")
@pytest.mark.parametrize(
    ("outcome", "ends", "at_the_server"),
    [("sent", Status.SENT, 1), ("not-sent", Status.PLANNED, 2)],
)
async def test_a_clerk_decides_about_a_mail_in_doubt(
    opened: Opened, tmp_path: Path, outcome: str, ends: Status, at_the_server: int
) -> None:
    opened.server.control.drop(Phase.END, times=1)
    office = await opened.office()
    (item,) = await office.planned()
    place = f"/mails/{item.stream}/decision"
    async with _clerk(office, tmp_path) as clerk:
        early = await clerk.post(place, json={"outcome": outcome})
        await office.desk.hand_over(item, await office.lease())
        answer = await clerk.post(place, json={"outcome": outcome})
        again = await clerk.post(place, json={"outcome": outcome})

    assert (early.status_code, answer.status_code, again.status_code) == (409, 204, 409)
    assert early.json()["detail"] == "Zu dieser E-Mail ist nichts zu entscheiden."
    assert (await office.mail(item.stream)).status is ends
    await office.desk.hand_over(item, await office.lease())
    assert len(office.channel.mails(item.stream)) == at_the_server


@asynccontextmanager
async def _clerk(office: Office, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    issuer = DevelopmentIssuer(folder / "issuer", environment=Environment.TEST)
    api = app(office.channel.settings, office.parts, office.desk, StaticKeys(issuer.jwks()))
    token = issuer.token(office.channel.mandant, "clerk-1", [Role.CLERK])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(api),
        base_url="http://mail",
        headers={"Authorization": f"Bearer {token}"},
    ) as client:
        yield client
