"""How the server encrypts."""

import ssl
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class TlsMode(StrEnum):
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True)
class TlsFiles:
    """A certificate and its key (PEM), and whether TLS begins at once or by STARTTLS."""

    mode: TlsMode
    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context
