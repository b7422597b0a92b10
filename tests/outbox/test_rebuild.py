"""The outbox's read models, made again from the log, are what they were."""

import random
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest
from tests.outbox.builders import at
from tests.outbox.conftest import Clients
from tests.outbox.office import Office
from tests.outbox.test_projections import a_day

from events.contracts import deliveries
from events.contracts.deliveries import Channel
from events.operator.tool import Site
from events.testing.rebuilding import contents, rebuilt
from outbox.settings import OutboxSettings
from outbox.wiring import blueprint
from web.auth import Role

pytestmark = pytest.mark.spec("PLT-03")


@pytest.fixture
def site(settings: OutboxSettings) -> Site:
    return Site(settings, blueprint(settings))


ANSWERS = (
    deliveries.DeliveryAccepted,
    deliveries.DeliverySent,
    deliveries.DeliverySucceeded,
    deliveries.DeliveryFailed,
    deliveries.DeliveryUncertain,
    deliveries.DeliveryWithdrawn,
)


async def a_wild_day(office: Office, chance: random.Random) -> None:
    """Whatever comes to the mind of clerks, address book, DMS and channels."""
    contacts = [uuid4() for _ in range(5)]
    documents: list[UUID] = []
    for minute in range(30):
        match chance.choice(["contact", "file", "send", "answer", "withdraw", "channel", "dms"]):
            case "contact":
                channels = chance.sample([Channel.EPOST, Channel.MAIL], chance.randint(0, 2))
                await office.neighbours.contact(chance.choice(contacts), *channels)
            case "file":
                documents.append(await office.file(*chance.sample(contacts, chance.randint(1, 3))))
            case "dms":
                await office.neighbours.filed(uuid4(), *chance.sample(contacts, 2))
                await office.outbox.parts.worker.work()
            case "send" if documents:
                path = f"/documents/{chance.choice(documents)}/send"
                await office.clerk.post(path)
            case "channel" if documents:
                path = f"/documents/{chance.choice(documents)}/channels"
                await office.clerk.post(path, json={"channel": chance.choice(["mail", "epost"])})
            case "answer" if asked := office.requests():
                told = chance.choice(ANSWERS)
                await office.neighbours.answer(told, chance.choice(asked), at(minute))
            case "withdraw" if asked := office.requests():
                await office.clerk.post(f"/deliveries/{chance.choice(asked).delivery}/withdraw")
        if chance.random() < 0.5:
            await office.settle()
        if minute == 15:
            await office.open()


@pytest.mark.parametrize("seed", range(2))
async def test_after_a_wild_day_nothing_differs(office: Office, site: Site, seed: int) -> None:
    await a_wild_day(office, random.Random(seed))  # noqa: S311 - a repeatable story
    await office.neighbours.filed(uuid4(), uuid4())
    await office.outbox.parts.worker.work()
    before, chores = contents(site), office.rows("select * from chore")
    assert all(before.values())

    assert await rebuilt(site) == 0

    assert contents(site) == before
    assert office.rows("select * from chore") == chores
    await office.settle()
    assert await rebuilt(site) == 0


async def test_counters_that_went_wrong_are_right_again(office: Office, site: Site) -> None:
    await a_day(office)
    before = contents(site)
    for statement in (
        "update document set open = 99, failed = failed + 1, name = 'anything'",
        "delete from delivery where state = 'delivered'",
        "delete from recipient",
    ):
        office._change(statement)

    assert await rebuilt(site) == 1

    assert contents(site) == before


@pytest.mark.spec("PLT-21")
async def test_two_mandants_stay_apart(office: Office, site: Site, clients: Clients) -> None:
    other = uuid4()
    theirs = replace(office, clerk=clients(other, Role.CLERK))
    document = await theirs.file(uuid4())
    await a_day(office)

    assert await rebuilt(site) == 0

    assert (await office.clerk.get(f"/documents/{document}")).status_code == 404
    (item,) = (await theirs.get("/documents"))["items"]
    assert item["document"] == str(document)


@pytest.mark.spec("PLT-01")
async def test_who_was_erased_stays_so(office: Office, site: Site) -> None:
    await a_day(office)
    known = office.rows("select contact from recipient where name_lines is not null")
    (contact,) = known[0]
    with psycopg.connect(site.settings.migrator_database_url.get_secret_value()) as connection:
        connection.execute(
            "insert into erasure_fence (mandant, subject, category, at)"
            " select mandant, subject, category, now() from subject_key where subject = %s",
            (contact,),
        )

    await rebuilt(site)

    shown = office.rows(
        "select short_name, salutation, name_lines, postal_address, address_lines, mail_address"
        " from recipient where contact = %s",
        contact,
    )
    assert shown == [(None,) * 6]
    still = office.rows("select contact from recipient where name_lines is not null")
    assert sorted(still) == sorted(known[1:])
