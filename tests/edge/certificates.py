"""Certificates of our own, for this machine and an hour."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Certificate(NamedTuple):
    """The files a server is given, and their number, by which one is known again."""

    cert: Path
    key: Path
    serial: int

    def trusted(self) -> ssl.SSLContext:
        """Return how a client trusts it alone."""
        return ssl.create_default_context(cafile=str(self.cert))


def certified(folder: Path) -> Certificate:
    """Write a certificate for 127.0.0.1 and its key, in place of those before."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    made = Certificate(
        folder / "cert.pem", folder / "key.pem", certificate.serial_number
    )
    made.cert.write_bytes(certificate.public_bytes(pem))
    made.key.write_bytes(
        key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return made
