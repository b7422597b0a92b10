"""From a planned mail to its bytes: the same plan gives the same bytes, or a reason in German."""

import dataclasses
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.delivery_mail.mails import planned
from tests.delivery_mail.requests import PERSONAL, SENDER

from delivery_mail.application.making import MailMaker, MailNotMade
from delivery_mail.domain.events import MailPlanned
from delivery_mail.message.signature import DkimKey
from delivery_mail.texts import texts
from documents.store import DocumentStore, Reference
from events.contracts.deliveries import FileReference

MANDANT, SENDING = UUID(int=1), UUID("0192f0c4-6c2e-7d3a-9b1f-2f6f3c1a5e77")


@pytest.fixture
def maker(tmp_path: Path) -> MailMaker:
    return MailMaker(DocumentStore.in_folder(tmp_path), "versand@hausbote.example")


async def a_plan(maker: MailMaker, **changes: Any) -> MailPlanned:
    kept = await maker.store.put(MANDANT, b"%PDF-1.7")
    file = FileReference(sha256=kept.sha256, size_bytes=kept.size_bytes, pages=1)
    return planned(**{"files": (file,), **changes})


@pytest.mark.spec("EML-02")
async def test_the_same_plan_gives_the_same_bytes(maker: MailMaker) -> None:
    plan = await a_plan(maker)
    first = await maker.make(MANDANT, SENDING, plan)
    assert await maker.make(MANDANT, SENDING, plan) == first
    assert first.message_id == f"<{SENDING}@hausbote.example>"


@pytest.mark.spec("EML-02")
async def test_one_file_gives_the_subject_and_the_plan_gives_the_date(maker: MailMaker) -> None:
    plan = await a_plan(maker)
    made = await maker.make(MANDANT, SENDING, plan)
    content = await maker.message_bytes(MANDANT, made.message)
    mail = message_from_bytes(content, policy=policy.default)
    assert mail["Subject"] == "Betriebskostenabrechnung 2025 Groß"
    assert mail["Date"].datetime == plan.planned_at


@pytest.mark.spec("EML-02")
async def test_without_names_the_mail_is_still_polite(maker: MailMaker) -> None:
    plan = await a_plan(maker, file_names=None, salutation=None)
    made = await maker.make(MANDANT, SENDING, plan)
    content = await maker.message_bytes(MANDANT, made.message)
    mail = message_from_bytes(content, policy=policy.default)
    assert mail["Subject"] == "Dokument"
    assert b"Guten Tag,\r\n" in content


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"mail_address": None}, "address-missing"),
        ({"mail_address": None, "short_name": None}, "recipient-erased"),
        ({"mail_address": "Jürgen Groß"}, "address-invalid"),
        ({"mail_address": "jürgen.groß@post.example"}, "address-needs-smtputf8"),
        ({"short_name": "Groß,\r\nBcc: Jürgen"}, "header-unsafe"),
        ({"sender": SENDER.model_copy(update={"reply_to": "nirgends"})}, "reply-address-invalid"),
        (
            {"files": (FileReference(sha256="00" * 32, size_bytes=9, pages=1),)},
            "document-missing",
        ),
    ],
)
async def test_what_can_not_be_made_has_a_reason_without_names(
    maker: MailMaker, changes: dict[str, Any], slug: str
) -> None:
    plan = await a_plan(maker, **changes)
    with pytest.raises(MailNotMade) as refused:
        await maker.make(MANDANT, SENDING, plan)
    error = refused.value
    assert (error.slug, error.text) == (slug, texts()[slug])
    assert not [value for value in PERSONAL if value in f"{error!r} {error.text}"]
    assert error.__context__ is None or error.__suppress_context__


async def test_what_the_store_holds_damaged_can_not_be_made(
    maker: MailMaker, tmp_path: Path
) -> None:
    plan = await a_plan(maker)
    made = await maker.make(MANDANT, SENDING, plan)
    for kept in (plan.files[0], made.message):
        file = tmp_path / Reference(MANDANT, kept.sha256, kept.size_bytes).path
        file.write_bytes(b"x" * kept.size_bytes)
    with pytest.raises(MailNotMade) as written:
        await maker.make(MANDANT, SENDING, plan)
    with pytest.raises(MailNotMade) as read:
        await maker.message_bytes(MANDANT, made.message)
    sentence = "Eine Datei des Dokuments ist im Dokumentenspeicher beschädigt."
    for error in (written.value, read.value):
        assert (error.slug, error.text) == ("document-damaged", sentence)


@pytest.mark.spec("EML-04")
async def test_files_are_too_large_before_anybody_reads_them(maker: MailMaker) -> None:
    """No such file is in the store, so that reading it would be another reason."""
    mib = 1024 * 1024
    large = FileReference(sha256="00" * 32, size_bytes=10 * mib, pages=1)
    one_byte = large.model_copy(update={"size_bytes": 1})
    for files, slug in [((large,), "document-missing"), ((large, one_byte), "files-too-large")]:
        with pytest.raises(MailNotMade) as refused:
            await maker.make(MANDANT, SENDING, planned(files=files))
        assert refused.value.slug == slug


@pytest.mark.spec("EML-02")
async def test_a_second_attempt_is_a_mail_of_its_own(maker: MailMaker) -> None:
    plan = await a_plan(maker)
    first = await maker.make(MANDANT, SENDING, plan)
    second = await maker.make(MANDANT, UUID(int=SENDING.int + 1), plan)
    assert first.message_id != second.message_id


async def test_a_key_signs_the_mail_the_same_way_each_time(maker: MailMaker) -> None:
    plan = await a_plan(maker)
    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    key = DkimKey("hausbote.example", "haus2026", pem.decode())
    signing = dataclasses.replace(maker, dkim_key=key)
    made = await signing.make(MANDANT, SENDING, plan)
    assert await signing.make(MANDANT, SENDING, plan) == made
    content = await maker.message_bytes(MANDANT, made.message)
    assert content.startswith(b"DKIM-Signature: ")
