"""What a fresh data folder begins with, and what a broker reads of one that is not."""

import random
import sqlite3
from base64 import urlsafe_b64encode

import msgspec
from sqlite_utils import Database

from actors.ids import Millis, SiteId, encode_id
from actors.library import Library
from actors.settings.document import Settings
from actors.settings.rules import Rules
from broker.config import Config, StorageConfig
from broker.gate import Gate
from broker.sites import DEFAULT_SITE, Site, Sites
from storage import accounts, deeds, documents, queries
from storage.accounts import Agent, Key, Secret
from storage.documents import Document

SETTINGS = "settings"
"""Name of the document that a site's rules are made of."""
SECRET_BYTES = 32
"""Random ones in an HS256 key: as many as its hash has."""


class Known(msgspec.Struct, frozen=True):
    """Everything that is kept in memory from the start."""

    sites: list[Site]
    keys: list[Key]
    agents: list[Agent]
    due: list[tuple[str, int]]
    """Chats that want to be woken, and when."""
    began: Millis
    """When the journal did, or when it was made of a copy."""


def found(db: Database, now: Millis, chance: random.Random) -> None:
    """Give a fresh folder its first site and secrets; leave any other as it is."""
    is_new = not accounts.sites(db.conn)
    if is_new:
        add_site(db, DEFAULT_SITE, "My shop", now, chance)
    if not any(key.use == "staff" for key in accounts.keys(db.conn)):
        accounts.add_key(db, new_key(None, now, chance))
    deeds.begin(db, now, new=is_new)


def add_site(
    db: Database, site: str, name: str, now: Millis, chance: random.Random
) -> bool:
    """Return whether a site with a key of its own was added; not if the id is taken."""
    if not accounts.add_site(db, accounts.Site(site, name, now)):
        return False
    return accounts.add_key(db, new_key(site, now, chance))


def new_key(site: str | None, now: Millis, chance: random.Random) -> Key:
    """Return a fresh key: for the shoppers of `site`, or for the staff of all."""
    kid = encode_id(chance.getrandbits(128))
    # Text, so that any language's JWT library takes it as it is printed.
    secret = Secret(urlsafe_b64encode(chance.randbytes(SECRET_BYTES)).rstrip(b"="))
    use: accounts.Use = "staff" if site is None else "shop"
    return Key(kid, site, use, "HS256", secret, now)


def learn(db: sqlite3.Connection) -> Known:
    """Return what the journal knows of sites, keys, agents and deadlines."""
    sites = [
        Site(
            SiteId(site.id),
            site.name,
            rules(documents.newest(db, site.id, SETTINGS)),
            library(db, site.id),
        )
        for site in accounts.sites(db)
    ]
    agents = [agent for site in sites for agent in accounts.agents(db, site.id)]
    began = Millis(deeds.began(db))
    return Known(sites, accounts.keys(db), agents, queries.due(db), began)


def introduce(known: Known, sites: Sites, gate: Gate) -> None:
    """Let those who answer for it know who there is."""
    for site in known.sites:
        sites.add(site)
    for key in known.keys:
        gate.add(key)
    for agent in known.agents:
        sites.set_agent(agent)


def rules(stored: Document | None) -> Rules:
    """Return the rules that stored settings make; without any, the defaults."""
    if stored is None:
        return Rules()
    return Rules(stored.version, msgspec.json.decode(stored.document, type=Settings))


def library(db: sqlite3.Connection, site: str) -> Library:
    """Return the collections of `site` as they are stored; without any, empty ones."""
    stored = {
        name: documents.newest(db, site, name) for name in Library.__struct_fields__
    }
    shelves = {
        name: {
            "version": document.version,
            "items": msgspec.json.decode(document.document),
        }
        for name, document in stored.items()
        if document is not None
    }
    return msgspec.convert(shelves, Library)


def relaxed(config: Config) -> Config:
    """Return `config` with the durability of a folder that will be deleted."""
    return msgspec.structs.replace(config, storage=StorageConfig(durability="relaxed"))
