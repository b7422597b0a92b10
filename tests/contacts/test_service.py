"""The address book as others see it: in Kafka, and in its database."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

import stack
from contacts.settings import ContactsSettings
from events.contracts.contacts import ContactChanged, ContactKind
from events.contracts.deliveries import Channel
from events.contracts.topics import SUBJECT_KEYS
from events.database import Connection
from events.personal import Category, KeyId
from events.process import Process, machinery_processes
from events.service import Blueprint, Machinery, machinery
from events.stream import Heard, Order
from events.subject_keys import IssuedKey, read_record
from events.testing.kafka import all_records, empty_topics
from events.testing.postgres import Urls, fresh_database

DEADLINE_S = 120.0
ANNA: dict[str, Any] = {
    "names": {"kind": "person", "gender": "female", "first_names": "Annegret", "surname": "Kühn"},
    "salutation_override": "Verehrte Frau Kühn,",
    "postal_address": {
        "street": "Marktplatz",
        "house_number": "17 xy",
        "postal_code": "1012 ZX",
        "town": "Gouda",
        "country": "NL",
    },
    "mail_address": "annegret@example.org",
    "preferred_channels": ["epost"],
}
RENAMED = {**ANNA, "names": {**ANNA["names"], "surname": "Zöllner"}}
# None of them can turn up by chance in hexadecimal or base64.
CLEAR = [
    *("Annegret", "Kühn", "Zöllner", "Verehrte", "annegret@example.org"),
    *("Marktplatz", "17 xy", "1012 ZX", "Gouda", "GOUDA"),
]


def clear_in(text: str) -> list[str]:
    """Which personal values stand there: as they are, escaped for JSON, or as bytes in hex."""
    return [
        value
        for value in CLEAR
        if any(form in text for form in (value, json.dumps(value)[1:-1], value.encode().hex()))
    ]


@asynccontextmanager
async def running(process: Process) -> AsyncIterator[None]:
    stopping = asyncio.Event()
    task = asyncio.ensure_future(process(stopping))
    try:
        yield
    finally:
        stopping.set()
        await task


async def records_of(kafka: stack.KafkaServer, mandant: UUID, count: int) -> Sequence[Any]:
    """What stands in Kafka about a mandant, once these are at least `count` records."""
    servers = kafka.bootstrap_servers
    async with asyncio.timeout(DEADLINE_S):
        while True:
            records = [
                record
                for record in await all_records(servers, [ContactChanged.__name__, SUBJECT_KEYS])
                if str(mandant).encode() in (*dict(record.headers).values(), *_owner(record))
            ]
            if len(records) >= count:
                return records
            await asyncio.sleep(0.1)


def _owner(record: Any) -> tuple[bytes, ...]:
    told = read_record(record.value) if record.topic == SUBJECT_KEYS else None
    return (str(told.mandant).encode(),) if isinstance(told, IssuedKey) else ()


@asynccontextmanager
async def reading(settings: ContactsSettings, database: Urls) -> AsyncIterator[list[Heard]]:
    """Another service that holds the same key-encryption keys, and what it has heard so far."""
    heard: list[Heard] = []

    async def remember(_: Connection, one: Heard) -> Sequence[Order]:
        heard.append(one)
        return ()

    urls = {
        "database_url": SecretStr(database.app),
        "machinery_database_url": SecretStr(database.machinery),
    }
    blueprint = Blueprint(source="reader", hears={ContactChanged: remember})
    async with AsyncExitStack() as open_until_read:
        parts = machinery(settings.model_copy(update=urls), blueprint)
        reader = await open_until_read.enter_async_context(parts)
        for process in machinery_processes(reader).values():
            await open_until_read.enter_async_context(running(process))
        yield heard


async def heard_about(heard: list[Heard], mandant: UUID, count: int) -> list[ContactChanged]:
    """The snapshots of a mandant by version, once there are so many."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            ours = {one.version: one.event for one in heard if one.mandant == mandant}
            if len(ours) >= count:
                events = [ours[version] for version in sorted(ours)]
                return [event for event in events if isinstance(event, ContactChanged)]
            await asyncio.sleep(0.05)


@pytest.fixture
async def relay(parts: Machinery, servers: stack.Servers) -> AsyncIterator[None]:
    """The address book's relay at work."""
    await empty_topics(servers.kafka.bootstrap_servers)
    async with running(machinery_processes(parts)["relay"]):
        yield


