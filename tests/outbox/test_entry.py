"""Documents enter the outbox, by upload and from the DMS."""

import hashlib
from uuid import UUID, uuid4

import pytest
from tests.outbox.office import TEXT, Office, pdf

from documents.testing.hostile import without_end
from documents.testing.samples import LANDSCAPE_PT, encrypted, mixed
from events.contracts import published
from events.contracts.deliveries import Channel
from events.contracts.documents import DocumentQueued
from events.envelope import read
from outbox.domain.states import State


def queued(office: Office) -> list[DocumentQueued]:
    """What other services hear of documents."""
    told = [read(headers, value) for topic, headers, value in office.relayed()]
    named = [each for each in told if each.attributes.name.type == "DocumentQueued"]
    classes = [published.class_of("DocumentQueued").model_validate(each.fields) for each in named]
    return [each for each in classes if isinstance(each, DocumentQueued)]


@pytest.mark.spec("OUT-01", "OUT-02", "OUT-20")
async def test_an_uploaded_document_stands_in_the_overview(office: Office) -> None:
    document = await office.file(uuid4(), uuid4(), content=pdf(3))

    shown = await office.document(document)
    (told,) = queued(office)

    assert (shown["name"], shown["kind"], shown["origin"]) == (TEXT["name"], "invitation", "upload")
    assert (shown["recipients"], shown["pages"], shown["created_by"]) == (2, 3, "anna")
    assert shown["size_bytes"] == len(pdf(3))
    assert (told.document, told.recipients, told.deliveries) == (document, 2, 2)
    assert (told.pages, told.size_bytes, told.origin) == (3, len(pdf(3)), "upload")


@pytest.mark.spec("OUT-01")
async def test_its_file_can_be_fetched_under_its_name(office: Office) -> None:
    document = await office.file(uuid4(), content=pdf(2))

    answer = await office.clerk.get(f"/documents/{document}/file")

    assert answer.content == pdf(2)
    assert answer.headers["Content-Type"] == "application/pdf"
    disposition = "inline; filename*=UTF-8''Einladung%20Eigent%C3%BCmerversammlung.pdf"
    assert answer.headers["Content-Disposition"] == disposition


@pytest.mark.spec("OUT-01")
async def test_the_same_key_twice_files_one_document(office: Office) -> None:
    contact = uuid4()

    first = await office.file(contact, key="one")
    again = await office.file(contact, key="one")
    other = await office.file(contact, key="two")

    assert first == again != other
    assert office.count("document") == 2
    assert office.count("delivery") == 2


@pytest.mark.spec("OUT-01")
async def test_the_same_key_for_another_document_is_refused(office: Office) -> None:
    await office.file(uuid4(), key="one")

    answer = await office.post({**TEXT, "recipients": [str(uuid4())]}, pdf(), "one")

    assert (answer.status_code, answer.json()["slug"]) == (422, "idempotency-key-reused")
    assert office.count("document") == 1


@pytest.mark.spec("OUT-01")
async def test_a_repeat_after_a_lost_answer_adds_nothing(office: Office) -> None:
    contact = uuid4()
    document = await office.file(contact, key="one")
    await office.clerk.delete(f"/documents/{document}/channels/epost")
    office.forget_answers()

    assert await office.file(contact, key="one") == document
    assert await office.deliveries(document) == []
    assert len(queued(office)) == 1


@pytest.mark.spec("OUT-01")
async def test_a_key_that_was_used_long_ago_swallows_no_other_document(office: Office) -> None:
    """Answers are remembered for some days only."""
    first, second = uuid4(), uuid4()
    await office.file(first, second, key="one", channels=["epost"])
    ours = {**TEXT, "recipients": [str(first), str(second)], "channels": ["epost"]}
    others = [
        (ours, pdf(2)),
        ({**ours, "recipients": [str(first)]}, pdf()),
        ({**ours, "channels": ["mail"]}, pdf()),
        ({**ours, "channels": []}, pdf()),
    ]

    for asked, content in others:
        office.forget_answers()
        answer = await office.post(asked, content, "one")
        assert (answer.status_code, answer.json()["slug"]) == (422, "idempotency-key-reused")

    office.forget_answers()
    again = await office.post(ours, pdf(), "one")
    assert (again.status_code, again.json()["deliveries"]) == (201, 2)
    assert office.count("document") == 1


