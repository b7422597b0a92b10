"""A composed mail, read with the parser of the standard library as a mail program would."""

import dataclasses
import datetime as dt
import email
import re
from email import policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from delivery_mail.message.attachments import Attachment
from delivery_mail.message.composing import (
    ComposedMail,
    Mail,
    UnsendableMail,
    ascii_address,
    compose,
)

DELIVERY = UUID("0192f0c4-6c2e-7d3a-9b1f-2f6f3c1a5e77")
MAIL = Mail(
    delivery_id=DELIVERY,
    sent_at=dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC),
    sender_address="post@verwaltung.example",
    sender_name="Hausverwaltung Müller & Söhne, Köln",
    recipient_address="anna.groess@post.example",
    recipient_name="Frau Dr. Anna Größ",
    subject="Betriebskostenabrechnung 2025: Straße der Freundschaft 12, Wohnung 3. OG links",
    salutation="Sehr geehrte Frau Dr. Größ,",
    reply_to="service@verwaltung.example",
    attachments=(Attachment("Abrechnung Größ 2025.pdf", b"%PDF-1.7 eins"),),
)
# What people type: anything printable, any script, blanks in any number.
printable = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=150)


def read(composed: ComposedMail) -> EmailMessage:
    message = email.message_from_bytes(composed.message_bytes, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def words(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def mailbox_of(message: EmailMessage, header: str) -> tuple[str, str]:
    """Name and address. Parses before it decodes, since a decoded name may hold a comma.

    The new header parser of Python 3.11 sets a blank between the halves of a long encoded name.
    """
    raw = dict(message.raw_items())[header].replace("\r\n", "")
    name, address = parseaddr(raw)
    return str(make_header(decode_header(name))), address


def visible(html: str) -> str:
    """The text that a browser shows, blanks folded."""
    shown: list[str] = []

    class Listener(HTMLParser):
        def handle_data(self, data: str) -> None:
            shown.append(data)

    Listener().feed(html.partition("</head>")[2])
    return " ".join(" ".join(shown).split())


@pytest.mark.spec("EML-02")
def test_the_headers_say_who_writes_to_whom_about_what() -> None:
    message = read(compose(MAIL))
    assert message["From"].addresses == (
        Address("Hausverwaltung Müller & Söhne, Köln", addr_spec="post@verwaltung.example"),
    )
    assert message["To"].addresses == (
        Address("Frau Dr. Anna Größ", addr_spec="anna.groess@post.example"),
    )
    assert message["Subject"] == MAIL.subject
    assert message["Reply-To"] == "service@verwaltung.example"
    assert message["Date"].datetime == MAIL.sent_at
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "de"
    assert message["X-Delivery-ID"] == str(DELIVERY)


@pytest.mark.spec("EML-02")
def test_the_message_id_belongs_to_the_delivery() -> None:
    composed = compose(MAIL)
    assert composed.message_id == f"<{DELIVERY}@verwaltung.example>"
    assert read(composed)["Message-ID"] == composed.message_id
    later = dataclasses.replace(MAIL, sent_at=MAIL.sent_at + dt.timedelta(days=1))
    assert compose(later).message_id == composed.message_id


@pytest.mark.spec("EML-02")
def test_the_same_mail_gives_the_same_bytes() -> None:
    assert compose(MAIL) == compose(dataclasses.replace(MAIL))


@pytest.mark.spec("EML-02")
def test_text_and_html_say_the_same_and_begin_with_the_salutation() -> None:
    message = read(compose(MAIL))
    plain = words(message, "plain")
    assert plain.startswith("Sehr geehrte Frau Dr. Größ,\n\nanbei erhalten Sie das folgende Dok")
    assert "- Abrechnung Größ 2025.pdf" in plain
    assert plain.rstrip().endswith("Mit freundlichen Grüßen\n" + MAIL.sender_name)
    assert visible(words(message, "html")) == " ".join(plain.split())


@pytest.mark.spec("EML-02")
def test_the_default_text_counts_the_documents() -> None:
    two = dataclasses.replace(
        MAIL, attachments=[Attachment("Eins.pdf", b"1"), Attachment("Zwei.pdf", b"2")]
    )
    plain = words(read(compose(two)), "plain")
    assert "anbei erhalten Sie die folgenden Dokumente:\n\n- Eins.pdf\n- Zwei.pdf\n" in plain


@pytest.mark.spec("EML-02")
def test_the_users_own_text_replaces_the_default() -> None:
    own = dataclasses.replace(MAIL, body="Erster Absatz,\r\nzweite Zeile.\r\n\r\nZweiter Absatz.\n")
    message = read(compose(own))
    plain, html = words(message, "plain"), words(message, "html")
    assert "\n\nErster Absatz,\nzweite Zeile.\n\nZweiter Absatz.\n\nMit freundlichen" in plain
    assert "<p>Erster Absatz,<br>\nzweite Zeile.</p>\n<p>Zweiter Absatz.</p>" in html
    assert "anbei" not in plain


@pytest.mark.spec("EML-02")
def test_attachments_come_out_as_they_went_in() -> None:
    files = (
        Attachment("Übersicht – Größe.pdf", bytes(range(256)) * 41),
        Attachment("plain.pdf", b""),
        Attachment("Fotos.zip", b"PK", "application/zip"),
    )
    parts = list(read(compose(dataclasses.replace(MAIL, attachments=files))).iter_attachments())
    assert [part.get_filename() for part in parts] == [file.file_name for file in files]
    assert [part.get_content() for part in parts] == [file.content for file in files]
    assert [part.get_content_type() for part in parts] == [file.media_type for file in files]
    assert {part.get_content_disposition() for part in parts} == {"attachment"}


@pytest.mark.spec("EML-02")
def test_an_old_mail_program_finds_an_ascii_name() -> None:
    files = (Attachment("Übersicht Größe é 中.pdf", b"1"),)
    composed = compose(dataclasses.replace(MAIL, attachments=files))
    (part,) = read(composed).iter_attachments()
    assert part["Content-Type"].params["name"] == "Uebersicht Groesse e _.pdf"
    assert b"filename*=utf-8''%C3%9Cbersicht%20Gr%C3%B6%C3%9Fe" in composed.message_bytes


@pytest.mark.spec("EML-02")
@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("a/b\\c:d.pdf", "a_b_c_d.pdf"),
        ('sagt "Hallo".pdf', "sagt _Hallo_.pdf"),
        ("Gro\u0308ße.pdf", "Größe.pdf"),
        ("ü" * 300 + ".pdf", "ü" * 125 + ".pdf"),
        ("a." + "b" * 300, "a." + "b" * 253),
    ],
)
def test_a_file_name_is_made_safe_for_every_system(given_name: str, expected: str) -> None:
    files = (Attachment(given_name, b"1"),)
    (part,) = read(compose(dataclasses.replace(MAIL, attachments=files))).iter_attachments()
    assert part.get_filename() == expected


