"""Keys and JWTs of NATS's, as its own tools make them: operator, account and user."""

import base64
import binascii
import json
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

OPERATOR, ACCOUNT, USER = 14 << 3, 0, 20 << 3
SEED = 18 << 3
ALL = {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}
"""JetStream without limits."""
FREE = {
    "subs": -1,
    "data": -1,
    "payload": -1,
    "imports": -1,
    "exports": -1,
    "wildcards": True,
    "conn": -1,
    "leaf": -1,
}


def letters(raw: bytes) -> str:
    """Return bytes as NATS writes keys."""
    crc = binascii.crc_hqx(raw, 0).to_bytes(2, "little")
    return base64.b32encode(raw + crc).decode().rstrip("=")


def plain(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Identity:
    """Somebody with a key."""

    def __init__(self, kind: int) -> None:
        self._kind = kind
        self._key = Ed25519PrivateKey.generate()

    @property
    def public(self) -> str:
        return letters(bytes((self._kind,)) + self._key.public_key().public_bytes_raw())

    @property
    def seed(self) -> str:
        kind = bytes((SEED | self._kind >> 5, (self._kind & 31) << 3))
        return letters(kind + self._key.private_bytes_raw())

    def signs(self, subject: str, kind: str, **nats: object) -> str:
        """Return a JWT of ours about `subject`."""
        head = {"typ": "JWT", "alg": "ed25519-nkey"}
        claims = {"jti": subject, "iat": int(time.time()), "iss": self.public}
        claims |= {"name": kind, "sub": subject}
        body = claims | {"nats": {"type": kind, "version": 2} | nats}
        said = ".".join(plain(json.dumps(part).encode()) for part in (head, body))
        return f"{said}.{plain(self._key.sign(said.encode()))}"


class Domain:
    """An operator with an account that may do everything, and its users."""

    def __init__(self) -> None:
        self._operator, self._system = Identity(OPERATOR), Identity(ACCOUNT)
        self.account = Identity(ACCOUNT)

    @property
    def config(self) -> str:
        """What a server has of it in its configuration."""
        operator = self._operator
        system, account = self._system.public, self.account.public
        told = {
            system: operator.signs(system, "account", limits=FREE),
            account: operator.signs(account, "account", limits=FREE | ALL),
        }
        signed = operator.signs(operator.public, "operator", system_account=system)
        return (
            f"operator: {signed}\nsystem_account: {system}\nresolver: MEMORY\n"
            f"resolver_preload: {json.dumps(told)}"
        )

    def credentials(self, path: Path, user: Identity, *, by: Identity) -> Path:
        """Write a `.creds` file of a user, in the account `by` whom it is signed."""
        free = {"subs": -1, "data": -1, "payload": -1}
        jwt = by.signs(user.public, "user", **free)
        path.write_text(
            f"-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n"
            "Keep it to yourself.\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n"
            "------END USER NKEY SEED------\n"
        )
        return path
