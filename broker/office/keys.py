"""Sites, and the tokens that let people in."""

from functools import partial
from typing import TYPE_CHECKING

from sqlite_utils import Database

from actors.ids import SiteId
from broker import founding
from broker.gate import sign
from broker.office.agents import employ
from broker.office.requests import (
    AddKey,
    AddSite,
    Denied,
    Founded,
    KeyRemoved,
    KeyShown,
    Minted,
    MintToken,
    RemoveKey,
    no_site,
    shown,
)
from broker.sites import Site
from broker.wire.errors import Code
from storage import accounts, deeds
from storage.accounts import Key
from storage.deeds import OPERATOR, Deed

if TYPE_CHECKING:
    from broker.server import Broker


MOST_KEYS = 8
"""Of one site: while one takes the place of another there are two."""
NO_KEY = Denied(Code.NOT_FOUND, "The site has no such key.", "$.kid")
LAST_KEY = Denied(
    Code.CONFLICT, "It is the last key of this site: add another one first."
)
MANY_KEYS = Denied(
    Code.CONFLICT, f"A site has at most {MOST_KEYS} keys: remove another one first."
)


async def mint_token(
    broker: "Broker", ask: MintToken, *, by: str = OPERATOR
) -> Minted | Denied:
    """Sign a token in the name of a shop's backend, or of the broker itself."""
    if ask.site not in broker.sites:
        return no_site(ask.site)
    if ask.role != "shopper":
        refused = await employ(broker, ask, ask.role, by=by)
        if refused is not None:
            return refused
        minted = Deed(ask.site, broker.clock(), by, "token.mint", ask.sub, ask.role)
        await broker.change(partial(deeds.add, new=minted))
    return signed(broker, ask)


def signed(broker: "Broker", ask: MintToken) -> Minted | Denied:
    """Return the token; whether there is an account is not looked at again."""
    use, site = ("shop", ask.site) if ask.role == "shopper" else ("staff", None)
    key = broker.gate.key_for(use, site)
    if key is None:
        return Denied(Code.NOT_FOUND, f"Site {ask.site} has no key to sign with.")
    now = broker.clock() // 1000
    claims: dict[str, object] = {
        "site": ask.site,
        "sub": ask.sub,
        "role": ask.role,
        "iat": now,
        "exp": now + ask.ttl,
        "jti": broker.house.ids.token(),
    }
    claims |= {"name": ask.name} if ask.name else {}
    claims |= {"email": ask.email} if ask.email else {}
    account = broker.sites.agent(ask.site, ask.sub)
    if ask.role != "shopper" and account is not None and account.token_version:
        claims["ver"] = account.token_version
    return Minted(sign(key, claims), now + ask.ttl)


async def add_site(
    broker: "Broker", ask: AddSite, *, by: str = OPERATOR
) -> Founded | Denied:
    """Add a site with a key, which shoppers may come to from now on."""
    now = broker.clock()
    new = accounts.Site(ask.site, ask.name or ask.site, now)
    key = founding.new_key(ask.site, now, broker.chance)

    def known(added: bool) -> None:  # noqa: FBT001  # what the change returned
        if added:
            broker.sites.add(Site(SiteId(new.id), new.name))
            broker.gate.add(key)

    if not await broker.change(partial(_add, site=new, key=key, by=by), known):
        return Denied(Code.CONFLICT, f"There is a site {ask.site} already.", "$.site")
    return Founded(ask.site)


async def add_key(
    broker: "Broker", ask: AddKey, *, by: str = OPERATOR
) -> KeyShown | Denied:
    """Let a site sign with one more key from now on."""
    if ask.site not in broker.sites:
        return no_site(ask.site)
    new = founding.new_key(ask.site, broker.clock(), broker.chance)

    def known(added: Denied | None) -> None:
        if added is None:
            broker.gate.add(new)

    refused = await broker.change(partial(_add_key, new=new, by=by), known)
    return shown(new) if refused is None else refused


async def remove_key(
    broker: "Broker", ask: RemoveKey, *, by: str = OPERATOR
) -> KeyRemoved | Denied:
    """Let in nobody any more who comes with a token of this key.

    Whoever is here with one is sent away when the broker next looks, within a minute.
    """
    if ask.site not in broker.sites:
        return no_site(ask.site)

    def gone(refused: Denied | None) -> None:
        if refused is None:
            broker.gate.remove(ask.kid)

    done = Deed(ask.site, broker.clock(), by, "key.remove", ask.kid)
    write = partial(_remove_key, done=done)
    refused = await broker.change(write, gone)
    return KeyRemoved(ask.site, ask.kid) if refused is None else refused


def _add_key(db: Database, new: Key, by: str) -> Denied | None:
    site = new.site or ""
    if len(accounts.keys_of(db.conn, site)) >= MOST_KEYS:
        return MANY_KEYS
    accounts.add_key(db, new)
    deeds.add(db, Deed(site, new.created_at, by, "key.add", new.kid))
    return None


def _remove_key(db: Database, done: Deed) -> Denied | None:
    # Of this site alone: staff keys and those of others are none of its.
    kids = [key.kid for key in accounts.keys_of(db.conn, done.site)]
    if done.object not in kids:
        return NO_KEY
    if len(kids) == 1:
        return LAST_KEY
    accounts.remove_key(db, done.object, done.at)
    deeds.add(db, done)
    return None


def _add(db: Database, site: accounts.Site, key: Key, by: str) -> bool:
    if not (accounts.add_site(db, site) and accounts.add_key(db, key)):
        return False
    deeds.add(db, Deed(site.id, site.created_at, by, "site.add", site.id))
    return True
