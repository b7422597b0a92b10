"""How much a request may take, and what is said when it takes more."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from web.limits import Limits

MIB = 1024 * 1024
Client = httpx.AsyncClient
Make = Callable[..., FastAPI]


def refused(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert (answer.status_code, document["slug"]) == (status, slug)
    return document


async def in_pieces(body: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    """Sent without a Content-Length."""
    for start in range(0, len(body), size):
        yield body[start : start + size]


def letter_of(size_bytes: int) -> bytes:
    frame = b'{"subject": "x", "notes": {"n": "%s"}}'
    return frame % (b"y" * (size_bytes - len(frame) + 2))


JSON = {"Content-Type": "application/json"}


async def test_a_body_just_within_the_limit_passes(client: Client) -> None:
    answer = await client.post("/letters", content=letter_of(MIB), headers=JSON)
    assert answer.status_code == 201


@pytest.mark.parametrize("announced", [True, False])
async def test_one_byte_more_does_not(client: Client, announced: bool) -> None:
    body = letter_of(MIB + 1)
    content = body if announced else in_pieces(body)
    found = refused(
        await client.post("/letters", content=content, headers=JSON), 413, "body-too-large"
    )
    assert found["limit_bytes"] == MIB
    assert "1 MB (1 MB = 1024 × 1024 Byte)" in found["detail"]


@pytest.mark.parametrize("announced", [True, False])
async def test_a_route_may_set_its_own_limit(client: Client, announced: bool) -> None:
    body = b"[%s]" % (b" " * 5000)
    content = body if announced else in_pieces(body)
    found = refused(
        await client.post("/letters/many", content=content, headers=JSON), 413, "body-too-large"
    )
    assert found["limit_bytes"] == 5000


async def test_a_route_may_allow_more_than_the_app(
    make_app: Make, connect: Callable[..., Any], clerk: dict[str, str]
) -> None:
    async with connect(make_app(limits=Limits(body_bytes=100)), clerk) as client:
        scan = {"file": ("scan.pdf", b"x" * 150_000)}
        answer = await client.post("/letters/scans", data={"title": "Scan"}, files=scan)
        assert answer.json() == {"title": "Scan", "size_bytes": 150_000}
        refused(
            await client.post("/letters", content=letter_of(101), headers=JSON),
            413,
            "body-too-large",
        )


async def test_a_wrong_content_length_does_not_help(app: FastAPI, clerk: dict[str, str]) -> None:
    """The server would refuse it; the count of what arrives holds all the same."""
    headers = {**clerk, **JSON, "content-length": "10"}
    status = await asgi(app, "/letters", headers, [letter_of(MIB), b"z" * MIB])
    assert status == 413


async def asgi(app: FastAPI, path: str, headers: dict[str, str], pieces: list[bytes]) -> int:
    """The status of a request made without any client that would mend it."""
    statuses: list[int] = []
    messages = [{"type": "http.request", "body": each, "more_body": True} for each in pieces]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        statuses.append(message.get("status", 0))

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    await app(scope, receive, send)
    return statuses[0]


async def test_too_many_headers(client: Client) -> None:
    headers = {f"x-{number}": "1" for number in range(64)}
    assert (
        refused(await client.get("/livez", headers=headers), 431, "headers-too-many")["limit"] == 64
    )


async def test_headers_that_are_too_large_together(client: Client) -> None:
    refused(await client.get("/livez", headers={"x": "y" * 16 * 1024}), 431, "headers-too-large")


async def test_an_address_that_is_too_long(client: Client) -> None:
    refused(await client.get("/livez?q=" + "y" * 8192), 414, "address-too-long")


async def test_a_compressed_body(client: Client) -> None:
    answer = await client.post(
        "/letters", content=b"x", headers={**JSON, "Content-Encoding": "gzip"}
    )
    refused(answer, 415, "encoding-not-supported")


@pytest.mark.parametrize("path", ["/letters/%00", "/letters?limit=a%00b", "/letters?%00=1"])
async def test_a_nul_in_the_address(client: Client, path: str) -> None:
    refused(await client.get(path), 400, "nul-character")


@pytest.mark.parametrize("path", ["/letters/%ff", "/letters?limit=%c3%28"])
async def test_an_address_that_is_not_utf_8(client: Client, path: str) -> None:
    refused(await client.get(path), 400, "not-utf-8")


async def test_a_nul_in_a_header(app: FastAPI, clerk: dict[str, str]) -> None:
    assert await asgi(app, "/letters", {**clerk, "x-trace": "a\0b"}, [b""]) == 400


@pytest.mark.parametrize(
    ("data", "file_name"),
    [({"title": "a\0b"}, "scan.pdf"), ({"ti\0tle": "x"}, "scan.pdf"), ({"title": "x"}, "a\0.pdf")],
)
async def test_a_nul_in_a_form(client: Client, data: dict[str, str], file_name: str) -> None:
    boundary = "b"
    name, value = next(iter(data.items()))
    body = (
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        f'--b\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\n\r\n'
        "%PDF\0\r\n--b--\r\n"
    )
    answer = await client.post(
        "/letters/scans",
        content=body.encode(),
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    refused(answer, 400, "nul-character")


async def test_a_nul_in_a_file_is_fine(client: Client) -> None:
    files = {"file": ("scan.pdf", b"%PDF\0")}
    answer = await client.post("/letters/scans", data={"title": "x"}, files=files)
    assert answer.json()["size_bytes"] == 5


@pytest.mark.parametrize(
    ("data", "files"),
    [
        ({"title": "x" * 1001}, 1),
        ({"title": ["x"] * 4}, 1),
        ({"title": "x"}, 3),
    ],
)
async def test_a_form_with_too_much_in_it(
    make_app: Make,
    connect: Callable[..., Any],
    clerk: dict[str, str],
    data: dict[str, Any],
    files: int,
) -> None:
    limits = Limits(form_fields=3, form_files=2, form_field_bytes=1000)
    async with connect(make_app(limits=limits), clerk) as client:
        parts = [("file", ("scan.pdf", io.BytesIO(b"x")))] * files
        refused(await client.post("/letters/scans", data=data, files=parts), 413, "form-too-large")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\n\x01: x\r\n\r\n"),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
        ),
    ],
)
async def test_a_broken_form(client: Client, content_type: str, body: bytes) -> None:
    answer = await client.post(
        "/letters/scans", content=body, headers={"Content-Type": content_type}
    )
    refused(answer, 400, "form-unreadable")


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/letters", "text/plain"),
        ("/letters", "application/xml"),
        ("/letters", ""),
        ("/letters", "multipart/form-data; boundary=b"),
        ("/letters/scans", "application/json"),
        ("/letters/scans", "application/pdf"),
    ],
)
async def test_a_body_of_another_kind(client: Client, path: str, content_type: str) -> None:
    answer = await client.post(path, content=b"{}", headers={"Content-Type": content_type})
    refused(answer, 415, "media-type-not-supported")


async def test_an_answer_that_takes_too_long(
    make_app: Make, connect: Callable[..., Any], clerk: dict[str, str]
) -> None:
    async with connect(make_app(limits=Limits(answer_s=0.3)), clerk) as client:
        refused(await client.get("/letters/slow/30"), 504, "answer-too-slow")
        assert (await client.get("/letters/patient/0.4")).json() == "done"


async def test_a_body_that_does_not_come(
    make_app: Make, connect: Callable[..., Any], clerk: dict[str, str]
) -> None:
    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with connect(make_app(limits=Limits(body_wait_s=0.05)), clerk) as client:
        answer = await client.post("/letters", content=stuck(), headers=JSON)
    refused(answer, 408, "body-too-slow")
    assert answer.headers["connection"] == "close"


async def test_a_body_that_drips(
    make_app: Make, connect: Callable[..., Any], clerk: dict[str, str]
) -> None:
    """Each piece comes in time, but the whole would take for ever."""
    sent = 0

    async def dripping() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 500:
            sent += 1
            yield b" "
            await asyncio.sleep(0.01)

    limits = Limits(body_wait_s=0.2, slowest_bytes_per_s=1_000_000)
    async with connect(make_app(limits=limits), clerk) as client:
        answer = await client.post("/letters", content=dripping(), headers=JSON)
    refused(answer, 408, "body-too-slow")
    assert sent < 500


async def test_a_large_body_earns_its_time(
    make_app: Make, connect: Callable[..., Any], clerk: dict[str, str]
) -> None:
    """A thousand bytes at the slowest pace allowed are ten seconds more."""

    async def pausing() -> AsyncIterator[bytes]:
        body = letter_of(2000)
        yield body[:1000]
        await asyncio.sleep(1.7)
        yield body[1000:]

    limits = Limits(body_wait_s=1.5, slowest_bytes_per_s=100)
    async with connect(make_app(limits=limits), clerk) as client:
        answer = await client.post("/letters", content=pausing(), headers=JSON)
    assert answer.status_code == 201


async def test_a_form_that_breaks_off_lacks_its_last_part(client: Client) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nx\r\n--b\r\nContent-'
    answer = await client.post(
        "/letters/scans", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    found = refused(answer, 422, "validation-failed")
    assert [(each["field"], each["slug"]) for each in found["errors"]] == [("file", "missing")]
