"""Who may come in.

Tokens are JWTs signed by the shop's backend (shop keys: shoppers) or by the broker
itself (staff keys: agents and admins); any other pairing is no token. PyJWT is the
reference; the one pinned case that carries a reconnect storm, HS256 without frills, is
checked by hand in a sixth of the time and tested against it.
"""

import base64
import binascii
import hmac
from collections.abc import Callable
from typing import Any, Literal

import jwt
import msgspec
from jwt.types import Options

from storage.accounts import Key

AUDIENCE = "shopwire"
MAX_SUB = 64
"""Characters of a person's id."""
_NO_CLOCK: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
"""The library would look at the machine's clock, where ours may be another."""


class Identity(msgspec.Struct, frozen=True, gc=False):
    """What a good token says."""

    site: str
    sub: str
    role: Literal["shopper", "agent", "admin"]
    exp: float
    kid: str
    """The key that signed it; when that is removed, the token is no more."""
    jti: str = ""
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    locale: str | None = None
    ver: int = 0
    """Of the agent's credentials, when it was signed."""

    @property
    def insider(self) -> bool:
        """Whether it speaks for the shop's staff."""
        return self.role != "shopper"


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The header of a token without frills."""

    alg: Literal["HS256"]
    kid: str
    typ: Literal["JWT"] | None = None


class _Claims(msgspec.Struct, frozen=True):
    """Its claims; as in `Identity`, and those that are judged here."""

    aud: Literal["shopwire"]
    exp: float
    site: str
    sub: str
    role: Literal["shopper", "agent", "admin"]
    iat: float = 0
    nbf: float = 0
    jti: str = ""
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    locale: str | None = None
    ver: int = 0


_header = msgspec.json.Decoder(_Header).decode
_claims = msgspec.json.Decoder(_Claims).decode
_convert = msgspec.convert


class Gate:
    """Checks tokens against the keys there are now; the clock is in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._keys: dict[str, Key] = {}
        self._jwt = jwt.PyJWT({"require": ["exp", "aud", "site", "sub", "role"]})

    def add(self, key: Key) -> None:
        """Let tokens in that were signed with `key`."""
        self._keys[key.kid] = key

    def remove(self, kid: str) -> None:
        """Let no more tokens in that were signed with the key called `kid`."""
        self._keys.pop(kid, None)

    def key_for(self, use: str, site: str | None) -> Key | None:
        """Return the newest key for `use` on `site`; staff keys have no site."""
        fitting = [k for k in self._keys.values() if k.use == use and k.site == site]
        return max(fitting, key=lambda key: key.created_at, default=None)

    def knows(self, kid: str) -> bool:
        """Return whether tokens of the key called `kid` are still let in."""
        return kid in self._keys

    def verify(self, token: str) -> Identity | None:
        """Return whom `token` speaks for, or `None`: why not is nobody's business."""
        return self.verify_plain(token) or self.verify_any(token)

    def verify_plain(self, token: str) -> Identity | None:
        """Check a token of the usual form; `None` says only: not by this way."""
        try:
            signed, _, signature = token.encode("ascii").rpartition(b".")
            head, _, payload = signed.partition(b".")
            key = self._keys.get(_header(_decode(head)).kid)
            if key is None or key.alg != "HS256":
                return None
            good = hmac.digest(key.secret, signed, "sha256")
            if not hmac.compare_digest(good, _decode(signature)):
                return None
            claims = _claims(_decode(payload))
        except (ValueError, msgspec.MsgspecError):
            return None
        return _identity(key, claims, self._now())

    def verify_any(self, token: str) -> Identity | None:
        """Check a token by PyJWT: the reference, and the way of all unusual ones."""
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            key = self._keys.get(kid) if isinstance(kid, str) else None
            if key is None:
                return None
            raw: dict[str, Any] = self._jwt.decode(
                token,
                _public(key),
                algorithms=[key.alg],
                audience=AUDIENCE,
                options=_NO_CLOCK,
            )
            raw["aud"] = AUDIENCE
            claims = _convert(raw, _Claims)
        except (jwt.PyJWTError, msgspec.ValidationError, ValueError, TypeError):
            return None
        return _identity(key, claims, self._now())


def sign(key: Key, claims: dict[str, object]) -> str:
    """Return a token with `claims`, to which the audience is added."""
    return jwt.encode(
        {"aud": AUDIENCE, **claims},
        _private(key),
        algorithm=key.alg,
        headers={"kid": key.kid},
    )


def _identity(key: Key, claims: _Claims, now: float) -> Identity | None:
    """Return whom `claims` speak for, if `key` may say so, and may `now`."""
    # To the second: no leeway, clocks are the shop's to keep.
    if claims.exp <= now or claims.nbf > now or claims.iat > now:
        return None
    if claims.role == "shopper":
        fits = key.use == "shop" and key.site == claims.site
    else:
        fits = key.use == "staff"
    if not fits or not 0 < len(claims.sub) <= MAX_SUB:
        return None
    return Identity(
        claims.site,
        claims.sub,
        claims.role,
        claims.exp,
        key.kid,
        claims.jti,
        claims.name,
        claims.email,
        claims.phone,
        claims.locale,
        claims.ver,
    )


def _decode(text: bytes) -> bytes:
    # Strict: `urlsafe_b64decode` skips what is not of the alphabet.
    padded = text + b"=" * (-len(text) % 4)
    try:
        return base64.b64decode(padded.translate(_URL_SAFE), validate=True)
    except binascii.Error as error:
        raise ValueError from error


_URL_SAFE = bytes.maketrans(b"-_+/", b"+/!!")
"""To the standard alphabet; its own two characters become illegal."""


def _public(key: Key) -> Any:  # noqa: ANN401  # bytes or a key: PyJWT takes both
    """Return what checks signatures: for EdDSA the secret is a private key in PEM."""
    if key.alg == "HS256":
        return bytes(key.secret)
    return _private(key).public_key()


def _private(key: Key) -> Any:  # noqa: ANN401  # likewise
    if key.alg == "HS256":
        return bytes(key.secret)
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415  # 40 ms, for those who use it
        load_pem_private_key,
    )

    return load_pem_private_key(bytes(key.secret), None)
