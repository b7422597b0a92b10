"""What pydantic objects to comes out in German, under stable slugs, without the value."""

import json
from typing import Any, get_args

import httpx
import pytest
from pydantic import BaseModel, model_validator
from pydantic_core import PydanticCustomError, PydanticKnownError, ValidationError
from pydantic_core.core_schema import ErrorType

from web.validation import MOST_ERRORS, describe, findings

SECRET = "Mustermann-Geheim"
CONTACT = "6f1c1a52-6f4e-4a3f-9a0e-0d6a3f7f9b11"
Client = httpx.AsyncClient

# Whatever any error type wants to know; each takes from it what it needs.
CONTEXT: dict[str, Any] = {
    **dict.fromkeys(("gt", "ge", "lt", "le", "multiple_of", "max_length", "min_length"), 3),
    **dict.fromkeys(("actual_length", "max_digits", "decimal_places", "whole_digits"), 4),
    **dict.fromkeys(("tz_expected", "tz_actual", "expected_version"), 5),
    **dict.fromkeys(("error", "class_name", "class", "pattern", "method_name", "tag"), SECRET),
    **dict.fromkeys(("attribute", "encoding", "encoding_error", "discriminator"), SECRET),
    **dict.fromkeys(("expected_tags", "expected_schemes", "field_type"), SECRET),
    "expected": "'schwarz', 'grau' or 'farbig'",
}


def known_error(error_type: str) -> dict[str, Any]:
    """An error of that type as pydantic reports it, from a validator that raises it."""

    class Anything(BaseModel):
        @model_validator(mode="before")
        @classmethod
        def refuse(cls, _value: object) -> object:
            raise PydanticKnownError(error_type, CONTEXT)  # type: ignore[arg-type]  # one of them

    with pytest.raises(ValidationError) as refused:
        Anything.model_validate({"name": SECRET})
    return dict(refused.value.errors()[0])


@pytest.mark.parametrize("error_type", get_args(ErrorType))
def test_each_error_type_of_pydantic_has_a_slug_and_a_german_sentence(error_type: str) -> None:
    error = known_error(error_type)
    assert error["type"] == error_type
    assert error_type in findings()
    (described,) = describe([error], {})
    assert described["slug"] == findings()[error_type].slug
    assert described["detail"].endswith(".")
    assert "{" not in described["detail"]
    assert described["detail"] != error["msg"]
    assert SECRET not in json.dumps(described)


def test_the_table_names_no_type_that_pydantic_lacks() -> None:
    assert findings().keys() - set(get_args(ErrorType)) == set()


def errors_of(answer: httpx.Response) -> dict[str, tuple[str, str]]:
    """Slug and sentence by field."""
    assert answer.status_code == 422
    document = answer.json()
    assert document["slug"] == "validation-failed"
    assert SECRET not in answer.text
    return {each["field"]: (each["slug"], each["detail"]) for each in document["errors"]}


@pytest.mark.parametrize(
    ("letter", "field", "slug", "detail"),
    [
        ({}, "subject", "missing", "Diese Angabe fehlt."),
        ({"subject": 5}, "subject", "not-text", "Hier wird ein Text erwartet."),
        (
            {"subject": SECRET * 9},
            "subject",
            "text-too-long",
            "Der Text ist zu lang. Erlaubt sind höchstens 60 Zeichen.",
        ),
        (
            {"subject": ""},
            "subject",
            "text-too-short",
            "Der Text ist zu kurz. Nötig sind mindestens 1 Zeichen.",
        ),
        ({"pages": SECRET}, "pages", "not-integer", "Hier wird eine ganze Zahl erwartet."),
        ({"pages": 95}, "pages", "too-large", "Der Wert darf höchstens 94 sein."),
        (
            {"colour": SECRET},
            "colour",
            "not-allowed",
            "Dieser Wert ist hier nicht möglich. Erlaubt sind: 'schwarz' oder 'farbig'.",
        ),
        (
            {"colours": SECRET},
            "colours",
            "unknown-field",
            "Diese Angabe ist hier nicht vorgesehen.",
        ),
        (
            {"send_at": SECRET},
            "send_at",
            "not-instant",
            "Hier wird ein Zeitpunkt erwartet, zum Beispiel 2026-03-31T14:30:00+02:00.",
        ),
        (
            {"recipients": [{"contact": CONTACT}, {"contact": SECRET}]},
            "recipients.1.contact",
            "not-uuid",
            "Hier wird eine Kennung (UUID) erwartet.",
        ),
    ],
)
async def test_a_letter_that_is_wrong_in_one_place(
    client: Client, letter: dict[str, Any], field: str, slug: str, detail: str
) -> None:
    found = errors_of(
        await client.post("/letters", json={"subject": "x"} | letter if letter else {})
    )
    assert found == {field: (slug, detail)}


async def test_parts_of_the_address_and_headers_are_named_too(client: Client) -> None:
    answer = await client.get(
        f"/letters/{SECRET}?limit={SECRET}", headers={"x-trace": SECRET + "-much-too-long"}
    )
    assert {field: slug for field, (slug, _) in errors_of(answer).items()} == {
        "letter_id": "not-uuid",
        "limit": "not-integer",
        "x-trace": "text-too-long",
    }
    assert [each["in"] for each in answer.json()["errors"]] == ["path", "query", "header"]


async def test_a_name_that_the_caller_made_up_is_not_repeated(client: Client) -> None:
    answer = await client.post("/letters", json={"subject": "x", f"{SECRET} Straße 5": 1})
    assert errors_of(answer).keys() == {"*"}


async def test_very_many_errors_are_counted_instead_of_listed(client: Client) -> None:
    recipients = [{"contact": ""}] * 300
    answer = await client.post("/letters", json={"subject": "x", "recipients": recipients})
    document = answer.json()
    assert (len(document["errors"]), document["more_errors"]) == (MOST_ERRORS, 300 - MOST_ERRORS)


def test_a_service_has_error_types_of_its_own() -> None:
    class Account(BaseModel):
        @model_validator(mode="before")
        @classmethod
        def refuse(cls, _value: object) -> object:
            raise PydanticCustomError("iban-invalid", "the check digits are wrong")

    with pytest.raises(ValidationError) as refused:
        Account.model_validate({})
    errors = refused.value.errors()
    (known,) = describe(errors, {"iban-invalid": "Die IBAN stimmt nicht."})
    assert (known["slug"], known["detail"]) == ("iban-invalid", "Die IBAN stimmt nicht.")
    (unknown,) = describe(errors, {})
    assert (unknown["slug"], unknown["detail"]) == ("invalid", "Diese Angabe ist nicht gültig.")
