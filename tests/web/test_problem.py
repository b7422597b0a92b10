"""Every error is a problem document in German, and says nothing of what was sent."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from web.messages import own_messages, read_messages, titles
from web.problem import Problem, Problems, size_text
from web.testing import rejections_without_sentence

SECRET = "Mustermann-Geheim"
LETTER = UUID("00000000-0000-4000-8000-000000000001")
Client = httpx.AsyncClient


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The document, after checking what each has."""
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert (answer.status_code, document["status"]) == (status, status)
    assert document["slug"] == slug
    assert document["type"] == f"urn:hausbote:problem:{slug}"
    assert document["title"] == titles()[str(status)]
    assert document["correlation_id"] == answer.headers["x-correlation-id"]
    assert SECRET not in answer.text
    return document


async def test_an_unknown_address(client: Client) -> None:
    found = problem(await client.get(f"/nothing/{SECRET}"), 404, "not-found")
    assert found["detail"] == "Unter dieser Adresse gibt es nichts."


async def test_a_method_the_address_does_not_know(client: Client) -> None:
    answer = await client.delete("/letters")
    problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"


async def test_a_slash_too_many_is_not_led_elsewhere(client: Client) -> None:
    problem(await client.post("/letters/"), 404, "not-found")


async def test_an_exception_says_only_its_correlation_id(client: Client) -> None:
    answer = await client.post("/letters/explode")
    found = problem(answer, 500, "internal-error")
    assert found["correlation_id"] in found["detail"]
    assert found.keys() == {"type", "slug", "title", "status", "detail", "correlation_id"}


async def test_a_plain_error_of_a_framework_is_replaced(client: Client) -> None:
    problem(await client.post("/letters/explode/plain"), 502, "internal-error")


async def test_a_rejection_of_the_domain_has_the_sentence_of_the_service(client: Client) -> None:
    found = problem(await client.post(f"/letters/{LETTER}/send"), 409, "letter-already-sent")
    assert found["detail"] == "Der Brief ging am 31.03.2026 hinaus."
    assert found["day"] == "31.03.2026"


async def test_a_rejection_without_a_sentence_still_speaks_german(client: Client) -> None:
    with capture_logs() as lines:
        answer = await client.post(f"/letters/{UUID(int=2)}/send")
    found = problem(answer, 409, "letter-strange")
    assert found["detail"] == "Die Anfrage wurde abgelehnt."
    assert {
        "event": "no sentence for problem",
        "slug": "letter-strange",
        "log_level": "warning",
    } in (lines)


async def test_no_bearer_means_401_with_a_challenge(
    app: FastAPI, connect: Callable[..., Any]
) -> None:
    async with connect(app) as client:
        answer = await client.get(f"/letters/{LETTER}")
    problem(answer, 401, "token-missing")
    assert answer.headers["www-authenticate"] == "Bearer"


def document(problem: Problem, messages: dict[str, str] | None = None) -> dict[str, Any]:
    return Problems(messages or {}).document(problem, LETTER)


def test_members_fill_the_sentence_and_cannot_replace_the_standard_ones() -> None:
    made = document(
        Problem("too-many-pages", 422, limit=94, type="x"), {"too-many-pages": "Nur {limit}."}
    )
    assert (made["detail"], made["limit"]) == ("Nur 94.", 94)
    assert made["type"] == "urn:hausbote:problem:too-many-pages"


def test_title_and_sentence_may_be_given_on_the_spot() -> None:
    made = document(Problem("x", 422, title="Titel", detail="Satz mit {Klammer}."))
    assert (made["title"], made["detail"]) == ("Titel", "Satz mit {Klammer}.")


def test_a_sentence_that_lacks_its_member_is_left_out() -> None:
    with capture_logs() as lines:
        made = document(Problem("x", 409), {"x": "Frist {day}."})
    assert made["detail"] == own_messages()["rejected"]
    assert lines[0]["slug"] == "x"


def test_the_service_may_reword_our_sentences() -> None:
    assert document(Problem("not-found", 404), {"not-found": "Fort."})["detail"] == "Fort."


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (512, "512 Byte"),
        (1024 * 1024, "1 MB (1 MB = 1024 × 1024 Byte)"),
        (1024 * 1024 + 1, "1048577 Byte"),
        (200 * 1024 * 1024, "200 MB (1 MB = 1024 × 1024 Byte)"),
    ],
)
def test_sizes_are_exact(size_bytes: int, text: str) -> None:
    assert size_text(size_bytes) == text


def test_a_rejection_without_a_sentence_is_found() -> None:
    class Base(Exception):
        """A domain's root of refusals."""

    for slug in ("known", "not-found", "forgotten"):
        type("Refusal", (Base,), {"slug": slug, "__module__": "letters.domain"})
    type("Elsewhere", (Base,), {"slug": "elsewhere", "__module__": "lettersets.domain"})
    found = rejections_without_sentence(Base, {"known": "Bekannt."}, "letters")
    assert found == ["forgotten"]


@pytest.mark.parametrize("text", ['Big = "x"', 'a = ""', "a = 1", '[a]\nb = "c"'])
def test_a_message_file_holds_nothing_but_sentences(text: str, tmp_path: Any) -> None:
    file = tmp_path / "messages.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="is not a slug with a sentence"):
        read_messages(file)
