"""The same request twice has one effect: the stores, and the use in a route."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, File, Form, Request, UploadFile
from starlette.responses import JSONResponse, Response, StreamingResponse

from events.database import Database
from events.testing.postgres import fresh_database
from stack import PostgresServer
from web.auth import Caller, Role, requires
from web.idempotency import (
    Answer,
    Answered,
    Claimed,
    Different,
    IdempotencyStore,
    InProgress,
    KeyedRequest,
    MemoryIdempotency,
    PostgresIdempotency,
    once,
)
from web.idempotency.once import _answer
from web.issuer import DevelopmentIssuer
from web.limits import Limits
from web.problem import Problem

MANDANT = UUID("6f1c1a52-6f4e-4a3f-9a0e-0d6a3f7f9b11")
Client = httpx.AsyncClient
ANSWER = Answer(201, {"location": "/letters/1"}, b'{"id": "\xc3\xa4"}\0')
MakeStore = Callable[..., IdempotencyStore]


def request(**changes: Any) -> KeyedRequest:
    fields: dict[str, Any] = {
        "mandant": MANDANT,
        "route": "POST /letters",
        "key": "k",
        "request_hash": b"\0h",
    }
    return KeyedRequest(**(fields | changes))


async def claimed(store: IdempotencyStore, asked: KeyedRequest | None = None) -> Claimed:
    result = await store.claim(asked or request())
    assert isinstance(result, Claimed)
    return result


class StoreSuite:
    """What every IdempotencyStore must do."""

    async def test_a_finished_request_gives_its_answer_again(self, store: IdempotencyStore) -> None:
        await store.finish(await claimed(store), ANSWER)
        assert await store.claim(request()) == Answered(ANSWER)

    async def test_an_unfinished_one_is_in_progress(self, store: IdempotencyStore) -> None:
        await claimed(store)
        assert await store.claim(request()) == InProgress()

    @pytest.mark.parametrize("finished", [True, False])
    async def test_the_key_of_another_request_is_refused(
        self,
        store: IdempotencyStore,
        finished: bool,
    ) -> None:
        claim = await claimed(store)
        if finished:
            await store.finish(claim, ANSWER)
        assert await store.claim(request(request_hash=b"other")) == Different()

    @pytest.mark.parametrize(
        "change", [{"mandant": UUID(int=1)}, {"route": "POST /scans"}, {"key": "K"}]
    )
    async def test_keys_live_apart(self, store: IdempotencyStore, change: dict[str, Any]) -> None:
        await store.finish(await claimed(store), ANSWER)
        await claimed(store, request(**change))

    async def test_a_released_key_is_free(self, store: IdempotencyStore) -> None:
        await store.release(await claimed(store))
        await claimed(store, request(request_hash=b"other"))

    async def test_an_answer_cannot_be_released_or_replaced(self, store: IdempotencyStore) -> None:
        claim = await claimed(store)
        await store.finish(claim, ANSWER)
        await store.release(claim)
        await store.finish(claim, Answer(200, {}, b""))
        assert await store.claim(request()) == Answered(ANSWER)

    async def test_an_old_claim_is_taken_over(self, impatient: IdempotencyStore) -> None:
        first = await claimed(impatient)
        second = await claimed(impatient)
        await impatient.finish(first, Answer(200, {}, b"late"))
        await impatient.release(first)
        await impatient.finish(second, ANSWER)
        assert await impatient.claim(request()) == Answered(ANSWER)

    async def test_an_old_claim_is_not_taken_over_by_another_request(
        self, impatient: IdempotencyStore
    ) -> None:
        await claimed(impatient)
        assert await impatient.claim(request(request_hash=b"other")) == Different()

    async def test_an_answer_is_never_taken_over(self, impatient: IdempotencyStore) -> None:
        await impatient.finish(await claimed(impatient), ANSWER)
        assert await impatient.claim(request()) == Answered(ANSWER)

    async def test_of_many_at_once_one_gets_it(self, store: IdempotencyStore) -> None:
        results = await asyncio.gather(*(store.claim(request()) for _ in range(20)))
        assert sum(isinstance(result, Claimed) for result in results) == 1
        assert sum(result == InProgress() for result in results) == 19


class TestMemory(StoreSuite):
    @pytest.fixture
    def store(self) -> IdempotencyStore:
        return MemoryIdempotency()

    @pytest.fixture
    def impatient(self) -> IdempotencyStore:
        return MemoryIdempotency(take_over_after_s=0)


class TestPostgres(StoreSuite):
    @pytest.fixture
    async def database(self, postgres: PostgresServer) -> AsyncIterator[Database]:
        with fresh_database(postgres.admin_url()) as urls:
            async with Database(urls.app) as database:
                yield database

    @pytest.fixture
    def store(self, database: Database) -> IdempotencyStore:
        return PostgresIdempotency(database)

    @pytest.fixture
    def impatient(self, database: Database) -> IdempotencyStore:
        return PostgresIdempotency(database, take_over_after_s=0)

    async def test_a_key_of_another_mandant_is_another_key(self, store: IdempotencyStore) -> None:
        await claimed(store)
        await claimed(store, request(mandant=uuid4()))


class Desk:
    """A service whose letters can be counted, and which can be told to fail."""

    def __init__(self) -> None:
        self.store = MemoryIdempotency()
        self.letters = 0
        self.failure: Exception | Response | None = None
        self.working = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def write(self) -> Response:
        self.letters += 1
        self.working.set()
        await self.go_on.wait()
        match self.failure:
            case Exception() as failure:
                raise failure
            case Response() as failure:
                return failure
        place = {"Location": f"/letters/{self.letters}", "Set-Cookie": "secret"}
        return JSONResponse({"id": self.letters}, 201, place)

    def router(self) -> APIRouter:
        router = APIRouter()
        clerk = Depends(requires(Role.CLERK))

        @router.post("/letters/{box}")
        async def write(request: Request, box: str, caller: Caller = clerk) -> Response:  # noqa: ARG001 - the hash sees it
            return await once(request, self.store, caller, self.write)

        @router.post("/scans")
        async def scan(
            request: Request,
            title: Annotated[str, Form()],
            file: Annotated[UploadFile, File()],
            caller: Caller = clerk,
        ) -> Response:
            async def count() -> Response:
                answer = await self.write()
                answer.headers["etag"] = f"{title}-{len(await file.read())}"
                return answer

            return await once(request, self.store, caller, count)

        return router


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def client(
    desk: Desk,
    make_app: Callable[..., FastAPI],
    connect: Callable[..., Any],
    clerk: dict[str, str],
) -> AsyncIterator[Client]:
    async with connect(make_app(routers=[desk.router()]), clerk) as client:
        yield client


Send = Callable[..., Coroutine[None, None, httpx.Response]]


@pytest.fixture
def send(client: Client) -> Send:
    async def post(key: str | None = "k", path: str = "/letters/a", **rest: Any) -> httpx.Response:
        headers = rest.pop("headers", {}) | ({} if key is None else {"Idempotency-Key": key})
        return await client.post(path, headers=headers, **rest)

    return post


async def test_a_repeated_request_is_answered_but_not_carried_out(desk: Desk, send: Send) -> None:
    first, second = await send(json=[1]), await send(json=[1])
    assert desk.letters == 1
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert second.headers["location"] == "/letters/1"
    assert second.headers["content-type"] == "application/json"
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert "set-cookie" not in second.headers


async def test_without_a_key_each_request_counts(desk: Desk, send: Send) -> None:
    await send(None)
    await send(None)
    assert desk.letters == 2


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "\u00e4"])
async def test_a_key_is_visible_ascii(desk: Desk, send: Send, key: str) -> None:
    answer = await send(None, headers={"Idempotency-Key": key.encode()})
    assert (answer.status_code, answer.json()["slug"]) == (400, "idempotency-key-invalid")
    assert desk.letters == 0


@pytest.mark.parametrize(
    "other",
    [
        {"json": [2]},
        {"json": [1], "path": "/letters/b"},
        {"json": [1], "params": "a=b"},
        {"path": "/letters/a[1]"},
    ],
)
async def test_a_key_serves_one_request(desk: Desk, send: Send, other: dict[str, Any]) -> None:
    await send(json=[1])
    answer = await send(**other)
    assert (answer.status_code, answer.json()["slug"]) == (422, "idempotency-key-reused")
    assert desk.letters == 1


async def test_mandants_do_not_meet(desk: Desk, send: Send, issuer: DevelopmentIssuer) -> None:
    await send()
    stranger = issuer.token(UUID(int=7), "egon", [Role.CLERK])
    answer = await send(headers={"Authorization": f"Bearer {stranger}"})
    assert (answer.status_code, desk.letters) == (201, 2)


async def test_a_request_on_its_way_is_not_started_again(desk: Desk, send: Send) -> None:
    desk.go_on.clear()
    first = asyncio.create_task(send())
    await desk.working.wait()
    second = await send()
    desk.go_on.set()
    assert (second.status_code, second.json()["slug"]) == (409, "request-in-progress")
    assert (await first).status_code == 201
    assert desk.letters == 1


@pytest.mark.parametrize(
    "failure",
    [RuntimeError("x"), Problem("unavailable", 503), Problem("x", 409), Response(b"", 500)],
)
async def test_a_failure_frees_the_key(
    desk: Desk, send: Send, failure: Exception | Response
) -> None:
    desk.failure = failure
    assert (await send()).status_code >= 400
    desk.failure = None
    assert (await send()).status_code == 201


async def test_an_answer_of_refusal_is_kept(desk: Desk, send: Send) -> None:
    desk.failure = Response(b"{}", 409, media_type="application/problem+json")
    await send()
    desk.failure = None
    assert (await send()).status_code == 409
    assert desk.letters == 1


async def test_a_request_that_ran_out_of_time_keeps_its_key(
    desk: Desk,
    send: Send,
    make_app: Callable[..., FastAPI],
    connect: Callable[..., Any],
    clerk: dict[str, str],
) -> None:
    """Nobody knows how far it came."""
    desk.go_on.clear()
    hasty = make_app(routers=[desk.router()], limits=Limits(answer_s=1.5))
    async with connect(hasty, clerk) as client:
        late = await client.post("/letters/a", headers={"Idempotency-Key": "k"})
    assert (late.json()["slug"], desk.letters) == ("answer-too-slow", 1)
    desk.go_on.set()
    assert (await send()).json()["slug"] == "request-in-progress"


async def test_a_form_is_recognised_whatever_its_boundary(desk: Desk, send: Send) -> None:
    async def scan(content: bytes, name: str = "a.pdf", title: str = "x") -> httpx.Response:
        files = {"file": (name, content)}
        return await send(path="/scans", data={"title": title}, files=files)

    large = b"y" * 900_000
    first, second = await scan(large), await scan(large)
    assert first.headers["etag"] == second.headers["etag"] == "x-900000"
    assert desk.letters == 1
    for other in (await scan(b"z"), await scan(large, "b.pdf"), await scan(large, title="y")):
        assert other.json()["slug"] == "idempotency-key-reused"


def test_a_stream_cannot_be_kept() -> None:
    with pytest.raises(TypeError, match="no answer to keep"):
        _answer(StreamingResponse(iter([b""])))
