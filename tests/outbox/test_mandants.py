"""Two mandants never see each other, and what is personal stays where it belongs."""

import json
import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs
from tests.outbox.conftest import Clients
from tests.outbox.office import Office

from events.contracts.deliveries import Channel
from web.auth import Role
from web.testing import routes, routes_without_role

READ_MODELS = (
    "document",
    "announcement",
    "delivery",
    "delivery_timeline",
    "recipient",
    "mandant_setting",
)


async def some_post(office: Office) -> tuple[UUID, UUID]:
    """A document that was sent, and its delivery."""
    await office.open()
    contact = uuid4()
    await office.neighbours.contact(contact, Channel.MAIL)
    await office.neighbours.filed(uuid4(), contact)
    await office.settle()
    document = await office.file(contact, key="one")
    await office.send(document)
    return document, UUID((await office.delivery(document))["delivery"])


@pytest.mark.spec("PLT-21")
async def test_a_stranger_finds_nothing(office: Office, stranger: httpx.AsyncClient) -> None:
    document, delivery = await some_post(office)
    before = office.rows("select count(*), max(position) from event")

    paths = [
        ("GET", f"/documents/{document}", None),
        ("GET", f"/documents/{document}/file", None),
        ("POST", f"/documents/{document}/channels", {"channel": "epost"}),
        ("DELETE", f"/documents/{document}/channels/mail", None),
        ("GET", f"/deliveries/{delivery}", None),
        ("GET", "/sender", None),
    ]
    found = [
        (path, answer.status_code)
        for method, path, body in paths
        if (answer := await stranger.request(method, path, json=body)).status_code != 404
    ]
    body = {"documents": [str(document)], "deliveries": [str(delivery)]}
    sent = (await stranger.post("/deliveries/send", json=body)).json()

    assert found == []
    assert (await stranger.get("/documents")).json()["items"] == []
    assert sorted(each["slug"] for each in sent["refused"]) == [
        "delivery-unknown",
        "document-unknown",
    ]
    assert office.rows("select count(*), max(position) from event") == before


@pytest.mark.spec("PLT-21")
async def test_a_stranger_cannot_withdraw(office: Office, stranger: httpx.AsyncClient) -> None:
    _, delivery = await some_post(office)
    before = office.rows("select count(*) from event")

    answer = await stranger.post(f"/deliveries/{delivery}/withdraw")

    assert answer.status_code == 404
    assert office.rows("select count(*) from event") == before


@pytest.mark.spec("PLT-21")
async def test_a_query_that_forgets_its_filter_shows_one_mandant_only(
    office: Office, stranger: httpx.AsyncClient
) -> None:
    await some_post(office)
    await stranger.put("/default-channel", json={"channel": "mail"})
    await office.neighbours.filed(uuid4())
    await office.outbox.parts.worker.work()

    mandant = office.neighbours.mandant
    seen = {table: await seen_in(office, table, [uuid4()]) for table in READ_MODELS}
    ours = {table: await seen_in(office, table, [mandant]) for table in READ_MODELS}

    assert set(seen.values()) == {0}
    assert all(ours.values())
    assert ours["mandant_setting"] == 1 < office.count("mandant_setting")


async def seen_in(office: Office, table: str, mandants: Sequence[UUID]) -> int:
    async with office.outbox.parts.database.working(mandants) as connection:
        query = f"select count(*) from {table}"  # noqa: S608 - our own table names
        row = await (await connection.execute(query.encode())).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.spec("PLT-21")
async def test_a_contact_of_another_mandant_stays_unknown(office: Office, clients: Clients) -> None:
    contact = uuid4()
    await office.neighbours.contact(contact, Channel.MAIL)
    await office.settle()
    elsewhere = Office(office.outbox, clients(uuid4(), Role.CLERK), office.admin, office.neighbours)

    document = await elsewhere.file(contact)
    await office.neighbours.contact(contact, Channel.EPOST)
    await office.settle()

    delivery = await elsewhere.delivery(document)
    assert (delivery["recipient"], delivery["channel"]["channel"]) == (None, "epost")
    assert "recipient-unknown" in [reason["slug"] for reason in delivery["reasons"]]


@pytest.mark.spec("PLT-21")
async def test_a_document_of_the_dms_under_another_mandants_id_changes_nothing(
    office: Office, clients: Clients
) -> None:
    other = uuid4()
    elsewhere = Office(office.outbox, clients(other, Role.CLERK), office.admin, office.neighbours)
    document = await elsewhere.file(uuid4())

    await office.neighbours.filed(document)
    await office.settle()

    assert office.count("inbox") + office.count("dead") == 1
    assert office.count("announcement") == 0
    assert (await elsewhere.document(document))["origin"] == "upload"


@pytest.mark.spec("PLT-20")
async def test_every_route_names_its_roles(api: FastAPI) -> None:
    assert routes_without_role(api) == []


@pytest.mark.spec("PLT-20")
async def test_no_route_answers_without_a_token_or_in_another_role(
    api: FastAPI, clients: Clients, mandant: UUID
) -> None:
    named = [route for route in routes(api) if not route.for_everyone]
    assert len(named) == 23

    for route in named:
        path = re.sub(r"{\w+}", str(uuid4()), route.path)
        caller = clients(mandant, min(set(Role) - (route.roles or set())))
        refused = await caller.request(route.method, path)
        del caller.headers["Authorization"]
        nobody = await caller.request(route.method, path)
        assert (nobody.status_code, nobody.json()["slug"]) == (401, "token-missing"), path
        assert (refused.status_code, refused.json()["slug"]) == (403, "role-missing"), path


# None of them turns up by chance in hexadecimal or base64.
CLEAR = (
    "Einladung Eigentümerversammlung",
    "Protokoll Brühl",
    "Brühl, Mario",
    "Mario Brühl",
    "Sehr geehrter Herr Brühl,",
    "Große Ulrichstraße",
    "mario.bruehl@example.org",
)
READ_MODELS_WITH_NAMES = {"document", "announcement", "recipient"}


def clear_in(text: str) -> list[str]:
    """Which personal values stand there: as they are, escaped for JSON, or as bytes in hex."""
    return [
        value
        for value in CLEAR
        if any(form in text for form in (value, json.dumps(value)[1:-1], value.encode().hex()))
    ]


@pytest.mark.spec("OUT-01", "OUT-14")
async def test_personal_values_stand_in_read_models_only(office: Office) -> None:
    with capture_logs() as lines:
        await some_post(office)
        await office.settle()
    await office.neighbours.filed(uuid4())
    await office.outbox.parts.worker.work()

    found = {table for table, text in dumped(office).items() if clear_in(text)}

    assert found == READ_MODELS_WITH_NAMES
    assert clear_in(json.dumps(lines, default=str, ensure_ascii=False)) == []
    for _, headers, value in office.relayed():
        assert clear_in(f"{headers!r}{value!r}{value.decode()}") == []


def dumped(office: Office) -> dict[str, str]:
    """Each table's rows as text."""
    url = office.outbox.settings.migrator_database_url.get_secret_value()
    with psycopg.connect(url) as connection:
        tables: list[tuple[Any, ...]] = connection.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace"
            " and relkind in ('r', 'p')"
        ).fetchall()
        return {
            table: "\n".join(
                str(row)
                for (row,) in connection.execute(f"select t::text from {table} t".encode())  # noqa: S608 - our own table names
            )
            for (table,) in tables
        }
