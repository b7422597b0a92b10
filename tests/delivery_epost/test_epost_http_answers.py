"""Answers that no simulator gives: the adapter believes none of them more than they prove."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.delivery_epost.letters import a_letter
from tests.delivery_epost.token_memory import MemoryTokenCache

from delivery_epost.adapters.epost_http import EpostHttp
from delivery_epost.adapters.epost_session import Session, TokenLife
from delivery_epost.adapters.epost_wire import Limits, Wire
from delivery_epost.ports import (
    Access,
    AccessBlockedError,
    DuplicateError,
    NotAcceptedError,
    PostError,
    PostNumber,
    SlowDownError,
    Token,
    UncertainError,
)

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ACCESS = Access("1234567890", "77", secret="geheim", password="passwort")


async def a_post_that_answers(
    status: int, body: Any, *, logged_in: bool = True, retry_after: str = ""
) -> EpostHttp:
    def handle(_: httpx.Request) -> httpx.Response:
        headers = {"Retry-After": retry_after} if retry_after else {}
        return httpx.Response(status, json=body, headers=headers)

    client = httpx.AsyncClient(
        base_url="http://post.invalid", transport=httpx.MockTransport(handle)
    )
    tokens = MemoryTokenCache()
    if logged_in:
        await tokens.save(ACCESS.ekp, Token("gut", NOW + timedelta(hours=5)))
    return EpostHttp(Session(Wire(client, Limits()), tokens, lambda: NOW, TokenLife()))


def error(code: object, description: object = "") -> dict[str, object]:
    return {"level": "Error", "code": code, "description": description}


@pytest.mark.spec("CHN-03")
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, []),
        (200, {}),
        (200, None),
        (200, [{"letterID": 1, "fileName": "ein-anderer.pdf"}]),
        (200, [{"letterID": "1", "fileName": "brief.pdf"}]),
        (200, [{"letterID": 1, "fileName": "brief.pdf"}] * 2),
        (201, [{"letterID": 1, "fileName": "brief.pdf"}]),
        (200, error("E313")),
        (302, None),
        (500, error("E313")),
        (500, error("E324", "LetterID 4711")),
        (500, error("E399")),
        (503, None),
        (400, error("Frau Muster")),
        (400, error(7)),
        (404, None),
    ],
)
async def test_an_answer_that_proves_nothing_is_uncertain(status: int, body: Any) -> None:
    post = await a_post_that_answers(status, body)
    with pytest.raises(UncertainError):
        await post.submit(ACCESS, a_letter(file_name="brief.pdf"))


@pytest.mark.spec("CHN-03")
@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (503, error("E501"), NotAcceptedError),
        (429, None, SlowDownError),
        (429, error("E900"), SlowDownError),
        (400, error("E003"), SlowDownError),
        (401, error("E004"), AccessBlockedError),
    ],
)
async def test_an_answer_that_proves_non_acceptance(
    status: int, body: Any, expected: type[PostError]
) -> None:
    post = await a_post_that_answers(status, body)
    with pytest.raises(PostError) as raised:
        await post.submit(ACCESS, a_letter())
    assert type(raised.value) is expected


@pytest.mark.parametrize(
    ("written", "pause_s"), [("17", 17.0), ("", 60.0), ("bald", 60.0), ("-5", 60.0), ("0", 60.0)]
)
async def test_a_pause_is_as_long_as_told_or_a_minute(written: str, pause_s: float) -> None:
    post = await a_post_that_answers(429, None, retry_after=written)
    with pytest.raises(SlowDownError) as slow:
        await post.submit(ACCESS, a_letter())
    assert slow.value.retry_after_s == pause_s


@pytest.mark.spec("EPO-08")
@pytest.mark.parametrize(
    ("description", "number"),
    [
        ("Duplikat: bereits eingeliefert als LetterID 4711", 4711),
        ("Duplikat (letterid: 4711) vom 22.11.2026", 4711),
        ("Duplikat, Letter-Nummer unbekannt", None),
        ("", None),
        (None, None),
    ],
)
async def test_the_number_of_the_earlier_letter_is_read_where_it_stands(
    description: object, number: int | None
) -> None:
    post = await a_post_that_answers(400, error("E324", description))
    with pytest.raises(DuplicateError) as duplicate:
        await post.submit(ACCESS, a_letter())
    assert duplicate.value.number == number


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, None, AccessBlockedError),
        (401, error("E101"), AccessBlockedError),
        (400, error("E313"), AccessBlockedError),
        (400, error("E399"), NotAcceptedError),
        (400, None, NotAcceptedError),
        (429, None, SlowDownError),
        (500, None, NotAcceptedError),
        (200, {"token": ""}, NotAcceptedError),
        (200, {"token": "mit\nUmbruch"}, NotAcceptedError),
        (200, {"token": "ümlaut"}, NotAcceptedError),
        (200, {"token": 7}, NotAcceptedError),
        (200, [], NotAcceptedError),
    ],
)
async def test_a_login_that_fails_says_nothing_about_the_letter(
    status: int, body: Any, expected: type[PostError]
) -> None:
    post = await a_post_that_answers(status, body, logged_in=False)
    with pytest.raises(PostError) as raised:
        await post.submit(ACCESS, a_letter())
    assert type(raised.value) is expected


@pytest.mark.spec("EPO-08", "EPO-09")
async def test_only_what_was_asked_for_is_believed() -> None:
    told = [
        {"letterID": 1, "statusID": 4, "custom1": "zustellung-1"},
        {"letterID": 2, "statusID": 4, "custom1": "zustellung-11"},
    ]
    post = await a_post_that_answers(200, told)
    [report] = await post.statuses(ACCESS, [PostNumber(2)])
    assert report.number == 2
    found = await post.find(ACCESS, "zustellung-1")
    assert found is not None
    assert found.number == 1
    assert await post.find(ACCESS, "zustellung") is None


@pytest.mark.spec("EPO-08")
@pytest.mark.parametrize("body", [[{"letterID": 1}], {}, None, 7])
async def test_a_look_up_that_cannot_be_read_is_no_proof_of_absence(body: Any) -> None:
    post = await a_post_that_answers(200, body)
    with pytest.raises(NotAcceptedError):
        await post.find(ACCESS, "zustellung-1")


async def test_one_unreadable_report_does_not_hide_the_others() -> None:
    told = [{"letterID": "?"}, {"letterID": 2, "statusID": 3}]
    post = await a_post_that_answers(200, told)
    [report] = await post.statuses(ACCESS, [PostNumber(1), PostNumber(2)])
    assert report.number == 2


@pytest.mark.parametrize("body", [None, {"data": "%%%"}, {"data": None}, []])
async def test_a_test_result_that_is_no_file_is_no_answer(body: Any) -> None:
    post = await a_post_that_answers(200, body)
    with pytest.raises(NotAcceptedError):
        await post.test_result(ACCESS, PostNumber(1))
