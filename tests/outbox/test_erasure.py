"""An erased person leaves the outbox: read models, the log, and the names of his documents."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql
from tests.outbox.builders import NOON
from tests.outbox.office import Office

from events.contracts.deliveries import Channel
from events.contracts.topics import SUBJECT_KEYS
from events.personal import Category, KeyId
from events.subject_keys import Fence, IssuedKey, fence_record, read_record
from outbox.projections import erasing

EVA: dict[str, Any] = {
    "short_name": "Sommer, Eva",
    "salutation": "Sehr geehrte Frau Sommer,",
    "name_lines": ("Frau", "Eva Sommer"),
    "postal_address": None,
    "address_lines": None,
    "mail_address": "eva@example.org",
}
MARIO = ("Brühl", "Mario", "Ulrichstraße", "mario.bruehl")


async def erase(office: Office, *contacts: UUID) -> None:
    """The address book erases them, and the outbox does what follows from it."""
    mandant = office.neighbours.mandant
    fences = [
        fence_record(Fence(mandant, KeyId(contact, category), b"\x01", NOON))
        for contact in contacts
        for category in Category
    ]
    await office.neighbours.tell_all(fences)
    await settle(office)


async def settle(office: Office) -> None:
    """Everything but waiting for files that the DMS has not stored yet."""
    waiting = "select from erasure_due union all select from chore where kind = 'recipient'"
    while office.rows(waiting):
        office.rows("update erasure_due set due_at = clock_timestamp() returning seq")
        await office.outbox.parts.eraser.work()
        await office.settle()


def standing(office: Office, *words: str) -> set[str]:
    """The tables in whose dump one of these words stands."""
    tables = "select table_name from information_schema.tables where table_schema = 'public'"
    found = set()
    for (table,) in office.rows(tables):
        dump = sql.SQL("select t::text from {} t").format(sql.Identifier(table))
        rows = office.rows(dump.as_string())
        text = "\n".join(row for (row,) in rows)
        if any(word in text or word.encode().hex() in text for word in words):
            found.add(table)
    return found


@pytest.mark.spec("CON-43")
async def test_nothing_of_an_erased_recipient_stands_in_any_table(office: Office) -> None:
    mario, other = uuid4(), uuid4()
    await office.open()
    await office.neighbours.contact(mario, Channel.EPOST)
    await office.neighbours.contact(other, **EVA)
    sent = await office.file(mario, name="Mahnung Brühl")
    waits = await office.file(mario, name="Kündigung Brühl")
    shared = await office.file(mario, other, name="Einladung an alle")
    await office.settle()
    await office.send(sent)
    assert standing(office, *MARIO) == {"recipient", "document"}

    await erase(office, mario)

    assert standing(office, *MARIO) == set()
    assert "document" in standing(office, "Einladung an alle")
    assert "recipient" in standing(office, "Sommer, Eva")
    assert office.count("dead") == 0
    names = [(await office.document(document))["name"] for document in (sent, waits, shared)]
    assert names == [None, None, "Einladung an alle"]
    delivery = await office.delivery(waits)
    assert delivery["recipient"] is None
    assert "postal-address-missing" in {reason["slug"] for reason in delivery["reasons"]}
    blocks = office.rows("select distinct subject from event_personal")
    assert {subject for (subject,) in blocks} == {other, shared}
    answer = await office.send(waits)
    assert answer["requested"] == []


@pytest.mark.spec("CON-43")
async def test_a_document_keeps_its_name_until_the_last_of_its_recipients_is_erased(
    office: Office,
) -> None:
    mario, maria = uuid4(), uuid4()
    await office.open()
    document = await office.file(mario, maria, name="Vertrag Brühl")
    await erase(office, mario)
    assert (await office.document(document))["name"] == "Vertrag Brühl"
    await erase(office, maria)
    assert (await office.document(document))["name"] is None
    assert standing(office, "Vertrag Brühl") == set()
    told = [topic for topic, *_ in office.relayed() if topic == SUBJECT_KEYS]
    assert told == [], "nobody else has the key of a document that a clerk has filed"


@pytest.mark.spec("CON-43")
async def test_the_fence_of_a_document_whose_key_came_from_the_dms_is_told(office: Office) -> None:
    mario, document = uuid4(), uuid4()
    await office.open()
    await office.neighbours.filed(document, mario)
    await office.outbox.parts.worker.work()
    assert standing(office, "Protokoll Brühl") == {"announcement"}
    await erase(office, mario)
    assert standing(office, "Protokoll Brühl") == set()
    told = [read_record(value) for topic, _, value in office.relayed() if topic == SUBJECT_KEYS]
    fences = {one.key for one in told if isinstance(one, Fence)}
    assert KeyId(document, Category.NOTES) in fences
    assert not any(isinstance(one, IssuedKey) for one in told)
    await office.neighbours.filed(document, mario)
    office.forget_what_was_seen()
    await settle(office)
    assert standing(office, "Protokoll Brühl") == set()


@pytest.mark.spec("CON-43")
async def test_a_document_that_is_filed_after_the_erasure_loses_its_name_too(
    office: Office,
) -> None:
    """The clerk had begun before."""
    mario = uuid4()
    await office.open()
    await office.neighbours.contact(mario, Channel.EPOST)
    await erase(office, mario)
    document = await office.file(mario, name="Mahnung Brühl")
    await settle(office)
    assert (await office.document(document))["name"] is None
    assert standing(office, *MARIO) == set()


@asynccontextmanager
async def filing(office: Office, contact: UUID) -> AsyncIterator[None]:
    """A transaction that has checked a delivery for the contact and has not committed yet."""
    url = office.outbox.settings.migrator_database_url.get_secret_value()
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute(
            "insert into recipient (mandant, contact) values (%s, %s) on conflict do nothing",
            (office.neighbours.mandant, contact),
        )
        yield


async def test_an_erasure_waits_for_who_is_just_filing(office: Office) -> None:
    """Else neither would see the other, and the document would keep its name."""
    mario, mandant = uuid4(), office.neighbours.mandant
    async with filing(office, mario), office.outbox.parts.database.working([mandant]) as connection:
        await connection.execute("set local lock_timeout = '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            await erasing.erase(connection, mandant, KeyId(mario, Category.NOTES))


async def test_an_announced_document_is_filed_without_the_name(office: Office) -> None:
    mario, document = uuid4(), uuid4()
    await office.open()
    await office.neighbours.filed(document, mario)
    await office.outbox.parts.worker.work()
    await erase(office, mario)
    office.let_announcements_age()
    await office.settle()
    assert (await office.document(document))["name"] is None
