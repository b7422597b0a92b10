"""Which mail addresses are taken, and what goes over the wire."""

import pytest

from contacts.domain.mail import MailAddressInvalidError, normal_mail_address, wire_mail_address


def test_the_domain_is_stored_readable_and_sent_in_ascii() -> None:
    stored = normal_mail_address("Anna.Mueller@BÜRO.de")

    assert stored == "Anna.Mueller@büro.de"
    assert normal_mail_address(stored) == stored
    assert wire_mail_address(stored) == "Anna.Mueller@xn--bro-hoa.de"


@pytest.mark.spec("CON-10")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "anna",
        "anna@",
        "anna@localhost",
        "anna@[127.0.0.1]",
        "anna mueller@example.org",
        "anna@example.org, hans@example.org",
        "Anna <anna@example.org>",
        "rené@example.org",
        f"{'a' * 65}@example.org",
    ],
)
def test_what_no_mail_can_be_sent_to_is_refused(text: str) -> None:
    with pytest.raises(MailAddressInvalidError):
        normal_mail_address(text)


def test_the_error_repeats_nothing_of_the_address() -> None:
    with pytest.raises(MailAddressInvalidError) as refused:
        normal_mail_address("anna.mueller@")

    assert "anna" not in str(refused.value)
    assert refused.value.__suppress_context__