@pytest.mark.spec("OUT-01", "OUT-02")
async def test_a_mended_document_is_known_again_by_what_was_uploaded(office: Office) -> None:
    contact, damaged = uuid4(), without_end(pdf(2))
    document = await office.file(contact, key="one", content=damaged)
    office.forget_answers()

    assert await office.file(contact, key="one", content=damaged) == document
    assert len(queued(office)) == 1


@pytest.mark.spec("OUT-02")
async def test_what_can_be_mended_is_mended_and_said(office: Office) -> None:
    document = await office.file(uuid4(), content=without_end(pdf(2)))

    shown = await office.document(document)
    file = await office.clerk.get(f"/documents/{document}/file")

    assert shown["inspected"]["repaired"]
    assert len(file.content) == shown["size_bytes"] != len(without_end(pdf(2)))


@pytest.mark.spec("OUT-02")
async def test_what_was_found_is_remembered(office: Office) -> None:
    content = mixed([LANDSCAPE_PT, (300, 400)])
    document = await office.file(uuid4(), content=content)

    inspected = (await office.document(document))["inspected"]

    assert inspected["landscape_pages"] == 1
    assert inspected["not_a4_pages"] == 1
    assert not inspected["repaired"]
    assert not inspected["encrypted"]


@pytest.mark.spec("OUT-02", "OUT-10")
async def test_a_restricted_pdf_can_be_mailed_but_not_printed(office: Office) -> None:
    await office.open()
    contact = uuid4()
    await office.neighbours.contact(contact, Channel.EPOST, Channel.MAIL)
    await office.settle()
    document = await office.file(contact, content=encrypted(pdf()))

    letter, mail = await office.deliveries(document)

    assert [reason["slug"] for reason in letter["reasons"]] == ["encrypted-pdf"]
    assert mail["reasons"] == []


@pytest.mark.spec("OUT-01")
async def test_the_same_contact_twice_is_one_recipient(office: Office) -> None:
    contact = uuid4()
    document = await office.file(contact, contact)

    assert len(await office.deliveries(document)) == 1
    assert (await office.document(document))["recipients"] == 1


@pytest.mark.spec("OUT-04")
async def test_hundreds_of_recipients_are_one_call_and_one_transaction(office: Office) -> None:
    contacts = [uuid4() for _ in range(700)]

    document = await office.file(*contacts)

    assert await office.counts(document) == [0, 0, 700, 0, 0, 700]
    transactions = office.rows("select distinct xmin::text from event")
    assert len(transactions) == 1


async def in_store(office: Office, content: bytes) -> dict[str, object]:
    """Put a file where the DMS would; returns how the DMS refers to it."""
    stored = await office.outbox.store.put(office.neighbours.mandant, content)
    return {"sha256": stored.sha256, "size_bytes": stored.size_bytes}


@pytest.mark.spec("OUT-01", "OUT-02")
async def test_a_document_of_the_dms_is_inspected_and_filed_once(office: Office) -> None:
    document, contact = uuid4(), uuid4()
    reference = await in_store(office, pdf(4))

    for _ in range(2):
        await office.neighbours.filed(document, contact, kind="minutes", **reference)
        await office.settle()
    shown = await office.document(document)

    assert (shown["name"], shown["origin"], shown["kind"]) == ("Protokoll Brühl", "dms", "minutes")
    assert (shown["pages"], shown["created_by"], shown["recipients"]) == (4, "dms", 1)
    assert [told.document for told in queued(office)] == [document]
    assert office.count("announcement") == office.count("chore") == 0


@pytest.mark.spec("OUT-01", "OUT-02")
async def test_a_damaged_file_of_the_dms_is_stored_mended(office: Office) -> None:
    document = uuid4()
    await office.neighbours.filed(document, uuid4(), **await in_store(office, without_end(pdf(2))))
    await office.settle()

    file = await office.clerk.get(f"/documents/{document}/file")

    assert (await office.document(document))["inspected"]["repaired"]
    assert file.content.startswith(b"%PDF-")


