"""Who takes part in a run: from a file of tokens, or with a shop's key."""

import socket
import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import jwt
import msgspec

from clients.load.crowd import People
from clients.load.plan import BadPlan, Plan
from clients.load.plug import Address, Tls, trust
from clients.load.scene import Who

TOKEN_S = 12 * 3600
"""Seconds that tokens are good for, beyond the run itself."""
PORTS = {"ws": 80, "wss": 443}
"""Where one listens whose URL names no port."""


class Unreachable(Exception):
    """There is no such host; the message names it."""


class Token(msgspec.Struct, frozen=True):
    """A line of a token file."""

    role: str
    sub: str
    token: str


class ShopKey(msgspec.Struct, frozen=True):
    """What a shop signs its shoppers' tokens with."""

    kid: str
    secret: str


class SiteShown(msgspec.Struct, frozen=True):
    """What `shopwire site show` prints."""

    keys: tuple[ShopKey, ...]
    id: str = "default"


def from_tokens(path: Path, plan: Plan) -> People:
    """Return the people of a token file, as many as the plan needs.

    Raises:
        BadPlan: it cannot be read, or names too few.
    """
    tokens = _tokens(path)
    shoppers = _who(t for t in tokens if t.role == "shopper")
    agents = _who(t for t in tokens if t.role in {"agent", "admin"})
    if len(shoppers) < plan.chats:
        few = f"{len(shoppers)} shoppers' tokens for {plan.chats} chats"
        raise BadPlan(f"{path}: {few}; lower --chats, or make more")
    return People(shoppers[: plan.chats], agents[: plan.agents])


def agents_of(path: Path, plan: Plan) -> tuple[Who, ...]:
    """Return the agents of a token file.

    Raises:
        BadPlan: it cannot be read.
    """
    agents = _who(t for t in _tokens(path) if t.role in {"agent", "admin"})
    return agents[: plan.agents]


def from_site_key(path: Path, plan: Plan) -> People:
    """Return shoppers with tokens signed by the shop's key in a file.

    The file is what `shopwire site show` prints, or one of the keys in it. A shop's key
    signs for nobody else, so there are no agents.

    Raises:
        BadPlan: there is no key in it.
    """
    site, key = _key(path)
    return People(tuple(shopper(site, key, plan, n) for n in range(plan.chats)), ())


def shopper(site: str, key: ShopKey, plan: Plan, number: int) -> Who:
    """Return a shopper of the run, with a token of the shop's."""
    now = int(time.time())
    sub = f"load-{plan.seed}-{number:06}"
    claims = {
        "aud": "shopwire",
        "site": site,
        "sub": sub,
        "role": "shopper",
        "iat": now,
        "exp": now + int(plan.duration) + TOKEN_S,
        "jti": sub,
    }
    token = jwt.encode(claims, key.secret.encode(), "HS256", {"kid": key.kid})
    return Who("shopper", sub, token)


def address(url: str, ca: Path | None = None, *, insecure: bool = False) -> Address:
    """Return where `ws://HOST:PORT/ws` or `wss://HOST:PORT/ws` is.

    Raises:
        BadPlan: it is no such URL, or `ca` has no certificates in it.
        Unreachable: nobody knows the host.
    """
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise BadPlan(f"{url!r} is no ws://HOST:PORT/ws, and no wss://HOST:PORT/ws")
    if parts.scheme == "ws" and (ca or insecure):
        raise BadPlan("--ca and --insecure are for wss://")
    try:
        port = parts.port or PORTS[parts.scheme]
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise Unreachable(f"{url}: {error}") from error
    # Not every machine that names an IPv6 address for itself listens there.
    family, _, _, _, where = min(found, key=lambda each: each[0] != socket.AF_INET)
    host = f"{parts.hostname}:{port}"
    tls = None
    if parts.scheme == "wss":
        tls = Tls(parts.hostname, str(ca) if ca else None, insecure)
        _tried(tls)
    where = (str(where[0]), int(where[1]))
    return Address(family, where, host, parts.path or "/ws", tls)


def _tried(tls: Tls) -> None:
    try:
        trust(tls.ca, insecure=tls.insecure)
    except OSError as error:
        raise BadPlan(f"--ca {tls.ca}: no certificates in it: {error}") from error


def _tokens(path: Path) -> list[Token]:
    lines = [line for line in _read(path).splitlines() if line.strip()]
    try:
        return [msgspec.json.decode(line, type=Token) for line in lines]
    except msgspec.MsgspecError as error:
        form = '{"role": …, "sub": …, "token": …} a line'
        raise BadPlan(f"{path}: {error}; it takes {form}") from error


def _who(tokens: Iterable[Token]) -> tuple[Who, ...]:
    return tuple(Who(t.role, t.sub, t.token) for t in tokens)


def _key(path: Path) -> tuple[str, ShopKey]:
    text = _read(path)
    try:
        shown = msgspec.json.decode(text, type=SiteShown)
    except msgspec.MsgspecError:
        try:
            return "default", msgspec.json.decode(text, type=ShopKey)
        except msgspec.MsgspecError as error:
            advice = "it takes what `shopwire site show NAME` prints"
            raise BadPlan(f"{path}: {error}; {advice}") from error
    if not shown.keys:
        raise BadPlan(f"{path}: the site has no key")
    return shown.id, shown.keys[-1]


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeError) as error:
        raise BadPlan(f"{path}: {error}") from error
