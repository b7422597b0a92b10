"""Contacts by HTTP: registered, read, changed, listed, refused."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from events.service import Machinery
from web.auth import Role
from web.testing import routes, routes_without_role

ANNA: dict[str, Any] = {
    "names": {
        "kind": "person",
        "gender": "female",
        "title": "Dr.",
        "first_names": "Anna",
        "surname": "Müller",
    },
    "postal_address": {
        "street": "Marktplatz",
        "house_number": "1",
        "postal_code": "06108",
        "town": "Halle (Saale)",
    },
    "mail_address": "anna@example.org",
    "preferred_channels": ["epost", "mail"],
}
MOVED = {
    **ANNA,
    "postal_address": {
        "street": "Ring",
        "house_number": "3",
        "postal_code": "1010",
        "town": "Wien",
        "country": "AT",
    },
}


def named(surname: str, first_names: str | None = None) -> dict[str, Any]:
    return {"names": {"kind": "person", "surname": surname, "first_names": first_names}}


async def registered(clerk: httpx.AsyncClient, body: dict[str, Any]) -> str:
    answer = await clerk.post("/contacts", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"])


def complaints(answer: httpx.Response) -> dict[str, str]:
    return {error["field"]: error["slug"] for error in answer.json()["errors"]}


@pytest.mark.spec("CON-20")
async def test_what_was_registered_can_be_read_at_once(clerk: httpx.AsyncClient) -> None:
    answer = await clerk.post("/contacts", json=ANNA)
    read = await clerk.get(answer.headers["Location"])

    assert answer.status_code == 201
    assert answer.headers["ETag"] == read.headers["ETag"] == '"1"'
    contact = read.json()
    assert contact["letter"] == {
        "rule_version": 1,
        "salutation": "Sehr geehrte Frau Dr. Müller,",
        "salutation_is_overridden": False,
        "short_name": "Müller, Anna",
        "name_lines": ["Frau", "Dr. Anna Müller"],
        "address_lines": ["Frau", "Dr. Anna Müller", "Marktplatz 1", "06108 Halle (Saale)"],
    }
    assert contact["details"]["names"] == {
        **ANNA["names"],
        "surname_prefix": None,
        "degree": None,
        "office": None,
    }
    assert contact["warnings"] == []


@pytest.mark.parametrize(
    ("names", "salutation"),
    [
        (
            {
                "kind": "couple",
                "first": {"gender": "female", "surname": "Weber"},
                "second": {"gender": "male", "surname": "Weber"},
            },
            "Sehr geehrte Frau Weber, sehr geehrter Herr Weber,",
        ),
        ({"kind": "company", "name_lines": ["Muster GmbH"]}, "Sehr geehrte Damen und Herren,"),
    ],
    ids=["couple", "company"],
)
@pytest.mark.spec("CON-20")
async def test_couples_and_companies(
    clerk: httpx.AsyncClient, names: dict[str, Any], salutation: str
) -> None:
    contact = await clerk.get(await registered(clerk, {"names": names}))

    assert contact.json()["letter"]["salutation"] == salutation


@pytest.mark.spec("CON-20")
async def test_a_stored_salutation_wins_and_is_flagged(clerk: httpx.AsyncClient) -> None:
    contact = await clerk.get(
        await registered(clerk, {**ANNA, "salutation_override": "Liebe Anna,"})
    )

    assert contact.json()["letter"]["salutation"] == "Liebe Anna,"
    assert contact.json()["letter"]["salutation_is_overridden"] is True


@pytest.mark.spec("CON-11")
async def test_a_change_of_what_was_seen_is_saved(clerk: httpx.AsyncClient) -> None:
    place = await registered(clerk, ANNA)

    answer = await clerk.put(place, json=MOVED, headers={"If-Match": '"1"'})

    read = await clerk.get(place)
    assert answer.status_code == 200
    assert answer.headers["ETag"] == read.headers["ETag"] == '"2"'
    assert read.json()["letter"]["address_lines"][2:] == ["Ring 3", "1010 WIEN", "ÖSTERREICH"]


@pytest.mark.spec("CON-11")
@pytest.mark.parametrize("seen", ['"1"', 'W/"2"', '"3"', "*", "nonsense"])
async def test_a_change_of_anything_else_is_refused(clerk: httpx.AsyncClient, seen: str) -> None:
    place = await registered(clerk, ANNA)
    await clerk.put(place, json=MOVED, headers={"If-Match": '"1"'})

    answer = await clerk.put(place, json=named("Maier"), headers={"If-Match": seen})

    assert answer.status_code == 412
    assert answer.json()["slug"] == "contact-changed-meanwhile"
    assert (await clerk.get(place)).headers["ETag"] == '"2"'


@pytest.mark.spec("CON-11")
async def test_a_change_must_say_what_was_seen(clerk: httpx.AsyncClient) -> None:
    answer = await clerk.put(await registered(clerk, ANNA), json=MOVED)

    assert (answer.status_code, answer.json()["slug"]) == (428, "version-missing")


async def test_a_repeated_change_is_answered_like_the_first(clerk: httpx.AsyncClient) -> None:
    place = await registered(clerk, ANNA)
    seen = {"If-Match": '"1"'}

    first = await clerk.put(place, json=MOVED, headers=seen)
    again = await clerk.put(place, json=MOVED, headers=seen)

    assert (again.status_code, again.headers["ETag"]) == (200, '"2"')
    assert again.json() == first.json()


async def test_the_same_key_twice_registers_one_contact(clerk: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "form-7"}

    first = await clerk.post("/contacts", json=ANNA, headers=key)
    again = await clerk.post("/contacts", json=ANNA, headers=key)
    other = await clerk.post("/contacts", json=MOVED, headers=key)

    assert again.status_code == 201
    assert again.json() == first.json()
    assert again.headers["ETag"] == '"1"'
    assert other.json()["slug"] == "idempotency-key-reused"
    assert len((await clerk.get("/contacts")).json()["items"]) == 1


async def test_the_same_key_at_the_same_time_registers_one_contact(
    clerk: httpx.AsyncClient,
) -> None:
    key = {"Idempotency-Key": "form-7"}

    answers = await asyncio.gather(
        *(clerk.post("/contacts", json=ANNA, headers=key) for _ in range(5))
    )

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.headers.get("Location") for answer in answers} - {None}) == 1
    assert len((await clerk.get("/contacts")).json()["items"]) == 1


async def test_the_same_key_registers_one_contact_even_where_the_first_answer_was_lost(
    clerk: httpx.AsyncClient, parts: Machinery, mandant: UUID
) -> None:
    key = {"Idempotency-Key": "form-7"}
    first = await clerk.post("/contacts", json=ANNA, headers=key)
    async with parts.database.working([mandant]) as connection:
        await connection.execute("delete from idempotency")

    again = await clerk.post("/contacts", json=ANNA, headers=key)

    assert again.json() == first.json()


@pytest.mark.spec("CON-10")
async def test_every_error_is_told_with_its_field_in_german(clerk: httpx.AsyncClient) -> None:
    wrong = {
        **ANNA,
        "postal_address": {**ANNA["postal_address"], "postal_code": "6108"},
        "mail_address": "anna@",
    }

    answer = await clerk.post("/contacts", json=wrong)

    assert answer.status_code == 422
    assert complaints(answer) == {
        "postal_address.postal_code": "postal-code-invalid",
        "mail_address": "mail-address-invalid",
    }
    assert all("{" not in error["detail"] for error in answer.json()["errors"])
    assert "anna" not in answer.text


@pytest.mark.spec("CON-10")
@pytest.mark.parametrize(
    ("body", "field", "slug"),
    [
        (named("Mül\u202eler"), "names.person.surname", "control-character"),
        (named("  "), "names.person.surname", "text-missing"),
        (named("x" * 81), "names.person.surname", "text-too-long"),
        ({**ANNA, "mail_address": "x" * 255}, "mail_address", "text-too-long"),
        ({**ANNA, "nickname": "Anni"}, "nickname", "unknown-field"),
        ({**ANNA, "preferred_channels": ["pigeon"]}, "preferred_channels.0", "not-allowed"),
        ({**ANNA, "preferred_channels": ["mail"] * 6}, "preferred_channels", "too-many-items"),
        ({"names": {"kind": "ghost"}}, "names", "unknown-kind"),
        (
            {"names": {"kind": "company", "name_lines": ["a", "b", "c", "d"]}},
            "names.company.name_lines",
            "too-many-items",
        ),
        (
            {**ANNA, "postal_address": {"street": "Markt", "postal_code": "06108"}},
            "postal_address.town",
            "missing",
        ),
    ],
)
async def test_what_is_out_of_form_is_refused(
    clerk: httpx.AsyncClient, body: dict[str, Any], field: str, slug: str
) -> None:
    answer = await clerk.post("/contacts", json=body)

    assert answer.status_code == 422
    assert complaints(answer) == {field: slug}


async def test_text_is_tidied_and_what_was_left_blank_is_nothing(
    clerk: httpx.AsyncClient,
) -> None:
    body = {"names": {**ANNA["names"], "surname": " Mu\u0308ller ", "title": " "}}

    read = await clerk.get(await registered(clerk, {**body, "mail_address": ""}))

    assert read.json()["details"]["names"]["surname"] == "Müller"
    assert read.json()["details"]["names"]["title"] is None
    assert read.json()["details"]["mail_address"] is None


@pytest.mark.spec("CON-05", "CON-10")
async def test_a_channel_that_cannot_be_used_is_said_on_saving_and_blocks_nothing(
    clerk: httpx.AsyncClient,
) -> None:
    body = {**named("Müller"), "preferred_channels": ["epost", "mail", "print"]}

    answer = await clerk.post("/contacts", json=body)

    assert answer.status_code == 201
    warnings = answer.json()["warnings"]
    assert [(warning["field"], warning["slug"]) for warning in warnings] == [
        ("preferred_channels.0", "epost-needs-postal-address"),
        ("preferred_channels.1", "mail-needs-mail-address"),
    ]
    assert warnings[0]["detail"] == "Für den E-POST-Brief fehlt die Anschrift."
    assert (await clerk.get(answer.headers["Location"])).json()["warnings"] == warnings


async def test_a_contact_that_is_not_there_is_not_found(clerk: httpx.AsyncClient) -> None:
    place = f"/contacts/{uuid4()}"

    read = await clerk.get(place)
    changed = await clerk.put(place, json=ANNA, headers={"If-Match": '"1"'})

    assert (read.status_code, read.json()["slug"]) == (404, "contact-not-registered")
    assert (changed.status_code, changed.json()["slug"]) == (404, "contact-not-registered")


async def test_the_list_goes_by_german_order_page_by_page(clerk: httpx.AsyncClient) -> None:
    for surname, first_names in [("Zimmer", None), ("Mueller", "Zoe"), ("Müller", "Anna")]:
        await registered(clerk, named(surname, first_names))
    await registered(clerk, named("Maier"))

    pages, cursor = [], None
    for _ in range(5):
        query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = (await clerk.get("/contacts", params=query)).json()
        pages.append([item["short_name"] for item in page["items"]])
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert pages == [["Maier", "Müller, Anna"], ["Mueller, Zoe", "Zimmer"]]


async def test_a_change_moves_a_contact_in_the_list(clerk: httpx.AsyncClient) -> None:
    place = await registered(clerk, named("Zimmer"))
    await registered(clerk, named("Maier"))

    await clerk.put(place, json=named("Adler"), headers={"If-Match": '"1"'})

    listed = (await clerk.get("/contacts")).json()["items"]
    assert [item["short_name"] for item in listed] == ["Adler", "Maier"]


async def test_a_cursor_fits_its_own_mandant_only(
    clerk: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    for surname in ("Maier", "Müller"):
        await registered(clerk, named(surname))
    cursor = (await clerk.get("/contacts", params={"limit": 1})).json()["next_cursor"]

    answer = await stranger.get("/contacts", params={"cursor": cursor})

    assert (answer.status_code, answer.json()["slug"]) == (400, "cursor-invalid")


async def test_every_route_is_for_clerks_alone(api: FastAPI) -> None:
    assert routes_without_role(api) == []
    ours = [route for route in routes(api) if route.path.startswith("/contacts")]
    assert [route.method for route in ours] == ["POST", "GET", "GET", "PUT"]
    assert {route.roles for route in ours} == {frozenset({Role.CLERK})}


async def test_without_a_token_there_is_no_answer(clerk: httpx.AsyncClient) -> None:
    answer = await clerk.get("/contacts", headers={"Authorization": ""})

    assert (answer.status_code, answer.json()["slug"]) == (401, "token-missing")
