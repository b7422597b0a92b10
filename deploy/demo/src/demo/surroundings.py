"""What each service reads from its environment here."""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from events.seal import KEY_BYTES
from events.testing.keys import random_keks
from events.testing.postgres import Urls
from web.auth import DEVELOPMENT_ISSUER
from web.issuer import AUDIENCE

EKP = "5012345678"
VENDOR = "77"
EPOST_WORD = "Lindenhof-2026"
MAIL_FROM = "post@lindenhof.example"

_POLL_S = 1.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where everything is that the services need."""

    kafka: str
    token_keys_url: str
    documents: Path
    epost_url: str
    smtp_port: int
    keks: str
    cursor_key: str

    @classmethod
    def around(
        cls, *, kafka: str, token_keys_url: str, documents: Path, epost_url: str, smtp_port: int
    ) -> "Surroundings":
        keks, cursor_key = random_keks(), Fernet.generate_key().decode()
        return cls(kafka, token_keys_url, documents, epost_url, smtp_port, keks, cursor_key)

    def of(self, service: str, database: Urls, port: int) -> Mapping[str, str]:
        """The variables of one service, under its prefix."""
        settings = {
            **self._of_every_service(database, port),
            **_OF_ITS_OWN.get(service, lambda _: {})(self),
        }
        return {f"{service}_{name}".upper(): value for name, value in settings.items()}

    def _of_every_service(self, database: Urls, port: int) -> Mapping[str, str]:
        return {
            "environment": "development",
            "database_url": database.app,
            "machinery_database_url": database.machinery,
            "migrator_database_url": database.migrator,
            "kafka_bootstrap_servers": self.kafka,
            "keks": self.keks,
            "http_port": str(port),
            "token_issuer": DEVELOPMENT_ISSUER,
            "token_audience": AUDIENCE,
            "token_keys_url": self.token_keys_url,
            "cursor_keys": self.cursor_key,
            "documents_url": self.documents.as_uri(),
        }


def _epost(surroundings: Surroundings) -> Mapping[str, str]:
    return {
        "epost_url": surroundings.epost_url,
        "epost_vendor_id": VENDOR,
        "epost_ekp": EKP,
        "epost_secret": EPOST_WORD,
        "epost_password": EPOST_WORD,
        "token_key": base64.b64encode(os.urandom(KEY_BYTES)).decode(),
        "questions_apart_s": str(_POLL_S),
        "poll_every_s": str(_POLL_S),
    }


def _mail(surroundings: Surroundings) -> Mapping[str, str]:
    return {
        "smtp_host": "127.0.0.1",
        "smtp_port": str(surroundings.smtp_port),
        "smtp_tls": "none",
        "client_name": "lindenhof.example",
        "sender_address": MAIL_FROM,
        "return_path": MAIL_FROM,
    }


_OF_ITS_OWN = {"delivery_epost": _epost, "delivery_mail": _mail}
