"""What callers send wrongly: a problem with slug and German sentence, and nothing half stored."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from tests.outbox.office import TEXT, Office, pdf

from documents.testing.hostile import content_bomb, cut_in_half, huge_page, nested
from documents.testing.samples import encrypted, no_pages

CONTACT = "018f0000-0000-7000-8000-0000000000c0"
GOOD: dict[str, Any] = {**TEXT, "recipients": [CONTACT]}
SENDER: dict[str, Any] = {
    "name": "HV",
    "street": "Markt 1",
    "postal_code": "06108",
    "town": "Halle",
}
MISSING = object()


def problem(answer: httpx.Response) -> dict[str, Any]:
    """The problem document, after a look at what every one of them must have."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    found: dict[str, Any] = answer.json()
    assert found["status"] == answer.status_code
    assert found["type"] == f"urn:hausbote:problem:{found['slug']}"
    assert found["detail"].endswith(".")
    assert "{" not in found["detail"]
    return found


def changed(good: Mapping[str, Any], field: str, value: object) -> dict[str, Any]:
    body = {**good, field: value}
    if value is MISSING:
        del body[field]
    return body


def nothing_stored(office: Office) -> None:
    for table in ("event", "document", "delivery", "relay", "chore", "recipient"):
        assert office.count(table) == 0


@pytest.mark.spec("OUT-01", "OUT-02", "PLT-23")
@pytest.mark.parametrize(
    ("field", "value", "where", "slug"),
    [
        ("name", MISSING, "document.name", "missing"),
        ("name", 7, "document.name", "not-text"),
        ("name", " \t ", "document.name", "text-missing"),
        ("name", "x" * 201, "document.name", "text-too-long"),
        ("name", "Brief\u202e", "document.name", "control-character"),
        ("kind", "Über uns", "document.kind", "wrong-pattern"),
        ("kind", "x" * 41, "document.kind", "wrong-pattern"),
        ("origin", "", "document.origin", "wrong-pattern"),
        ("origin", None, "document.origin", "not-text"),
        ("property", "Haus 1", "document.property", "not-uuid"),
        ("recipients", MISSING, "document.recipients", "missing"),
        ("recipients", [], "document.recipients", "too-few-items"),
        ("recipients", "x", "document.recipients", "not-list"),
        ("recipients", [CONTACT, "x"], "document.recipients.1", "not-uuid"),
        ("recipients", [CONTACT] * 10_001, "document.recipients", "too-many-items"),
        ("channels", ["fax"], "document.channels.0", "not-allowed"),
        ("channels", ["epost"] * 6, "document.channels", "too-many-items"),
        ("letter", {"cover_sheet": "vielleicht"}, "document.letter.cover_sheet", "not-boolean"),
        ("letter", {"colour": True}, "document.letter.colour", "unknown-field"),
        ("mail", {"size_limit_mb": 0}, "document.mail.size_limit_mb", "too-small"),
        ("mail", {"size_limit_mb": 101}, "document.mail.size_limit_mb", "too-large"),
        ("mail", [], "document.mail", "not-object"),
        ("subject", "x", "document.subject", "unknown-field"),
    ],
)
async def test_each_field_of_a_document_is_checked(
    office: Office, field: str, value: object, where: str, slug: str
) -> None:
    answer = await office.post(changed(GOOD, field, value), pdf())

    told = problem(answer)
    assert (answer.status_code, told["slug"]) == (422, "validation-failed")
    assert [(error["field"], error["slug"]) for error in told["errors"]] == [(where, slug)]
    assert all(error["detail"].endswith(".") for error in told["errors"])
    nothing_stored(office)


@pytest.mark.spec("OUT-01", "PLT-23")
@pytest.mark.parametrize(
    ("part", "status", "slug"),
    [
        (b"{", 400, "json-invalid"),
        (b"", 400, "json-invalid"),
        (json.dumps(GOOD, ensure_ascii=False).encode("latin-1"), 400, "not-utf-8"),
        (json.dumps({**GOOD, "name": "a\0b"}).encode(), 400, "nul-character"),
        (b'{"name":' * 50 + b"1" + b"}" * 50, 400, "json-too-deep"),
        (b"[]", 422, "validation-failed"),
        (b" " * (1024 * 1024 * 211), 413, "body-too-large"),
    ],
)
async def test_the_json_part_is_checked(
    office: Office, part: bytes, status: int, slug: str
) -> None:
    files = {
        "file": ("brief.pdf", pdf(), "application/pdf"),
        "document": ("document.json", part, "application/json"),
    }

    answer = await office.clerk.post("/documents", files=files)

    assert (answer.status_code, problem(answer)["slug"]) == (status, slug)
    nothing_stored(office)


