"""Operators over HTTP: only they, over all mandants, and without a name in sight."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from psycopg.types.json import Jsonb
from pydantic import SecretStr

import stack
from events.service import Blueprint, Machinery, machinery
from events.settings import ServiceSettings
from events.testing.postgres import Urls, fresh_database
from web.auth import Role
from web.issuer import DevelopmentIssuer
from web.operations import OperationRoutes
from web.testing import routes_without_role

MANDANT, ANOTHER = UUID(int=1), UUID(int=2)
READS = [
    "/operations/inbox",
    "/operations/relay",
    "/operations/work",
    "/operations/dead",
    f"/operations/dead/{UUID(int=3)}",
    f"/operations/streams/{UUID(int=3)}",
]


@pytest.fixture
def urls(postgres: stack.PostgresServer) -> Iterator[Urls]:
    with fresh_database(postgres.admin_url()) as urls:
        yield urls


@pytest.fixture
def owner(urls: Urls) -> Iterator[psycopg.Connection]:
    with psycopg.connect(urls.migrator, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def parts(urls: Urls) -> AsyncIterator[Machinery]:
    settings = ServiceSettings(
        environment="test",
        database_url=SecretStr(urls.app),
        machinery_database_url=SecretStr(urls.machinery),
        migrator_database_url=SecretStr(urls.migrator),
        kafka_bootstrap_servers="",
        keks=SecretStr(""),
    )
    async with machinery(settings, Blueprint("letters")) as running:
        yield running


@pytest.fixture
def service(make_app: Callable[..., FastAPI], parts: Machinery) -> FastAPI:
    return make_app(routers=[OperationRoutes(parts).router()])


@pytest.fixture
async def operator(
    service: FastAPI, connect: Callable[..., Any], issuer: DevelopmentIssuer
) -> AsyncIterator[httpx.AsyncClient]:
    token = issuer.token(MANDANT, "nora", [Role.OPERATOR])
    async with connect(service, {"Authorization": f"Bearer {token}"}) as client:
        yield client


def bury(owner: psycopg.Connection, reason: str = "unreadable: it is not JSON") -> UUID:
    id_ = uuid4()
    owner.execute(
        "insert into dead (id, mandant, topic, part, off, key, headers, value, attempts, reason,"
        " stack, first_failed_at) values (%s, %s, 'T', 0, 1, 'k', '\\x90', %s, 1, %s, '', now())",
        (id_, ANOTHER, "Jürgen Groß".encode(), reason),
    )
    return id_


def slug(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["slug"])


@pytest.mark.spec("PLT-20")
async def test_nobody_but_an_operator_gets_an_answer(
    service: FastAPI, connect: Callable[..., Any], issuer: DevelopmentIssuer
) -> None:
    assert routes_without_role(service) == []
    async with connect(service) as nobody:
        assert {slug(await nobody.get(path)) for path in READS} == {"token-missing"}
        assert slug(await nobody.post("/operations/dead/redrive", json={"all": True})) == (
            "token-missing"
        )
    for role in set(Role) - {Role.OPERATOR}:
        token = issuer.token(MANDANT, "erika", [role])
        async with connect(service, {"Authorization": f"Bearer {token}"}) as other:
            assert {slug(await other.get(path)) for path in READS} == {"role-missing"}
            answer = await other.post("/operations/dead/redrive", json={"all": True})
            assert (answer.status_code, slug(answer)) == (403, "role-missing")


@pytest.mark.spec("PLT-02")
async def test_the_dead_of_all_mandants_are_shown_without_their_content(
    operator: httpx.AsyncClient, owner: psycopg.Connection
) -> None:
    id_ = bury(owner)
    listed = (await operator.get("/operations/dead")).json()
    assert [group["records"] for group in listed["groups"]] == [1]
    assert (await operator.get("/operations/dead?reason=failed")).json()["records"] == []
    shown = await operator.get(f"/operations/dead/{id_}")
    assert shown.json()["what_to_do"]
    assert shown.json()["mandant"] == str(ANOTHER)
    assert "Gro" not in shown.text


async def test_redriving_twice_redrives_once(
    operator: httpx.AsyncClient, owner: psycopg.Connection
) -> None:
    first, _ = bury(owner), bury(owner)
    answers = [
        await operator.post("/operations/dead/redrive", json=body)
        for body in ({"ids": [str(first)]}, {"ids": [str(first)]}, {"all": True})
    ]
    assert [answer.json() for answer in answers] == [{"redriven": n} for n in (1, 0, 1)]
    found = owner.execute("select distinct actor from intervention").fetchall()
    assert found == [("nora",)]
    assert owner.execute("select count(*) from inbox").fetchone() == (2,)


async def test_a_drop_says_why_and_may_be_repeated(
    operator: httpx.AsyncClient, owner: psycopg.Connection
) -> None:
    path = f"/operations/dead/{bury(owner)}/drop"
    for _ in range(2):
        assert (await operator.post(path, json={"why": "garbage"})).status_code == 204
    assert owner.execute("select count(*) from dead").fetchone() == (0,)
    assert owner.execute("select why from intervention").fetchall() == [("garbage",)]


async def test_what_is_unknown_is_not_found(operator: httpx.AsyncClient) -> None:
    record = f"/operations/dead/{uuid4()}"
    assert slug(await operator.get(record)) == "dead-record-unknown"
    answer = await operator.post(f"{record}/drop", json={"why": "garbage"})
    assert (answer.status_code, slug(answer)) == (404, "dead-record-unknown")
    assert slug(await operator.post("/operations/relay/7/retry")) == "refused-record-unknown"
    assert slug(await operator.get(f"/operations/streams/{uuid4()}")) == "stream-unknown"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/operations/dead/redrive", {}),
        ("/operations/dead/redrive", {"ids": ["x"]}),
        ("/operations/dead/redrive", {"ids": [str(UUID(int=1))], "all": True}),
        ("/operations/dead/redrive", {"ids": [str(UUID(int=1))], "topic": "T"}),
        ("/operations/dead/redrive", {"all": True, "reason": "x'; drop table dead"}),
        (f"/operations/dead/{UUID(int=1)}/drop", {}),
        (f"/operations/dead/{UUID(int=1)}/drop", {"why": ""}),
        ("/operations/dead/x/drop", {"why": "garbage"}),
        ("/operations/relay/x/retry", None),
        (f"/operations/relay/{2**63}/retry", None),
    ],
)
async def test_bad_input_is_refused(operator: httpx.AsyncClient, path: str, body: object) -> None:
    answer = await operator.post(path, json=body)
    assert (answer.status_code, slug(answer)) == (422, "validation-failed")


async def test_the_queues_answer_when_they_are_empty(operator: httpx.AsyncClient) -> None:
    for path in ("inbox", "relay", "work", "dead"):
        assert (await operator.get(f"/operations/{path}")).status_code == 200
    assert (await operator.get("/operations/dead?limit=0")).status_code == 422


async def test_a_stream_of_another_mandant_is_shown_with_its_seals(
    operator: httpx.AsyncClient, owner: psycopg.Connection
) -> None:
    stream, subject = uuid4(), uuid4()
    owner.execute("select set_config('app.mandants', %s, false)", (str(ANOTHER),))
    meta = Jsonb({"correlation": str(uuid4()), "actor": "erika"})
    owner.execute(
        "insert into event (mandant, stream, version, id, type, schema, at, meta, data)"
        " values (%s, %s, 1, gen_random_uuid(), 'letter.planned', 1, now(), %s, '{\"n\": 1}')",
        (ANOTHER, stream, meta),
    )
    owner.execute(
        "insert into event_personal values (%s, %s, 1, %s, 'identity', '', '', '')",
        (ANOTHER, stream, subject),
    )
    (event,) = (await operator.get(f"/operations/streams/{stream}")).json()["events"]
    assert (event["fields"], event["sealed"]) == ({"n": 1}, [f"sealed: identity of {subject}"])
