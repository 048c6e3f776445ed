"""A site's settings, read and swapped whole (spec F1)."""

from functools import partial
from typing import TYPE_CHECKING

import msgspec
from sqlite_utils import Database

from actors.ids import SiteId
from actors.settings import Problem, Settings, problems
from broker.speech import ConfigPush
from broker.storefront import storefront
from broker.wire.codec import Codec
from storage import accounts
from storage.accounts import Conflict

if TYPE_CHECKING:
    from broker.server import Broker


class Wrong(msgspec.Struct, frozen=True):
    """The settings cannot stand; nothing was saved."""

    problems: tuple[Problem, ...]


async def put_settings(
    broker: "Broker", site: str, if_version: int, settings: Settings, *, by: str
) -> int | Conflict | Wrong:
    """Let `settings` hold if the newest are those of `if_version`; return theirs.

    They are durable then, hold for every chat of the site, and are on their way to all
    who have it open; also if nobody waits for the answer any more.
    """
    if found := problems(settings):
        return Wrong(found)
    new = accounts.Settings(
        site,
        if_version + 1,
        broker.clock(),
        by,
        msgspec.json.encode(settings).decode(),
    )

    def hold(conflict: Conflict | None) -> None:
        if conflict is None:
            broker.sites.apply(site, new.version, settings)
            broker.reviews.begin(SiteId(site))
            _push(broker, site)

    conflict = await broker.change(partial(_put, new=new), hold)
    return new.version if conflict is None else conflict


def _push(broker: "Broker", site: str) -> None:
    """Tell all shoppers and visitors of `site`: 2 us each, made once for each role."""
    rules, now = broker.sites.rules_of(site), broker.clock()
    frames: dict[tuple[str, Codec], bytes] = {}
    for peer in broker.hub.of_site(site):
        if peer.insider:
            continue
        frame = frames.get((peer.role, peer.codec))
        if frame is None:
            push = ConfigPush("config", config=storefront(rules, peer.role, now))
            frame = frames[peer.role, peer.codec] = peer.codec.encode(push)
        peer.transport.offer(frame)
    broker.loop.wake()


def _put(db: Database, new: accounts.Settings) -> Conflict | None:
    return accounts.put_settings(db, new)
