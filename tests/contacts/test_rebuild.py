"""The address book's read model, made again from the log, is what it was."""

import httpx
import psycopg
import pytest
from tests.contacts.test_service import ANNA, RENAMED

from contacts.settings import ContactsSettings
from contacts.wiring import blueprint
from events.operator.tool import Site
from events.testing.postgres import Urls
from events.testing.rebuilding import contents, rebuilt

pytestmark = pytest.mark.spec("PLT-03")


@pytest.fixture
def site(settings: ContactsSettings) -> Site:
    return Site(settings, blueprint(settings))


async def test_nothing_differs_afterwards(
    site: Site, clerk: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    for client in (clerk, stranger):
        for _ in range(3):
            saved = await client.post("/contacts", json=ANNA)
            about = {"If-Match": saved.headers["ETag"]}
            await client.put(saved.headers["Location"], json=RENAMED, headers=about)
            await client.post("/contacts", json=RENAMED)
    before = contents(site)
    assert len(before["contact"]) == 12

    assert await rebuilt(site) == 0

    assert contents(site) == before
    for client in (clerk, stranger):
        assert len((await client.get("/contacts")).json()["items"]) == 6


@pytest.mark.spec("PLT-01")
async def test_who_was_erased_is_not_brought_back(
    site: Site, clerk: httpx.AsyncClient, database: Urls
) -> None:
    gone = await clerk.post("/contacts", json=ANNA)
    await clerk.post("/contacts", json=RENAMED)
    contact = gone.headers["Location"].rpartition("/")[2]
    with psycopg.connect(database.migrator) as connection:
        connection.execute(
            "insert into erasure_fence (mandant, subject, category, at)"
            " select mandant, subject, category, now() from subject_key where subject = %s",
            (contact,),
        )
        connection.execute("delete from contact where contact = %s", (contact,))
    before = contents(site)

    assert await rebuilt(site) == 0

    assert contents(site) == before
    assert len(before["contact"]) == 1
