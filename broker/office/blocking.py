"""Whom a shop wants nothing more of (spec F45)."""

from functools import partial
from typing import TYPE_CHECKING

from sqlite_utils import Database

from actors.cells.profile import Sever
from actors.ids import Person
from storage import accounts, blocks, deeds
from storage.accounts import Profile
from storage.blocks import BlockRow
from storage.deeds import OPERATOR, Deed

if TYPE_CHECKING:
    from broker.server import Broker


async def block(
    broker: "Broker", site: str, name: str, reason: str | None, *, by: Person
) -> Profile | None:
    """Refuse what a person writes from now on, and close what they have open.

    `name` is what the shop calls them, or our id of them. Returns who that is, if
    there is such a person; a second time changes nothing.
    """
    person = await broker.query(partial(accounts.profile_called, site=site, name=name))
    if person is None:
        return None
    row = BlockRow(site, person.id, broker.clock(), by, reason)

    def hold(_added: bool) -> None:  # noqa: FBT001 - what the write returned
        enforce(broker, person, by)

    await broker.change(partial(_block, new=row), hold)
    return person


async def unblock(
    broker: "Broker", site: str, name: str, *, by: str = OPERATOR
) -> Profile | None:
    """Take what a person writes again; what was closed stays so."""
    person = await broker.query(partial(accounts.profile_called, site=site, name=name))
    if person is None:
        return None

    def hold(_removed: bool) -> None:  # noqa: FBT001 - what the write returned
        broker.house.blocked.remove(_who(person.id))

    done = Deed(site, broker.clock(), by, "profile.unblock", person.id)
    await broker.change(partial(_unblock, done=done), hold)
    return person


async def enforce_all(broker: "Broker") -> None:
    """Hold to what was decided in earlier lives; one may have ended halfway."""
    for row in await broker.query(blocks.every):
        broker.house.blocked.add(_who(row.profile))
    for row in await broker.query(blocks.unfinished):
        find = partial(accounts.profile, site=row.site, id_=row.profile)
        person = await broker.query(find)
        if person is not None:
            enforce(broker, person, Person(row.by))


def enforce(broker: "Broker", person: Profile, by: Person) -> None:
    """Refuse what `person` writes, and have their own actor close what is open.

    It takes one thing at a time: what they are starting just now is closed too.
    """
    broker.house.blocked.add(_who(person.id))
    key = f"{person.site}/{person.sub}"
    broker.house.people.tell(key, Sever(person.id, by))
    broker.loop.wake()


def _block(db: Database, new: BlockRow) -> bool:
    added = blocks.add(db, new)
    if added:
        # Why stands in the row, which goes with the person.
        deeds.add(db, Deed(new.site, new.at, new.by, "profile.block", new.profile))
    return added


def _unblock(db: Database, done: Deed) -> bool:
    removed = blocks.remove(db, done.site, done.object)
    if removed:
        deeds.add(db, done)
    return removed


def _who(profile: str) -> Person:
    return Person(f"shopper:{profile}")