@pytest.mark.spec("OUT-01")
async def test_the_json_may_come_as_a_plain_field(office: Office) -> None:
    file = {"file": ("brief.pdf", pdf(), "application/pdf")}

    answer = await office.clerk.post("/documents", files=file, data={"document": json.dumps(GOOD)})

    assert answer.status_code == 201


@pytest.mark.spec("OUT-01", "PLT-23")
async def test_the_form_is_checked(office: Office) -> None:
    post = office.clerk.post
    document = {"document": ("d.json", json.dumps(GOOD), "application/json")}
    file = {"file": ("brief.pdf", pdf(), "application/pdf")}

    no_file = problem(await post("/documents", files=document))
    no_document = problem(await post("/documents", files=file))
    text_for_file = problem(await post("/documents", files=document, data={"file": "x"}))
    long_field = problem(await post("/documents", files=file, data={"document": "x" * 2_000_000}))
    no_form = problem(await post("/documents", json=GOOD))
    broken = await post(
        "/documents", content=b"x", headers={"Content-Type": "multipart/form-data; boundary=y"}
    )

    assert [error["field"] for error in no_file["errors"]] == ["file"]
    assert [error["field"] for error in no_document["errors"]] == ["document"]
    assert [error["field"] for error in text_for_file["errors"]] == ["file"]
    assert (long_field["status"], long_field["slug"]) == (413, "form-too-large")
    assert no_form["slug"] == "media-type-not-supported"
    assert broken.status_code == problem(broken)["status"]
    assert 400 <= broken.status_code < 500
    nothing_stored(office)


@pytest.mark.spec("OUT-02", "PLT-23")
@pytest.mark.parametrize(
    ("content", "slug"),
    [
        pytest.param(lambda: b"", "not-a-pdf", id="nothing"),
        pytest.param(lambda: b"PK\x03\x04 no pdf", "not-a-pdf", id="another format"),
        pytest.param(lambda: encrypted(pdf(), user="geheim"), "password", id="password"),
        pytest.param(no_pages, "zero-pages", id="no pages"),
        pytest.param(lambda: cut_in_half(pdf(3)), "damaged", id="cut in half"),
        pytest.param(lambda: content_bomb(128 * 1024 * 1024), "bomb", id="unpacks to much"),
        pytest.param(huge_page, "bomb", id="huge page"),
        pytest.param(nested, "bomb", id="nested"),
    ],
)
async def test_what_is_no_usable_pdf_is_refused(office: Office, content: Any, slug: str) -> None:
    answer = await office.post(GOOD, content(), "one")

    assert (answer.status_code, problem(answer)["slug"]) == (422, slug)
    nothing_stored(office)
    assert office.count("idempotency") == 0


@pytest.mark.spec("OUT-02", "PLT-23")
async def test_more_than_200_mb_are_refused(office: Office) -> None:
    content = b"%PDF-1.7\n" + b"0" * (200 * 1024 * 1024)

    answer = await office.post(GOOD, content)

    assert (answer.status_code, problem(answer)["slug"]) == (413, "too-large")
    nothing_stored(office)


@pytest.mark.spec("OUT-02")
async def test_more_than_2000_pages_are_refused_with_the_numbers(office: Office) -> None:
    answer = await office.post(GOOD, many_pages(2001))

    told = problem(answer)
    assert (answer.status_code, told["slug"]) == (422, "too-many-pages")
    assert told["detail"] == "Das PDF hat 2001 Seiten. Erlaubt sind höchstens 2000."
    nothing_stored(office)


def many_pages(count: int) -> bytes:
    """A PDF of empty pages."""
    import io

    import pikepdf

    file = io.BytesIO()
    with pikepdf.new() as made:
        for _ in range(count):
            made.add_blank_page(page_size=(595, 842))
        made.save(file)
    return file.getvalue()


@pytest.mark.spec("OUT-14", "PLT-23")
@pytest.mark.parametrize(
    ("body", "field", "slug"),
    [
        ({}, "", "nothing-selected"),
        ({"documents": []}, "", "nothing-selected"),
        ({"documents": "x"}, "documents", "not-list"),
        ({"documents": ["x"]}, "documents.0", "not-uuid"),
        ({"documents": [str(UUID(int=n)) for n in range(1001)]}, "documents", "too-many-items"),
        ({"deliveries": [7]}, "deliveries.0", "not-uuid"),
        ({"deliveries": [str(UUID(int=n)) for n in range(25_001)]}, "deliveries", "too-many-items"),
        ({"documents": [CONTACT], "shown": "abc"}, "shown", "wrong-pattern"),
        ({"documents": [CONTACT], "now": True}, "now", "unknown-field"),
    ],
)
async def test_each_field_of_a_selection_is_checked(
    clerk: httpx.AsyncClient, body: dict[str, Any], field: str, slug: str
) -> None:
    answer = await clerk.post("/deliveries/send", json=body)

    told = problem(answer)
    assert (answer.status_code, told["slug"]) == (422, "validation-failed")
    assert [(error["field"], error["slug"]) for error in told["errors"]] == [(field, slug)]


