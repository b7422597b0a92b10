"""What is set wrongly stops the process before it sends anything."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.delivery_mail.channel import channel_settings

from delivery_mail.ports import TlsMode
from delivery_mail.settings import MailSettings
from events.testing.postgres import Urls

NOWHERE = Urls(app="postgresql://a", machinery="postgresql://m", migrator="postgresql://o")


def settings(**changes: object) -> MailSettings:
    return channel_settings(NOWHERE, Path("/nowhere"), kafka="", smtp_port=25, **changes)


def test_the_account_is_what_the_variables_say() -> None:
    account = settings(smtp_tls="starttls", smtp_user="u", smtp_password="geheim").account()
    assert (account.host, account.port, account.tls) == ("127.0.0.1", 25, TlsMode.STARTTLS)
    assert (account.user, account.password) == ("u", "geheim")
    assert settings().account().password is None


def test_secrets_are_not_shown() -> None:
    shown = repr(settings(smtp_password="geheim", smtp_user="u"))
    assert "geheim" not in shown


@pytest.mark.parametrize("name", ["sender_address", "return_path"])
@pytest.mark.parametrize("address", ["", "ohne-klammeraffe", "jörg@post.example", "a b@x.example"])
def test_an_address_of_ours_that_no_server_understands_is_refused(name: str, address: str) -> None:
    with pytest.raises(ValidationError, match=name):
        settings(**{name: address})


def test_half_a_signature_is_refused() -> None:
    with pytest.raises(ValidationError, match="DKIM needs"):
        settings(dkim_domain="hausbote.example")
    assert settings().dkim_key() is None