def test_a_mail_without_files_is_text_and_html_alone() -> None:
    message = read(compose(dataclasses.replace(MAIL, attachments=(), body="Nur Text.")))
    assert message.get_content_type() == "multipart/alternative"
    assert "Nur Text." in words(message, "plain")


@pytest.mark.spec("EML-02")
def test_a_mail_with_5_mb_arrives_whole_and_takes_137_hundredths_on_the_wire() -> None:
    content = b"%PDF-1.7\n" + bytes(range(256)) * 20_480
    files = (Attachment("Groß.pdf", content),)
    composed = compose(dataclasses.replace(MAIL, attachments=files))
    (part,) = read(composed).iter_attachments()
    assert part.get_content() == content
    assert composed.size_bytes == len(composed.message_bytes)
    assert 1.36 < composed.size_bytes / len(content) < 1.38


@pytest.mark.spec("EML-02")
@pytest.mark.parametrize("evil", ["\r\nBcc: alle@post.example", "\nX: y", "\r", "\x00", "\u2028"])
@pytest.mark.parametrize("place", ["subject", "sender_name", "recipient_name", "attachments"])
def test_a_line_break_in_a_header_is_refused(place: str, evil: str) -> None:
    value = f"harmlos{evil}"
    changes: dict[str, Any] = {place: value}
    if place == "attachments":
        changes = {place: [Attachment(value, b"1")]}
    mail = dataclasses.replace(MAIL, **changes)
    with pytest.raises(UnsendableMail) as refused:
        compose(mail)
    assert refused.value.slug == "header-unsafe"
    assert "Steuerzeichen" in refused.value.text_de


