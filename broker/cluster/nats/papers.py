"""How a node proves to NATS who it is, and knows that it speaks with NATS.

Passwords and tokens are in a server's URL. Here is what is in files: authorities,
certificates, and NKeys, which are Ed25519 keys in letters (NATS's documentation on
security, and of its `nkeys` for the letters): a server's nonce is signed by one; beside
that stands its public half, or the JWT in which an account names it.
"""

import base64
import binascii
import re
import ssl
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from broker.config import ClusterConfig, ConfigError

SEED, USER = 18 << 3, 20 << 3
"""What the first byte of a seed, and of a user's public key, begins with: S and U."""
KEY_BYTES = 32
SECTION = re.compile(r"-{3,} *BEGIN ([A-Z ]+?) *-{3,}\s+(\S+)\s+-{3,} *END \1 *-{3,}")
JWT, NKEY = "NATS USER JWT", "USER NKEY SEED"
"""Sections of a credentials file."""


class BadPapers(Exception):
    """A file is not what it should be; the text says which and why."""

    def __init__(self, part: str, why: str) -> None:
        super().__init__(f"cluster.nats_{part}: {why}")


class NKey:
    """A user's key."""

    def __init__(self, seed: str) -> None:
        """Read a seed: `SU` and 56 more letters and digits.

        Raises:
            ValueError: it is none; the text says why, and nothing of the seed.
        """
        try:
            raw = base64.b32decode(seed + "=" * (-len(seed) % 8))
        except binascii.Error:
            raise ValueError("it is not in base 32") from None
        if len(raw) != 2 + KEY_BYTES + 2 or raw[0] & 0xF8 != SEED:
            raise ValueError("it is not a seed, which begins with SU")
        if (raw[0] & 7) << 5 | raw[1] >> 3 != USER:
            raise ValueError("it is not a user's, which begins with SU")
        if binascii.crc_hqx(raw[:-2], 0) != int.from_bytes(raw[-2:], "little"):
            raise ValueError("a letter of it is wrong, or missing")
        self._key = Ed25519PrivateKey.from_private_bytes(raw[2:-2])

    @property
    def public(self) -> str:
        """The public half, as servers have it in their configuration."""
        raw = bytes((USER,)) + self._key.public_key().public_bytes_raw()
        crc = binascii.crc_hqx(raw, 0).to_bytes(2, "little")
        return base64.b32encode(raw + crc).decode().rstrip("=")

    def signed(self, nonce: str) -> str:
        """Return the signature of a server's nonce."""
        signature = self._key.sign(nonce.encode())
        return base64.urlsafe_b64encode(signature).decode().rstrip("=")


class Papers(NamedTuple):
    """What is shown to a server, and asked of it."""

    tls: ssl.SSLContext | None = None
    """How TLS is spoken with it; `None`: only if it wants to, with what the system
    believes."""
    nkey: NKey | None = None
    jwt: str = ""

    def shown(self, nonce: str) -> dict[str, object]:
        """Return what `CONNECT` has of these."""
        if self.nkey is None:
            return {}
        who: dict[str, object] = {"nkey": self.nkey.public}
        if self.jwt:
            who = {"jwt": self.jwt}
        return who | {"sig": self.nkey.signed(nonce)}


def papers_of(config: ClusterConfig) -> Papers:
    """Return what the configuration names, as the files are now.

    Raises:
        BadPapers: one of them cannot be used.
    """
    context = _context(config)
    if config.nats_credentials is None:
        return Papers(context)
    text = _read("credentials", config.nats_credentials)
    sections = {name: body for name, body in SECTION.findall(text)}  # noqa: C416  # pairs of strings, typed so
    seed = sections.get(NKEY, text.strip())
    if sections and JWT not in sections:
        why = f"{config.nats_credentials} has no section {JWT}"
        raise BadPapers("credentials", why)
    try:
        return Papers(context, NKey(seed), sections.get(JWT, ""))
    except ValueError as error:
        why = f"{config.nats_credentials} has no seed that can be used: {error}"
        raise BadPapers("credentials", why) from None


def checked(config: ClusterConfig) -> None:
    """Look at what the configuration names.

    Raises:
        ConfigError: a file of it cannot be used, or is named for nothing.
    """
    try:
        papers_of(config)
    except BadPapers as error:
        raise ConfigError(str(error)) from error


def _context(config: ClusterConfig) -> ssl.SSLContext | None:
    ca, cert, key = config.nats_ca, config.nats_cert, config.nats_key
    if (cert is None) != (key is None):
        raise BadPapers(
            "key" if key is None else "cert", "a certificate has a key: name both"
        )
    if ca is None and cert is None:
        return None
    authorities = None if ca is None else _read("ca", ca)
    try:
        context = ssl.create_default_context(cadata=authorities)
    except (ssl.SSLError, ValueError) as error:
        raise BadPapers("ca", f"{ca} is no certificate in PEM") from error
    if cert is not None and key is not None:
        _read("cert", cert)
        _read("key", key)
        try:
            # A function, or it would ask at the terminal for an encrypted key's.
            context.load_cert_chain(cert, key, password=lambda: "")
        except (ssl.SSLError, ValueError) as error:
            why = f"{cert} and {key} are no certificate and its key in PEM, unencrypted"
            raise BadPapers("cert", why) from error
    return context


def _read(part: str, path: str) -> str:
    try:
        return Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise BadPapers(part, f"{path} cannot be read: {why}") from error