@pytest.mark.spec("CON-21")
@pytest.mark.usefixtures("relay")
async def test_a_letter_writer_hears_each_snapshot_and_can_open_it(
    clerk: httpx.AsyncClient,
    settings: ContactsSettings,
    servers: stack.Servers,
    mandant: UUID,
) -> None:
    with fresh_database(servers.postgres.admin_url()) as urls:
        async with reading(settings, urls) as heard:
            saved = await clerk.post("/contacts", json=ANNA)
            await clerk.put(saved.headers["Location"], json=RENAMED, headers={"If-Match": '"1"'})
            first, second = await heard_about(heard, mandant, 2)

    assert first.contact == second.contact == UUID(saved.json()["contact"])
    assert (first.kind, first.preferred_channels) == (ContactKind.PERSON, (Channel.EPOST,))
    assert first.salutation == "Verehrte Frau Kühn,"
    assert first.name_lines == ("Frau", "Annegret Kühn")
    assert first.address_lines == (
        "Frau",
        "Annegret Kühn",
        "Marktplatz 17 xy",
        "1012 ZX GOUDA",
        "NIEDERLANDE",
    )
    assert first.mail_address == "annegret@example.org"
    assert (first.short_name, second.short_name) == ("Kühn, Annegret", "Zöllner, Annegret")


@pytest.mark.spec("CON-21")
@pytest.mark.usefixtures("relay")
async def test_no_personal_value_leaves_the_service_in_clear(
    clerk: httpx.AsyncClient, servers: stack.Servers, mandant: UUID
) -> None:
    saved = await clerk.post("/contacts", json=ANNA, headers={"Idempotency-Key": "one"})
    await clerk.put(saved.headers["Location"], json=RENAMED, headers={"If-Match": '"1"'})

    records = await records_of(servers.kafka, mandant, 5)

    contact = UUID(saved.json()["contact"])
    told = [read_record(record.value) for record in records if record.topic == SUBJECT_KEYS]
    assert sorted(one.key.id for one in told if isinstance(one, IssuedKey)) == [
        KeyId(contact, Category.COMMUNICATION),
        KeyId(contact, Category.IDENTITY),
        KeyId(contact, Category.NOTES),
    ]
    for record in records:
        whole = b"|".join([record.key, record.value, *(value for _, value in record.headers)])
        assert clear_in(whole.decode()) == []


@pytest.mark.spec("CON-21")
async def test_no_personal_value_stands_in_clear_outside_of_the_read_model(
    clerk: httpx.AsyncClient, database: Urls
) -> None:
    saved = await clerk.post("/contacts", json=ANNA, headers={"Idempotency-Key": "one"})
    await clerk.put(saved.headers["Location"], json=RENAMED, headers={"If-Match": '"1"'})

    found = {table: clear for table, text in dumped(database).items() if (clear := clear_in(text))}

    assert found.keys() == {"contact"}
    assert "Zöllner" in found["contact"]


def dumped(database: Urls) -> dict[str, str]:
    """Each table's rows as text, as the owner of the server sees them."""
    with psycopg.connect(database.migrator) as connection:
        tables = connection.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace"
            " and relkind in ('r', 'p')"
        ).fetchall()
        rows = sql.SQL("select t::text from {} t")
        return {
            table: "\n".join(
                row for (row,) in connection.execute(rows.format(sql.Identifier(table)))
            )
            for (table,) in tables
        }


async def test_mandants_never_meet(clerk: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    place = (await clerk.post("/contacts", json=ANNA)).headers["Location"]

    read_by_stranger = await stranger.get(place)
    changed = await stranger.put(place, json=RENAMED, headers={"If-Match": '"1"'})
    listed = await stranger.get("/contacts")

    assert (read_by_stranger.status_code, changed.status_code) == (404, 404)
    assert listed.json()["items"] == []
    assert (await clerk.get(place)).headers["ETag"] == '"1"'


async def test_mandants_never_meet_even_where_a_query_forgets_the_filter(
    clerk: httpx.AsyncClient, parts: Machinery, mandant: UUID
) -> None:
    await clerk.post("/contacts", json=ANNA)

    async def count(mandants: list[UUID]) -> int:
        async with parts.database.working(mandants) as connection:
            row = await (await connection.execute("select count(*) from contact")).fetchone()
        assert row is not None
        return int(row[0])

    assert await count([mandant]) == 1
    assert await count([UUID(int=1)]) == 0
    assert await count([]) == 0
