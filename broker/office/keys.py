"""Sites, and the tokens that let people in."""

from functools import partial
from typing import TYPE_CHECKING

from sqlite_utils import Database

from actors.ids import SiteId
from broker import founding
from broker.gate import sign
from broker.office.agents import employ
from broker.office.requests import (
    AddSite,
    Denied,
    Founded,
    Minted,
    MintToken,
    no_site,
)
from broker.sites import Site
from broker.wire.errors import Code
from storage import accounts
from storage.accounts import Key

if TYPE_CHECKING:
    from broker.server import Broker


async def mint_token(broker: "Broker", ask: MintToken) -> Minted | Denied:
    """Sign a token in the name of a shop's backend, or of the broker itself."""
    if ask.site not in broker.sites:
        return no_site(ask.site)
    if ask.role != "shopper":
        refused = await employ(broker, ask, ask.role)
        if refused is not None:
            return refused
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
    return Minted(sign(key, claims), now + ask.ttl)


async def add_site(broker: "Broker", ask: AddSite) -> Founded | Denied:
    """Add a site with a key, which shoppers may come to from now on."""
    now = broker.clock()
    new = accounts.Site(ask.site, ask.name or ask.site, now)
    key = founding.new_key(ask.site, now, broker.chance)

    def known(added: bool) -> None:  # noqa: FBT001  # what the change returned
        if added:
            broker.sites.add(Site(SiteId(new.id), new.name))
            broker.gate.add(key)

    if not await broker.change(partial(_add, site=new, key=key), known):
        return Denied(Code.CONFLICT, f"There is a site {ask.site} already.", "$.site")
    return Founded(ask.site)


def _add(db: Database, site: accounts.Site, key: Key) -> bool:
    return accounts.add_site(db, site) and accounts.add_key(db, key)
