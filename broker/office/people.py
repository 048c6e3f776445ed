"""What a shop tells of its customers, and of what they do (spec F33, F34)."""

from functools import partial
from typing import TYPE_CHECKING

import msgspec
from sqlite_utils import Database

from actors.cells.profile import Described
from actors.cells.renaming import Renamed, renamed
from actors.person import Facts
from storage import accounts, people
from storage.accounts import Profile
from storage.people import Happening

if TYPE_CHECKING:
    from broker.server import Broker

NAMED = ("name", "email", "phone", "language")
"""Facts that tokens tell, too: they have columns of their own."""


async def put_facts(broker: "Broker", site: str, sub: str, facts: Facts) -> Profile:
    """Let the shop's customer `sub` be as told, whole; return who that is here."""
    person = msgspec.structs.replace(
        _unknown(broker, site, sub),
        name=facts.name,
        email=facts.email,
        phone=facts.phone,
        locale=facts.language,
    )
    others = msgspec.structs.replace(facts, **dict.fromkeys(NAMED))
    document = msgspec.json.encode(others).decode()
    write = partial(_put, person=person, facts=document)
    told: Renamed = await broker.change(write, partial(_tell, broker))
    return told.profile


async def add_happenings(
    broker: "Broker", site: str, sub: str, told: tuple[Happening, ...]
) -> int:
    """Add to the history of the customer `sub`; return how much of it is new.

    Agents who have a chat of theirs open hear of it.
    """
    person = _unknown(broker, site, sub)
    write = partial(people.add_happenings, person=person, happenings=told)

    def tell(outcome: tuple[Profile, list[Happening]]) -> None:
        known, added = outcome
        broker.hub.happened(known.site, known.id, added)
        broker.loop.wake()

    _, added = await broker.change(write, tell)
    return len(added)


def _unknown(broker: "Broker", site: str, sub: str) -> Profile:
    """Return a person of whom nothing is known yet but what the shop calls them."""
    now = broker.clock()
    return Profile(
        site, broker.house.ids.profile(), sub, None, None, None, None, now, now
    )


def _put(db: Database, person: Profile, facts: str) -> Renamed:
    old = None
    if person.sub is not None:
        old = accounts.profile_by_sub(db.conn, person.site, person.sub)
    return renamed(db.conn, old, people.put_facts(db, person, facts))


def _tell(broker: "Broker", told: Renamed) -> None:
    """Tell the person's actor, if they are about, and whoever sees their name."""
    person = told.profile
    broker.house.people.tell(f"{person.site}/{person.sub}", Described(person))
    told.tell(broker.house.chats)
    broker.loop.wake()
