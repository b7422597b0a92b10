"""Signs a finished message with DKIM (RFC 6376), where the mandant has given a key."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import dkim
from dkim.crypto import UnparsableKeyError, parse_pem_private_key

_RELAXED = (b"relaxed", b"relaxed")  # survives relays that rewrap headers


@dataclass(frozen=True)
class DkimKey:
    """An RSA key (PEM) and where its public half lies: <selector>._domainkey.<domain>.

    ValueError where the PEM is not a private key.
    """

    domain: str
    selector: str
    private_key_pem: str = field(repr=False)

    def __post_init__(self) -> None:
        try:
            parse_pem_private_key(self.private_key_pem.encode())
        except UnparsableKeyError:
            raise ValueError("not an RSA private key in PEM form") from None


def signed(message: bytes, key: DkimKey, signed_at: datetime) -> bytes:
    """The message below its signature. The last step: nothing may be changed after it."""
    signer = _Signer(message, signed_at)
    header: bytes = signer.sign(
        key.selector.encode("ascii"),
        key.domain.encode("idna"),
        key.private_key_pem.encode("ascii"),
        canonicalize=_RELAXED,
    )
    return header + message


class _Signer(dkim.DKIM):  # type: ignore[misc]  # dkimpy has no types
    """dkimpy takes the time from the clock; we are given it, so that the bytes are repeatable."""

    def __init__(self, message: bytes, signed_at: datetime) -> None:
        super().__init__(message)
        self._timestamp = str(int(signed_at.timestamp())).encode()

    def gen_header(
        self, fields: Sequence[tuple[bytes, bytes]], *args: object, **options: object
    ) -> bytes:
        stamped = [(name, self._timestamp if name == b"t" else value) for name, value in fields]
        header: bytes = super().gen_header(stamped, *args, **options)
        return header
