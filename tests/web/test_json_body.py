"""What JSON may look like here: RFC 8259 in UTF-8, not too deep, without NUL."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from web.json_body import check
from web.problem import Problem

Client = httpx.AsyncClient

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=15,
)


def depth(value: Any) -> int:
    match value:
        case dict():
            return 1 + max(map(depth, value.values()), default=0)
        case list():
            return 1 + max(map(depth, value), default=0)
        case _:
            return 0


def has_nul(value: Any) -> bool:
    match value:
        case dict():
            return any(has_nul(each) for pair in value.items() for each in pair)
        case list():
            return any(map(has_nul, value))
        case _:
            return "\0" in str(value)


def refusal(body: bytes, deepest: int = 32) -> str | None:
    try:
        check(body, deepest)
    except Problem as problem:
        return problem.slug
    return None


@settings(deadline=None)
@given(values, st.booleans(), st.integers(0, 4))
def test_json_passes_unless_it_is_deep_or_holds_a_nul(
    value: Any,
    ascii_only: bool,
    deepest: int,
) -> None:
    expected = (
        "nul-character" if has_nul(value) else "json-too-deep" if depth(value) > deepest else None
    )
    assert refusal(json.dumps(value, ensure_ascii=ascii_only).encode(), deepest) == expected


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        (b'"\\u0000"', "nul-character"),
        (b'{"\\u0000": 1}', "nul-character"),
        (b'"\\\\\\u0000"', "nul-character"),
        (b'"\\\\u0000"', None),
        (b'"a\0b"', "json-invalid"),
        (b'"\\ud800"', "json-invalid"),
        (b"NaN", "json-invalid"),
        (b"[1,]", "json-invalid"),
        (b"{", "json-invalid"),
        (b"[" * 100_000, "json-invalid"),
        (b"[" * 33 + b"]" * 33, "json-too-deep"),
        (b"[" * 32 + b"]" * 32, None),
        ('"ä"'.encode("latin-1"), "not-utf-8"),
        ('"ä"'.encode("utf-16"), "not-utf-8"),
        (b"\xef\xbb\xbf{}", "json-invalid"),
    ],
)
def test_known_traps(body: bytes, slug: str | None) -> None:
    assert refusal(body) == slug


@pytest.mark.parametrize("content_type", ["application/json", "application/merge-patch+json"])
@pytest.mark.parametrize("announced", [True, False])
async def test_routes_never_see_such_a_body(
    client: Client,
    content_type: str,
    announced: bool,
) -> None:
    async def pieces() -> Any:
        for byte in b'{"subject": "a\\u0000b"}':
            yield bytes([byte])

    answer = await client.post(
        "/letters",
        content=b'{"subject": "a\\u0000b"}' if announced else pieces(),
        headers={"Content-Type": content_type},
    )
    assert (answer.status_code, answer.json()["slug"]) == (400, "nul-character")


async def test_a_missing_body_is_a_missing_field(client: Client) -> None:
    answer = await client.post("/letters", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["errors"][0]["slug"]) == (422, "missing")
