"""Cursors come back as they went out, or not at all."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from cryptography.fernet import Fernet
from fastapi import APIRouter, Depends, FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from web.auth import Role, requires
from web.paging import Cursors, Page, PageQuery
from web.problem import Problem

KEYS = [Fernet.generate_key().decode() for _ in range(2)]
NAME = "Mustermann-Geheim"
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.fixture
def cursors() -> Cursors:
    return Cursors(KEYS[:1])


@settings(deadline=None)
@given(st.dictionaries(texts, texts | st.integers(-(2**53), 2**53), max_size=3), texts)
def test_a_cursor_comes_back_as_the_position_it_was(position: Any, scope: str) -> None:
    cursors = Cursors(KEYS[:1])
    assert cursors.open(cursors.seal(position, scope), scope) == position


def test_the_first_page_needs_none(cursors: Cursors) -> None:
    assert cursors.open(None, "letters") is None


def test_a_cursor_says_nothing_of_the_name_it_holds(cursors: Cursors) -> None:
    from base64 import urlsafe_b64decode

    cursor = cursors.seal({"name": NAME}, "letters")
    assert NAME.encode() not in urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert cursor.replace("-", "").replace("_", "").isalnum()


def refuse(cursors: Cursors, cursor: str, scope: str = "letters") -> None:
    with pytest.raises(Problem) as refused:
        cursors.open(cursor, scope)
    assert (refused.value.slug, refused.value.status_code) == ("cursor-invalid", 400)


def test_a_changed_cursor_is_refused(cursors: Cursors) -> None:
    cursor = cursors.seal({"name": NAME}, "letters")
    # The last character has bits to spare: changing only those changes nothing.
    for place in range(len(cursor) - 1):
        other = "A" if cursor[place] != "A" else "B"
        refuse(cursors, cursor[:place] + other + cursor[place + 1 :])


@settings(deadline=None)
@given(st.text())
def test_nonsense_is_refused(cursor: str) -> None:
    refuse(Cursors(KEYS), cursor)


def test_a_cursor_of_another_list_is_refused(cursors: Cursors) -> None:
    refuse(cursors, cursors.seal({"name": NAME}, "contacts"))


def test_a_key_can_be_rotated(cursors: Cursors) -> None:
    cursor = cursors.seal({"name": NAME}, "letters")
    assert Cursors([KEYS[1], KEYS[0]]).open(cursor, "letters") == {"name": NAME}
    refuse(Cursors([KEYS[1]]), cursor)


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("limit=0", "too-small"),
        ("limit=201", "too-large"),
        ("limit=x", "not-integer"),
        ("cursor=" + "x" * 2001, "text-too-long"),
    ],
)
async def test_a_page_has_its_limits(
    make_app: Callable[..., FastAPI],
    connect: Callable[..., Any],
    clerk: dict[str, str],
    query: str,
    slug: str,
) -> None:
    router = APIRouter(dependencies=[Depends(requires(Role.CLERK))])

    @router.get("/numbers")
    async def numbers(asked: Annotated[PageQuery, Depends()]) -> Page[int]:
        return Page(items=list(range(asked.limit)), next_cursor=asked.cursor)

    async with connect(make_app(routers=[router]), clerk) as client:
        assert (await client.get("/numbers")).json() == {
            "items": list(range(50)),
            "next_cursor": None,
        }
        refused = await client.get(f"/numbers?{query}")
    assert (refused.status_code, refused.json()["errors"][0]["slug"]) == (422, slug)
