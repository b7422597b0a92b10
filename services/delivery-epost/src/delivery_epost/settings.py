"""Every setting of the letter channel, read from variables that begin with DELIVERY_EPOST_."""

import base64
from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from delivery_epost.domain.pace import Pace
from delivery_epost.ports import Access
from events.seal import KEY_BYTES
from web.service import ApiSettings


class EpostSettings(ApiSettings):
    """What every API of the house needs, the access to the provider, and our pace.

    `documents_url` is s3://bucket/prefix or file:///folder. `token_key` (base64, 32 bytes)
    encrypts the login's token. The provider repeats nothing within 60 minutes: `resend_within_s`
    must stay well below, `give_up_after_s` not under it (EPO-08).
    """

    model_config = SettingsConfigDict(env_prefix="DELIVERY_EPOST_")

    documents_url: str
    documents_endpoint: str | None = None
    epost_url: str = "https://api.epost.docuguide.com"
    epost_vendor_id: str
    epost_ekp: str = Field(pattern=r"^\d{10}$")
    epost_secret: SecretStr
    epost_password: SecretStr
    token_key: SecretStr
    request_timeout_s: float = 120.0
    questions_apart_s: float = Field(default=5.0, ge=0.0)
    look_up_after_s: float = 30.0
    poll_every_s: float = 900.0
    resend_within_s: float = Field(default=2700.0, le=3000.0)
    give_up_after_s: float = Field(default=3600.0, ge=60.0)
    overdue_after_h: float = 72.0
    retry_for_h: float = 72.0
    pages_max: int = 93
    size_max_bytes: int = 15 * 1024 * 1024
    letters_at_once: int = 4

    def token_secret(self) -> bytes:
        """What encrypts the login's token; ValueError unless it is base64 of 32 bytes."""
        secret = base64.b64decode(self.token_key.get_secret_value(), validate=True)
        if len(secret) != KEY_BYTES:
            raise ValueError(f"the token key is not {KEY_BYTES} bytes long")
        return secret

    def access(self) -> Access:
        return Access(
            ekp=self.epost_ekp,
            vendor_id=self.epost_vendor_id,
            secret=self.epost_secret.get_secret_value(),
            password=self.epost_password.get_secret_value(),
        )

    def pace(self) -> Pace:
        return Pace(
            call_may_take=timedelta(seconds=self.request_timeout_s * 1.5),
            look_up_after=timedelta(seconds=self.look_up_after_s),
            poll_every=timedelta(seconds=self.poll_every_s),
        )
