"""What each API does around its routes: probes, correlation, headers, log, description."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx
import pytest
import structlog
from fastapi import APIRouter, Depends, FastAPI
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from events import tracing
from web.auth import Role, requires
from web.correlation import correlation_id
from web.envelope import SECURITY_HEADERS

SECRET = "Mustermann-Geheim"
SPAN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
MANDANT = "6f1c1a52-6f4e-4a3f-9a0e-0d6a3f7f9b11"
Client = httpx.AsyncClient


async def passes() -> None:
    """A check with nothing to say."""


async def fails() -> None:
    raise ConnectionError(SECRET)


@pytest.mark.parametrize("path", ["/livez", "/startupz", "/readyz", "/metrics", "/openapi.json"])
async def test_probes_need_no_token(app: FastAPI, connect: Callable[..., Any], path: str) -> None:
    async with connect(app) as client:
        assert (await client.get(path)).status_code == 200
        assert (await client.head(path)).status_code == 200


async def test_a_failing_check_means_not_ready_but_alive(
    make_app: Callable[..., FastAPI], connect: Callable[..., Any]
) -> None:
    app = make_app(health={"database": passes, "kafka": fails})
    async with connect(app) as client:
        ready = await client.get("/readyz")
        assert (await client.get("/livez")).status_code == 200
    assert ready.status_code == 503
    assert (ready.json()["slug"], ready.json()["failing"]) == ("not-ready", ["kafka"])
    assert SECRET not in ready.text


async def test_a_hanging_check_means_not_ready(
    make_app: Callable[..., FastAPI],
    connect: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("web.probes._CHECK_S", 0.05)
    app = make_app(health={"database": asyncio.Event().wait})
    async with connect(app) as client:
        assert (await client.get("/readyz")).json()["failing"] == ["database"]


async def test_requests_are_measured_by_route_and_not_by_path(client: Client) -> None:
    await client.get(f"/letters/{MANDANT}")
    await client.request("BREW", "/letters")
    text = (await client.get("/metrics")).text
    assert 'method="GET",route="/letters/{letter_id}",status="200"' in text
    assert 'method="OTHER"' in text
    assert MANDANT not in text
    assert "BREW" not in text


async def test_the_log_line_names_the_template_and_the_mandant(client: Client) -> None:
    with capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        answer = await client.get(f"/letters/{uuid4()}?limit=5")
    (line,) = lines
    assert line.pop("seconds") >= 0
    assert tracing.valid(f"00-{line.pop('trace_id')}-{'1' * 16}-01")
    assert line == {
        "event": "request answered",
        "log_level": "info",
        "method": "GET",
        "route": "/letters/{letter_id}",
        "status": 200,
        "mandant": MANDANT,
        "correlation_id": answer.headers["x-correlation-id"],
    }


async def test_log_lines_hold_nothing_of_what_was_sent_or_went_wrong(client: Client) -> None:
    with capture_logs([structlog.contextvars.merge_contextvars]) as lines:
        await client.get(f"/letters/{SECRET}?limit={SECRET}")
        await client.get(f"/{SECRET}")
        await client.post("/letters", json={"subject": SECRET * 9})
        await client.post("/letters/explode")
    assert SECRET not in str(lines)
    failed = next(line for line in lines if line["event"] == "request failed")
    assert failed["error"] == "RuntimeError"
    assert failed["places"][-1].startswith("web/conftest.py:")
    assert failed["places"][-1].endswith(" explode")
    assert [line["route"] for line in lines if "route" in line] == [
        "/letters/{letter_id}",
        "unmatched",
        "/letters",
        "/letters/explode",
    ]


async def test_a_prefix_given_on_inclusion_is_part_of_the_template(
    make_app: Callable[..., FastAPI], connect: Callable[..., Any]
) -> None:
    inner, outer = APIRouter(), APIRouter()
    inner.add_api_route("/{name}", passes, dependencies=[Depends(requires(Role.CLERK))])
    outer.include_router(inner, prefix="/outer")
    async with connect(make_app(routers=[outer])) as client:
        with capture_logs() as lines:
            await client.get("/outer/x")
    assert lines[0]["route"] == "/outer/{name}"


async def test_the_callers_correlation_id_is_taken_and_given_on(
    make_app: Callable[..., FastAPI], connect: Callable[..., Any], clerk: dict[str, str]
) -> None:
    router = APIRouter(dependencies=[Depends(requires(Role.CLERK))])

    @router.get("/id")
    async def tell(identity: Annotated[UUID, Depends(correlation_id)]) -> UUID:
        return identity

    sent = uuid4()
    async with connect(make_app(routers=[router]), clerk) as client:
        answer = await client.get("/id", headers={"X-Correlation-Id": str(sent)})
    assert answer.json() == answer.headers["x-correlation-id"] == str(sent)


@pytest.mark.spec("PLT-04")
@pytest.mark.parametrize("sent", [SPAN, "nonsense", SPAN.upper()])
async def test_a_callers_trace_goes_on_and_what_is_none_begins_one(
    make_app: Callable[..., FastAPI], connect: Callable[..., Any], clerk: dict[str, str], sent: str
) -> None:
    router = APIRouter(dependencies=[Depends(requires(Role.CLERK))])

    @router.get("/trace")
    async def tell() -> str:
        return tracing.here()

    async with connect(make_app(routers=[router]), clerk) as client:
        with capture_logs([merge_contextvars]) as lines:
            answer = await client.get("/trace", headers={"traceparent": sent})
    trace = tracing.trace_id(answer.json())
    assert trace is not None
    assert (trace == tracing.trace_id(SPAN)) is (sent == SPAN)
    assert answer.json() != sent
    assert lines[0]["trace_id"] == trace


@pytest.mark.parametrize("sent", [SECRET, "", "0" * 32, "x" * 36, "\u00e4" * 18])
async def test_what_is_no_uuid_is_replaced(client: Client, sent: str) -> None:
    answer = await client.get("/livez", headers={b"X-Correlation-Id": sent.encode()})
    assert UUID(answer.headers["x-correlation-id"]).version == 4


@pytest.mark.parametrize("path", ["/livez", "/nothing", "/letters/explode"])
async def test_every_answer_carries_the_security_headers(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert (
        SECURITY_HEADERS.items()
        <= {name: answer.headers.get(name) for name in SECURITY_HEADERS}.items()
    )


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_there_is_no_page_that_loads_scripts_from_elsewhere(
    client: Client, path: str
) -> None:
    assert (await client.get(path)).status_code == 404


async def test_the_description_tells_of_problems_and_tokens(client: Client) -> None:
    described = (await client.get("/openapi.json")).json()
    operation = described["paths"]["/letters"]["post"]
    assert operation["responses"].keys() == {"201", "4XX", "5XX"}
    problem = operation["responses"]["4XX"]["content"]["application/problem+json"]["schema"]
    assert "correlation_id" in problem["required"]
    assert operation["security"] == [{"HTTPBearer": []}]


async def test_the_lifespan_is_the_services(make_app: Callable[..., FastAPI]) -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        seen.append(f"up {app.title}")
        yield
        seen.append("down")

    app = make_app(lifespan=lifespan)
    async with app.router.lifespan_context(app):
        assert seen == ["up Letters"]
    assert seen == ["up Letters", "down"]
