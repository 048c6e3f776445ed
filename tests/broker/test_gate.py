"""Tokens: the fast way and PyJWT must agree on every one of them."""

import base64
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import example, given
from hypothesis import strategies as st

from broker.gate import Gate, sign
from storage.accounts import Key, Secret, Use

NOW = 1_800_000_000.0
CLAIMS: dict[str, object] = {
    "site": "default",
    "sub": "sara",
    "role": "shopper",
    "exp": NOW + 60,
}


def key(
    kid: str = "k", use: Use = "shop", site: str | None = "default", at: int = 0
) -> Key:
    secret = Secret(kid.encode() * 32)
    return Key(kid, site if use == "shop" else None, use, "HS256", secret, at)


def elliptic(kid: str = "ed") -> Key:
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Key(kid, "default", "shop", "EdDSA", Secret(pem), 0)


def gate(*keys: Key, now: float = NOW) -> Gate:
    made = Gate(lambda: now)
    for each in keys or (key(), key("s", "staff")):
        made.add(each)
    return made


def test_a_good_token_says_who_it_is_for() -> None:
    more = {"name": "Sara", "email": "s@x.org", "phone": "1", "locale": "pl"}
    token = sign(key(), CLAIMS | more | {"jti": "j1", "iat": NOW - 1})
    identity = gate().verify(token)
    assert identity is not None
    assert (identity.site, identity.sub, identity.role) == (
        *("default", "sara", "shopper"),
    )
    assert (identity.exp, identity.jti) == (NOW + 60, "j1")
    assert (identity.name, identity.email) == ("Sara", "s@x.org")
    assert (identity.phone, identity.locale) == ("1", "pl")
    assert not identity.insider


@pytest.mark.parametrize("role", ["agent", "admin"])
def test_staff_keys_speak_for_insiders(role: str) -> None:
    identity = gate().verify(sign(key("s", "staff"), CLAIMS | {"role": role}))
    assert identity is not None
    assert identity.insider


@pytest.mark.parametrize(
    ("use", "role"), [("shop", "agent"), ("shop", "admin"), ("staff", "shopper")]
)
def test_any_other_pairing_is_no_token(use: Use, role: str) -> None:
    signer = key("k", use)
    assert gate(signer).verify(sign(signer, CLAIMS | {"role": role})) is None


def test_a_shops_key_speaks_for_no_other_shop() -> None:
    both = gate(key("a", site="a"), key("b", site="b"))
    assert both.verify(sign(key("a", site="a"), CLAIMS | {"site": "a"})) is not None
    assert both.verify(sign(key("a", site="a"), CLAIMS | {"site": "b"})) is None


def test_a_token_lasts_to_the_moment_it_says() -> None:
    token = sign(key(), CLAIMS | {"exp": NOW + 10})
    assert gate(now=NOW + 9.9).verify(token) is not None
    assert gate(now=NOW + 10).verify(token) is None


def test_a_removed_key_opens_nothing() -> None:
    made = gate()
    token = sign(key(), CLAIMS)
    assert made.verify(token) is not None
    made.remove("k")
    made.remove("k")
    assert made.verify(token) is None


def test_the_newest_key_is_the_one_to_sign_with() -> None:
    old, new = key("old", at=1), key("new", at=2)
    made = gate(new, old, key("other", site="other", at=3), key("s", "staff", at=4))
    assert made.key_for("shop", "default") == new
    assert made.key_for("staff", None) == key("s", "staff", at=4)
    assert made.key_for("shop", "nowhere") is None
    # Both are good while the shop goes over from one to the other.
    for each in (old, new):
        assert made.verify(sign(each, CLAIMS)) is not None


def test_an_elliptic_key_is_as_good() -> None:
    signer = elliptic()
    token = sign(signer, CLAIMS)
    identity = gate(signer, key()).verify(token)
    assert identity is not None
    assert identity.sub == "sara"
    assert gate(signer).verify(token[:-8] + "AAAAAAAA") is None
    # By the gate's own clock too, which may be virtual.
    assert gate(signer, now=NOW + 60).verify(token) is None
    assert gate(signer, now=NOW + 59).verify(token) is not None


def test_a_public_key_is_no_secret() -> None:
    """The old trick: an HMAC made with what everybody may know."""
    signer = elliptic()
    claims = {"aud": "shopwire", **CLAIMS}
    signed = f"{_part({'alg': 'HS256', 'kid': 'ed'})}.{_part(claims)}"
    mac = hmac.digest(signer.secret, signed.encode(), "sha256")
    assert gate(signer).verify(f"{signed}.{_part(mac)}") is None


def test_no_signature_is_no_token() -> None:
    token = jwt.encode({"aud": "shopwire", **CLAIMS}, "", algorithm="none")
    assert gate().verify(token) is None
    header = _part({"alg": "none", "kid": "k"})
    assert gate().verify(f"{header}.{_part(CLAIMS)}.") is None


def _part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "typ": st.sampled_from(["JWT", "jwt", "at+jwt", None, 7]),
        "kid": st.sampled_from(["k", "s", "other", "", None, 7]),
        "cty": st.just("JWT"),
        "crit": st.just(["exp"]),
    },
)
TIMES = st.sampled_from([NOW - 60, NOW + 60, NOW, 0, -1, "soon", None, True, 10**400])
ANY_CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        "aud": st.sampled_from(["shopwire", "other", ["shopwire"], ["a"], None, 7]),
        "site": st.sampled_from(["default", "other", "", None, 7]),
        "sub": st.sampled_from(["sara", "", "x" * 64, "x" * 65, "ż" * 64, None, 7]),
        "role": st.sampled_from(["shopper", "agent", "admin", "owner", None, 7]),
        "exp": TIMES,
        "nbf": TIMES,
        "iat": TIMES,
        "name": st.sampled_from(["Sara", "", None, 7]),
        "jti": st.sampled_from(["j", "", None, 7]),
        "extra": st.sampled_from([1, {"a": [1]}]),
    },
)


@pytest.mark.slow
@given(HEADERS, ANY_CLAIMS, st.sampled_from(["k", "s"]))
@example({}, {}, "k")
@example({"typ": "JWT"}, {"aud": ["shopwire"]}, "k")
def test_the_fast_way_lets_in_nobody_whom_pyjwt_would_not(
    header: dict[str, Any], claims: dict[str, Any], signer: str
) -> None:
    use: Use = "shop" if signer == "k" else "staff"
    whole = {"aud": "shopwire", **CLAIMS, **claims}
    head = {"alg": "HS256", "kid": signer} | header
    signed = f"{_part(head)}.{_part(whole)}".encode()
    mac = hmac.digest(key(signer, use).secret, signed, "sha256")
    agree(f"{signed.decode()}.{_part(mac)}")


@pytest.mark.slow
@given(st.data())
def test_a_token_changed_anywhere_is_judged_alike(data: st.DataObject) -> None:
    token = sign(key(), CLAIMS)
    place = data.draw(st.integers(0, len(token) - 1))
    char = data.draw(st.sampled_from("Aa0-_+/=. \n\0é"))
    agree(token[:place] + char + token[place + 1 :])
    agree(token[:place] + char + token[place:])
    agree(token[:place])


@pytest.mark.slow
@given(st.text(max_size=30))
def test_rubbish_is_judged_alike(token: str) -> None:
    agree(token)


def agree(token: str) -> None:
    """Whom the fast way lets in, PyJWT lets in as the same person."""
    made = gate()
    fast = made.verify_plain(token)
    if fast is not None:
        assert made.verify_any(token) == fast
