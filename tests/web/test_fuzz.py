"""Whatever is thrown at an app, each error is a problem document and none is a failure of ours."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from web.messages import titles

MEMBERS = {"type", "slug", "title", "status", "detail", "correlation_id"}


class Sent(NamedTuple):
    """A request as ASGI has it."""

    method: str
    path: bytes
    query: bytes
    headers: list[tuple[bytes, bytes]]
    pieces: list[bytes]


methods = st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"]) | st.text(
    "ABCXYZ", min_size=1, max_size=8
)
paths = st.sampled_from(
    [b"/letters", b"/letters/many", b"/letters/scans", b"/readyz", b"/letters/1/send"]
) | st.binary(max_size=20).map(lambda raw: b"/letters/" + raw)
types = st.sampled_from(
    [
        b"application/json",
        b"application/json; charset=utf-16",
        b"application/vnd.x+json",
        b"multipart/form-data; boundary=b",
        b"multipart/form-data; boundary=",
        b"multipart/form-data; charset=idna; boundary=b",
        b"application/x-www-form-urlencoded",
        b"text/plain",
    ]
) | st.binary(max_size=30)
names = st.sampled_from([b"content-length", b"x-trace", b"x-correlation-id", b"accept", b"cookie"])
headers = st.lists(st.tuples(names, st.binary(max_size=40)), max_size=4)

json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["subject", "pages", "colour", "recipients", "notes"])
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)
json_bodies = json_values.map(lambda value: json.dumps(value).encode())
parts = st.lists(
    st.tuples(
        st.sampled_from([b'name="title"', b'name="file"; filename="a.pdf"', b"name", b'name=""'])
        | st.binary(max_size=12),
        st.binary(max_size=20),
    ),
    max_size=4,
)
form_bodies = parts.map(
    lambda each: (
        b"".join(
            b"--b\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + value + b"\r\n"
            for head, value in each
        )
        + b"--b--\r\n"
    )
)
bodies = json_bodies | form_bodies | st.binary(max_size=60)
requests = st.builds(
    lambda method, path, query, media_type, rest, body, cut: Sent(
        method,
        path,
        query,
        [(b"content-type", media_type), *rest],
        [body[:cut], body[cut:]],
    ),
    methods,
    paths,
    st.binary(max_size=20),
    types,
    headers,
    bodies,
    st.integers(0, 60),
)


async def exchange(
    app: FastAPI, sent: Sent, authorization: str
) -> tuple[int, dict[bytes, bytes], bytes]:
    """Status, headers and body of the answer."""
    messages = [{"type": "http.request", "body": each, "more_body": True} for each in sent.pieces]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    start: dict[str, Any] = {}
    body = bytearray()

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        body.extend(message.get("body", b""))

    scope = {
        "type": "http",
        "method": sent.method,
        "path": sent.path.decode("latin-1"),
        "raw_path": sent.path,
        "query_string": sent.query,
        "headers": [(b"authorization", authorization.encode()), *sent.headers],
    }
    await app(scope, receive, send)
    return start["status"], dict(start["headers"]), bytes(body)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sent=requests)
async def test_every_error_is_a_problem(app: FastAPI, clerk: dict[str, str], sent: Sent) -> None:
    status, answered, body = await exchange(app, sent, clerk["Authorization"])
    assert status < 500
    assert answered[b"x-content-type-options"] == b"nosniff"
    if status >= 400:
        assert answered[b"content-type"] == b"application/problem+json"
        document = json.loads(body)
        assert document.keys() >= MEMBERS
        assert document["status"] == status
        assert document["title"] == titles()[str(status)]


@pytest.mark.parametrize("value", [1e400, float("nan")])
async def test_a_number_that_json_does_not_know(
    make_app: Callable[..., FastAPI], clerk: dict[str, str], value: float
) -> None:
    body = json.dumps({"subject": "x", "notes": {"n": value}}).encode()
    headers = [(b"content-type", b"application/json")]
    sent = Sent("POST", b"/letters", b"", headers, [body])
    status, _, _ = await exchange(make_app(), sent, clerk["Authorization"])
    assert status == 400
