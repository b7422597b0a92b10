"""Makes a certificate for loopback, so that TLS can be tried without an authority."""

import datetime as dt
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from smtp_simulator.tls import TlsFiles, TlsMode

HOST = "127.0.0.1"
LIFETIME = dt.timedelta(days=1)
CLOCK_SKEW = dt.timedelta(minutes=5)


def self_signed(folder: Path, mode: TlsMode) -> TlsFiles:
    """Writes certificate.pem, which a client can trust by itself, and key.pem into the folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    files = TlsFiles(mode, folder / "certificate.pem", folder / "key.pem")
    files.certificate.write_bytes(_certificate(key).public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))])
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + LIFETIME)
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