@pytest.mark.spec("EML-02")
@pytest.mark.parametrize("place", ["sender_address", "recipient_address", "reply_to"])
@pytest.mark.parametrize(
    ("address", "slug"),
    [
        ("jörg@post.example", "address-needs-smtputf8"),
        ("ohne-klammeraffe", "address-invalid"),
        ("a@post.example\r\nBcc: b@post.example", "address-invalid"),
        ("Name <a@post.example>", "address-invalid"),
        ("", "address-invalid"),
    ],
)
def test_an_address_that_not_every_server_understands_is_refused(
    place: str, address: str, slug: str
) -> None:
    changes: dict[str, Any] = {place: address}
    with pytest.raises(UnsendableMail) as refused:
        compose(dataclasses.replace(MAIL, **changes))
    assert refused.value.slug == slug
    assert "\n" not in refused.value.text_de
    assert refused.value.__context__ is None
    assert repr(refused.value) == f"UnsendableMail('{slug}')"


def test_a_domain_with_umlauts_is_written_in_punycode() -> None:
    assert ascii_address("post@müller.example") == "post@xn--mller-kva.example"


@pytest.mark.spec("EML-02")
def test_the_html_shows_what_was_written_and_runs_nothing() -> None:
    evil = '<script>alert("x")</script> & <b>fett</b>'
    mail = dataclasses.replace(
        MAIL, body=evil, salutation=f"Hallo {evil},", sender_name="<i>Haus</i>", subject=evil
    )
    html = words(read(compose(mail)), "html")
    assert set(re.findall(r"</?([a-z]+)", html)) <= {
        *("html", "head", "meta", "title", "body", "div", "p", "br")
    }
    assert visible(html).count(evil) == 2


@pytest.mark.spec("EML-02")
@settings(deadline=None, max_examples=150)
@example("=?utf-8?q?Hallo?=", "=?utf-8?q?Haus?=", "Anna, geb. Groess", "From Anna")
@given(subject=printable, name=printable, recipient=printable, body=printable)
def test_whatever_is_typed_is_read_back(subject: str, name: str, recipient: str, body: str) -> None:
    mail = dataclasses.replace(
        MAIL, subject=subject, sender_name=name, recipient_name=recipient, body=body
    )
    composed = compose(mail)
    message = read(composed)
    assert message["Subject"] == " ".join(subject.split())
    sender, receiver = " ".join(name.split()), " ".join(recipient.split())
    assert mailbox_of(message, "From") == (sender, MAIL.sender_address)
    assert mailbox_of(message, "To") == (receiver, MAIL.recipient_address)
    assert body.strip() in words(message, "plain")


@settings(deadline=None, max_examples=150)
@example("a" * 1200, "b" * 1200, "c" * 1200, "d" * 1200)
@given(subject=printable, name=printable, body=st.text(max_size=300), file_name=printable)
def test_every_line_is_short_ascii_and_ends_with_crlf(
    subject: str, name: str, body: str, file_name: str
) -> None:
    files = (Attachment(f"{file_name}.pdf", b"eins"),)
    mail = dataclasses.replace(
        MAIL, subject=subject, sender_name=name, body=body, attachments=files
    )
    message_bytes = compose(mail).message_bytes
    assert message_bytes.endswith(b"\r\n")
    assert message_bytes.isascii()
    lines = message_bytes.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert max(map(len, lines)) <= 998


def test_a_mail_needs_a_body_or_files_and_an_aware_instant() -> None:
    with pytest.raises(ValueError, match="body or files"):
        dataclasses.replace(MAIL, attachments=(), body=None)
    with pytest.raises(ValueError, match="aware"):
        dataclasses.replace(MAIL, sent_at=dt.datetime(2026, 3, 1))  # noqa: DTZ001, the point


def test_nothing_personal_is_in_the_repr() -> None:
    shown = repr(MAIL) + repr(compose(MAIL))
    for value in ("Größ", "anna", "Abrechnung", "Müller"):
        assert value not in shown