@pytest.mark.spec("OUT-02", "OUT-10")
async def test_a_file_of_the_dms_that_cannot_be_read_is_shown_red(office: Office) -> None:
    await office.open()
    document = uuid4()
    await office.neighbours.filed(document, uuid4(), **await in_store(office, b"no pdf"))
    await office.settle()

    delivery = await office.delivery(document)
    file = await office.clerk.get(f"/documents/{document}/file")

    assert [reason["slug"] for reason in delivery["reasons"]] == [
        "recipient-unknown",
        "unreadable-pdf",
    ]
    assert queued(office)[0].pages is None
    assert (file.status_code, file.json()["slug"]) == (409, "file-unreadable")


@pytest.mark.spec("OUT-01")
async def test_a_file_that_is_not_there_yet_is_waited_for(office: Office) -> None:
    document = uuid4()
    sha256 = hashlib.sha256(pdf()).hexdigest()
    await office.neighbours.filed(document, uuid4(), sha256=sha256, size_bytes=len(pdf()))
    await office.settle()

    assert (await office.clerk.get(f"/documents/{document}")).status_code == 404
    assert office.count("chore") == 1

    await in_store(office, pdf())
    office.make_chores_due()
    await office.settle()

    assert (await office.document(document))["pages"] == 1


@pytest.mark.spec("OUT-01", "OUT-02")
async def test_a_file_that_never_comes_is_told_of_after_a_day(office: Office) -> None:
    document = uuid4()
    await office.neighbours.filed(document, uuid4())
    await office.settle()
    assert office.count("document") == 0

    office.let_announcements_age()
    await office.settle()

    delivery = await office.delivery(document)

    assert "unreadable-pdf" in [reason["slug"] for reason in delivery["reasons"]]


@pytest.mark.spec("OUT-01", "OUT-10")
async def test_a_document_without_recipient_waits_for_one(office: Office) -> None:
    await office.open()
    document = uuid4()
    await office.neighbours.filed(document, **await in_store(office, pdf()))
    await office.settle()

    delivery = await office.delivery(document)

    assert (delivery["recipient"], delivery["channel"]["label"]) == (
        "nicht ausgewählt",
        "E-POST-Brief",
    )
    assert (delivery["state"], delivery["label"]) == (State.NOT_DELIVERABLE, "fehlgeschlagen")
    assert [reason["slug"] for reason in delivery["reasons"]] == ["recipient-missing"]
    assert await office.counts(document) == [0, 0, 1, 0, 0, 1]


@pytest.mark.spec("OUT-01")
async def test_a_name_sealed_for_the_only_recipient_is_read_with_his_key(office: Office) -> None:
    document, contact = uuid4(), uuid4()
    reference = await in_store(office, pdf())
    await office.neighbours.filed(document, contact, name_subject=contact, **reference)
    await office.settle()

    assert (await office.document(document))["name"] == "Protokoll Brühl"


@pytest.mark.spec("OUT-20")
async def test_the_overview_goes_on_where_a_page_ended(office: Office) -> None:
    filed = [await office.file(uuid4()) for _ in range(5)]

    pages, cursor = [], ""
    while True:
        page = await office.get(f"/documents?limit=2{cursor}")
        pages.append([UUID(row["document"]) for row in page["items"]])
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert [len(page) for page in pages] == [2, 2, 1]
    assert [document for page in pages for document in page] == filed[::-1]


@pytest.mark.spec("OUT-20")
async def test_a_long_list_of_deliveries_goes_on_where_a_page_ended(office: Office) -> None:
    contacts = [uuid4() for _ in range(5)]
    document = await office.file(*contacts)

    first = (await office.get(f"/documents/{document}?limit=3"))["deliveries"]
    cursor = first["next_cursor"]
    rest = (await office.get(f"/documents/{document}?limit=3&cursor={cursor}"))["deliveries"]

    shown = [UUID(row["contact"]) for row in (*first["items"], *rest["items"])]
    assert shown == contacts
    assert rest["next_cursor"] is None