@pytest.mark.spec("OUT-06", "PLT-23")
@pytest.mark.parametrize(
    ("field", "value", "slug"),
    [
        ("name", MISSING, "missing"),
        ("name", "", "text-missing"),
        ("name", "x" * 81, "text-too-long"),
        ("street", None, "not-text"),
        ("postal_code", "0" * 21, "text-too-long"),
        ("town", "Hal\x07le", "control-character"),
        ("mail_address", "post", "mail-address-invalid"),
        ("mail_address", "<>@,;.x", "mail-address-invalid"),
        ("mail_address", "ü@bücher.de", "mail-address-invalid"),
        ("mail_address", "a@" + "b" * 254 + ".de", "text-too-long"),
        ("reply_to", "a b@c.de", "mail-address-invalid"),
        ("reply_to", "a,b@c.de", "mail-address-invalid"),
        ("fax", "1", "unknown-field"),
    ],
)
async def test_each_field_of_a_sender_is_checked(
    admin: httpx.AsyncClient, office: Office, field: str, value: object, slug: str
) -> None:
    answer = await admin.put("/sender", json=changed(SENDER, field, value))

    told = problem(answer)
    assert (answer.status_code, told["slug"]) == (422, "validation-failed")
    assert [(error["field"], error["slug"]) for error in told["errors"]] == [(field, slug)]
    nothing_stored(office)


@pytest.mark.spec("PLT-23")
@pytest.mark.parametrize(
    ("method", "path", "body", "status", "slug"),
    [
        ("GET", "/documents?limit=0", None, 422, "validation-failed"),
        ("GET", "/documents?limit=201", None, 422, "validation-failed"),
        ("GET", "/documents?cursor=abc", None, 400, "cursor-invalid"),
        ("GET", "/documents/abc", None, 422, "validation-failed"),
        ("GET", f"/documents/{CONTACT}", None, 404, "document-unknown"),
        ("GET", f"/documents/{CONTACT}/file", None, 404, "document-unknown"),
        ("GET", "/deliveries/abc", None, 422, "validation-failed"),
        ("GET", f"/deliveries/{CONTACT}", None, 404, "delivery-unknown"),
        ("POST", f"/deliveries/{CONTACT}/withdraw", None, 404, "delivery-unknown"),
        ("POST", f"/documents/{CONTACT}/channels", {"channel": "mail"}, 404, "document-unknown"),
        ("POST", f"/documents/{CONTACT}/channels", {"channel": "fax"}, 422, "validation-failed"),
        ("POST", f"/documents/{CONTACT}/channels", {}, 422, "validation-failed"),
        ("DELETE", f"/documents/{CONTACT}/channels/mail", None, 404, "document-unknown"),
        ("DELETE", f"/documents/{CONTACT}/channels/fax", None, 422, "validation-failed"),
        ("POST", "/documents/abc/send", {}, 422, "validation-failed"),
        ("POST", "/deliveries/send?dry_run=vielleicht", {"documents": [CONTACT]}, 422, None),
    ],
)
async def test_what_is_asked_for_wrongly_is_said(
    clerk: httpx.AsyncClient, method: str, path: str, body: object, status: int, slug: str | None
) -> None:
    answer = await clerk.request(method, path, json=body)

    assert answer.status_code == status
    assert problem(answer)["slug"] == (slug or "validation-failed")


async def test_a_sender_who_is_not_set_is_not_found(admin: httpx.AsyncClient) -> None:
    answer = await admin.get("/sender")
    assert (answer.status_code, problem(answer)["slug"]) == (404, "sender-not-set")

    await admin.put("/sender", json={**SENDER, "mail_address": "post@example.org"})

    assert (await admin.get("/sender")).json() == {
        **SENDER,
        "mail_address": "post@example.org",
        "reply_to": None,
    }


@pytest.mark.spec("PLT-23")
async def test_a_key_must_be_plain(office: Office) -> None:
    answer = await office.post({**GOOD, "recipients": [str(uuid4())]}, pdf(), "mit Leerzeichen ")

    assert (answer.status_code, problem(answer)["slug"]) == (400, "idempotency-key-invalid")
    nothing_stored(office)


@pytest.mark.spec("OUT-06")
@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("post@Bücher.DE", "post@bücher.de"),
        ("Post@xn--bcher-kva.de", "Post@bücher.de"),
        ("post@verwaltung.example", "post@verwaltung.example"),
    ],
)
async def test_a_senders_mail_address_is_kept_in_one_form(
    admin: httpx.AsyncClient, written: str, kept: str
) -> None:
    answer = await admin.put("/sender", json={**SENDER, "mail_address": written})

    assert (answer.status_code, answer.json()["mail_address"]) == (200, kept)
