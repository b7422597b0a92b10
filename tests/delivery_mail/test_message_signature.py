"""The DKIM signature, checked with a verifier that finds the public key where DNS would be."""

import base64
import datetime as dt
import re
from uuid import UUID

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from delivery_mail.message.attachments import Attachment
from delivery_mail.message.composing import Mail, compose
from delivery_mail.message.signature import DkimKey

DOMAIN, SELECTOR = "verwaltung.example", "haus2026"
MAIL = Mail(
    delivery_id=UUID("0192f0c4-6c2e-7d3a-9b1f-2f6f3c1a5e77"),
    sent_at=dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC),
    sender_address=f"post@{DOMAIN}",
    sender_name="Hausverwaltung Müller",
    recipient_address="anna.groess@post.example",
    recipient_name="Anna Größ",
    subject="Abrechnung für Größ",
    salutation="Guten Tag Frau Größ,",
    attachments=(Attachment("Größe.pdf", b"%PDF" * 1000),),
)


@pytest.fixture(scope="module")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def key(private_key: rsa.RSAPrivateKey) -> DkimKey:
    pem = private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return DkimKey(DOMAIN, SELECTOR, pem.decode())


def is_valid(message: bytes, private_key: rsa.RSAPrivateKey) -> bool:
    public = private_key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    def record(name: bytes, timeout: int = 5) -> bytes:  # noqa: ARG001, dkimpy's signature
        assert name == f"{SELECTOR}._domainkey.{DOMAIN}.".encode()
        return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)

    valid: bool = dkim.verify(message, dnsfunc=record)
    return valid


@pytest.mark.spec("EML-02")
def test_the_signature_is_valid_and_nothing_else_changes(
    key: DkimKey, private_key: rsa.RSAPrivateKey
) -> None:
    signed = compose(MAIL, key)
    assert signed.message_bytes.startswith(b"DKIM-Signature: ")
    assert signed.message_bytes.endswith(compose(MAIL).message_bytes)
    assert signed.size_bytes == len(signed.message_bytes)
    assert is_valid(signed.message_bytes, private_key)


@pytest.mark.spec("EML-02")
@pytest.mark.parametrize(
    ("before", "after"),
    [(b"Abrechnung", b"Aberchnung"), (b"JVBER", b"JVBEX"), (b"post@", b"pest@")],
)
def test_a_changed_message_is_not_valid(
    key: DkimKey, private_key: rsa.RSAPrivateKey, before: bytes, after: bytes
) -> None:
    head, dot, rest = compose(MAIL, key).message_bytes.partition(b"\r\nContent-Type:")
    assert before in rest
    assert not is_valid(head + dot + rest.replace(before, after, 1), private_key)


@pytest.mark.spec("EML-02")
def test_a_second_from_or_subject_is_not_valid(
    key: DkimKey, private_key: rsa.RSAPrivateKey
) -> None:
    message = compose(MAIL, key).message_bytes
    assert not is_valid(b"From: boese@post.example\r\n" + message, private_key)


@pytest.mark.spec("EML-02")
def test_the_signature_is_repeatable_and_bears_the_given_instant(key: DkimKey) -> None:
    message = compose(MAIL, key).message_bytes
    assert message == compose(MAIL, key).message_bytes
    header = re.sub(rb"\s", b"", message.partition(b"\r\nContent-Type:")[0])
    assert f"t={int(MAIL.sent_at.timestamp())};".encode() in header


def test_what_is_no_key_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="not an RSA private key"):
        DkimKey(DOMAIN, SELECTOR, "-----BEGIN nothing-----")


def test_the_key_is_not_in_the_repr(key: DkimKey) -> None:
    assert "PRIVATE" not in repr(key)
