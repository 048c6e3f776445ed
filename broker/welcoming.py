"""What somebody is welcomed with, filled in with what is known of them (spec F4).

It is said by itself, so nothing stops it: what is not known is left out, and a store
that does not answer knows nothing.
"""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from actors.chat.spoken import next_opening
from actors.ids import SHOPPER, Millis
from actors.person import Facts, values_of
from actors.templates import OPEN, Filled, Malformed, asks_for, fill, parse
from broker.profiles import Known
from broker.sites import Sites

if TYPE_CHECKING:
    from broker.peer import Peer

MOST_CHARACTERS = 2000
"""Of a welcome, filled in (F4)."""
OF_A_PERSON = ("profile.", "order.")
"""How the names begin of what is known of a person."""
NOBODY = Facts()

log = logging.getLogger(__name__)


def is_personal(sites: Sites, site: str) -> bool:
    """Return whether a site's welcome says something of whom it welcomes."""
    template = parse(sites.rules_of(site).settings.chat.welcome)
    if isinstance(template, Malformed):
        return False
    return any(name.startswith(OF_A_PERSON) for name in asks_for(template))


def welcome(sites: Sites, site: str, facts: Facts, now: Millis) -> Filled:
    """Return what a site welcomes somebody with of whom it knows `facts`."""
    rules = sites.rules_of(site)
    text, locale = rules.settings.chat.welcome, rules.settings.chat.locale
    if OPEN not in text:
        # Most shops say the same to all, in every welcome.
        return Filled(text)
    values = values_of(facts)
    values["shop.name"] = sites.name_of(site)
    values["hours.next"] = next_opening(rules.hours, now, locale)
    filled = fill(text, values)
    return msgspec.structs.replace(filled, text=filled.text[:MOST_CHARACTERS])


def go_on_with(peer: "Peer", then: Callable[[str], None]) -> None:
    """Have `then` called with what `peer` is welcomed with.

    If they have to be looked up, nothing else of the connection is taken meanwhile.
    """
    house, site = peer.house, peer.site
    shopper = peer.who.startswith(SHOPPER)
    if not shopper or not is_personal(house.sites, site):
        then(_said(peer, NOBODY))
        return

    def found(known: Known | None) -> None:
        if known is not None:
            peer.facts = known.facts
        then(_said(peer, peer.facts or NOBODY))
        peer.transport.resume()

    peer.transport.pause()
    house.profiles.look_up(site, peer.who.removeprefix(SHOPPER), found)


def _said(peer: "Peer", facts: Facts) -> str:
    said = welcome(peer.house.sites, peer.site, facts, peer.house.clock())
    if said.missing:
        names = ", ".join(said.missing)
        log.warning("the welcome of %s was said without %s", peer.site, names)
    return said.text
