"""An issuer, an app with one route of each sort, and clients that talk to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, File, Form, Header, Query, UploadFile
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import PlainTextResponse

from web.app import create_app
from web.auth import Caller, Role, requires
from web.environment import Environment
from web.issuer import DevelopmentIssuer, verifier_of
from web.limits import Limits, answer_within

MANDANT = UUID("6f1c1a52-6f4e-4a3f-9a0e-0d6a3f7f9b11")
SECRET = "Mustermann-Geheim"

Client = httpx.AsyncClient
Clients = Callable[..., Client]


class Rejected(Exception):
    """A domain's refusal, as services have them."""

    slug = "rejected"
    status = 409


class LetterAlreadySent(Rejected):
    slug = "letter-already-sent"

    def __init__(self, day: str) -> None:
        super().__init__(SECRET)
        self.members = {"day": day}


class LetterStrange(Rejected):
    slug = "letter-strange"


class Colour(StrEnum):
    BLACK = "schwarz"
    FULL = "farbig"


class Recipient(BaseModel):
    model_config = ConfigDict(extra="forbid")

    contact: UUID
    name: Annotated[str, Field(max_length=60)] = ""


class Letter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    subject: Annotated[str, Field(min_length=1, max_length=60)]
    pages: Annotated[int, Field(ge=1, le=94)] = 1
    colour: Colour = Colour.BLACK
    send_at: datetime | None = None
    recipients: Annotated[list[Recipient], Field(max_length=500)] = []
    notes: dict[str, Any] = {}


letters = APIRouter(prefix="/letters")
Clerk = Annotated[Caller, Depends(requires(Role.CLERK))]


@letters.get("/{letter_id}")
async def read_letter(
    letter_id: UUID,
    caller: Clerk,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    x_trace: Annotated[str, Header(max_length=20)] = "",
) -> dict[str, Any]:
    return {"letter": letter_id, "by": caller.user, "limit": limit, "trace": x_trace}


@letters.post("", status_code=201)
async def write_letter(letter: Letter, caller: Clerk) -> dict[str, Any]:
    return {"subject": letter.subject, "by": caller.user, "notes": letter.notes}


@letters.post("/many", max_body_size=5000)
async def write_many(letters: list[Letter], _caller: Clerk) -> int:
    return len(letters)


@letters.post("/scans", max_body_size=200_000)
async def file_scan(
    title: Annotated[str, Form()], file: Annotated[UploadFile, File()], _caller: Clerk
) -> dict[str, Any]:
    return {"title": title, "size_bytes": len(await file.read())}


@letters.post("/{letter_id}/send")
async def send_letter(letter_id: UUID, _caller: Clerk) -> None:
    raise LetterAlreadySent("31.03.2026") if letter_id.int % 2 else LetterStrange


@letters.post("/explode")
async def explode(_caller: Clerk) -> None:
    raise RuntimeError(SECRET)


@letters.post("/explode/plain")
async def explode_plainly(_caller: Clerk) -> PlainTextResponse:
    return PlainTextResponse(SECRET, 502)


@letters.get("/slow/{seconds}")
async def wait(seconds: float, _caller: Clerk) -> str:
    await asyncio.sleep(seconds)
    return "done"


@letters.get("/patient/{seconds}", dependencies=[Depends(answer_within(30))])
async def wait_patiently(seconds: float, _caller: Clerk) -> str:
    await asyncio.sleep(seconds)
    return "done"


@pytest.fixture
def issuer(tmp_path: Path) -> DevelopmentIssuer:
    return DevelopmentIssuer(tmp_path / "issuer", environment=Environment.TEST)


@pytest.fixture
def clerk(issuer: DevelopmentIssuer) -> dict[str, str]:
    """Headers of a clerk of MANDANT."""
    return {"Authorization": f"Bearer {issuer.token(MANDANT, 'erika', [Role.CLERK])}"}


@pytest.fixture
def make_app(issuer: DevelopmentIssuer) -> Callable[..., FastAPI]:
    def make(**changes: Any) -> FastAPI:
        settings: dict[str, Any] = {
            "title": "Letters",
            "verifier": verifier_of(issuer),
            "limits": Limits(),
            "health": {},
            "routers": [letters],
            "messages": {"letter-already-sent": "Der Brief ging am {day} hinaus."},
            "rejections": [Rejected],
        }
        return create_app(**settings | changes)

    return make


@pytest.fixture
def app(make_app: Callable[..., FastAPI]) -> FastAPI:
    return make_app()


@pytest.fixture
def connect() -> Callable[..., Any]:
    @asynccontextmanager
    async def to(app: FastAPI, headers: dict[str, str] | None = None) -> AsyncIterator[Client]:
        transport = httpx.ASGITransport(app)
        async with Client(transport=transport, base_url="http://test", headers=headers) as client:
            yield client

    return to


@pytest.fixture
async def client(
    app: FastAPI, connect: Callable[..., Any], clerk: dict[str, str]
) -> AsyncIterator[Client]:
    async with connect(app, clerk) as client:
        yield client
