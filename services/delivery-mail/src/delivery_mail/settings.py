"""Every setting of the mail channel, read from variables that begin with DELIVERY_MAIL_."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from delivery_mail.adapters.smtp import Patience
from delivery_mail.domain.pace import Pace
from delivery_mail.message.composing import UnsendableMail, ascii_address
from delivery_mail.message.signature import DkimKey
from delivery_mail.ports import Account, TlsMode
from web.service import ApiSettings


def _address(given: str) -> str:
    try:
        return ascii_address(given)
    except UnsendableMail as error:
        raise ValueError(error.slug) from None


Address = Annotated[str, AfterValidator(_address)]


class MailSettings(ApiSettings):
    """What every API of the house needs, the one SMTP account, and our pace.

    `documents_url` is s3://bucket/prefix or file:///folder. Mails come from `sender_address`,
    bounces go to `return_path`; `client_name` is what EHLO says. DKIM signs where all three are
    set.
    An open intent is given up after `call_may_take_s`: longer than any conversation should last.
    """

    model_config = SettingsConfigDict(env_prefix="DELIVERY_MAIL_")

    documents_url: str
    documents_endpoint: str | None = None
    smtp_host: str
    smtp_port: int = Field(ge=1, le=65535)
    smtp_tls: TlsMode
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    client_name: str
    sender_address: Address
    return_path: Address
    dkim_domain: str | None = None
    dkim_selector: str | None = None
    dkim_private_key: SecretStr | None = None
    connect_s: float = 30.0
    answer_s: float = 120.0
    final_answer_s: float = 600.0
    call_may_take_s: float = 1800.0
    retry_first_s: float = 60.0
    retry_max_s: float = 3600.0
    retry_for_h: float = 72.0
    account_rest_s: float = 900.0
    server_rest_s: float = 30.0
    overdue_after_h: float = 72.0
    mails_at_once: int = Field(default=4, ge=1)

    @model_validator(mode="after")
    def _dkim_is_whole(self) -> Self:
        parts = (self.dkim_domain, self.dkim_selector, self.dkim_private_key)
        if any(parts) and not all(parts):
            raise ValueError("DKIM needs domain, selector and private key")
        return self

    def account(self) -> Account:
        password = self.smtp_password
        return Account(
            host=self.smtp_host,
            port=self.smtp_port,
            tls=self.smtp_tls,
            user=self.smtp_user,
            password=password.get_secret_value() if password else None,
        )

    def dkim_key(self) -> DkimKey | None:
        if not (self.dkim_domain and self.dkim_selector and self.dkim_private_key):
            return None
        key = self.dkim_private_key.get_secret_value()
        return DkimKey(self.dkim_domain, self.dkim_selector, key)

    def patience(self) -> Patience:
        return Patience(
            connect_s=self.connect_s, answer_s=self.answer_s, final_answer_s=self.final_answer_s
        )

    def pace(self) -> Pace:
        return Pace(
            call_may_take=timedelta(seconds=self.call_may_take_s),
            retry_first=timedelta(seconds=self.retry_first_s),
            retry_max=timedelta(seconds=self.retry_max_s),
            retry_for=timedelta(hours=self.retry_for_h),
            account_rest=timedelta(seconds=self.account_rest_s),
            server_rest=timedelta(seconds=self.server_rest_s),
        )
