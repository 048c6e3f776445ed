"""A site's settings, read and swapped whole (spec F1)."""

from typing import TYPE_CHECKING

from actors.ids import SiteId
from actors.settings import Problem, Settings, problems
from broker.founding import SETTINGS
from broker.office import documents
from broker.office.documents import Draft, Wrong
from broker.presets import zone
from broker.speech import ConfigPush
from broker.storefront import storefront
from broker.wire.codec import Codec
from storage.documents import Conflict

if TYPE_CHECKING:
    from broker.server import Broker


async def put_settings(
    broker: "Broker", site: str, if_version: int, settings: Settings, *, by: str
) -> int | Conflict | Wrong:
    """Let `settings` hold if the newest are those of `if_version`; return theirs.

    They are durable then, hold for every chat of the site, and are on their way to all
    who have it open; also if nobody waits for the answer any more.
    """
    if found := problems(settings) + _unknown_zone(settings):
        return Wrong(found)

    def hold(version: int) -> None:
        broker.sites.apply(site, version, settings)
        broker.reviews.begin(SiteId(site))
        _push(broker, site)

    draft = Draft(site, SETTINGS, if_version, settings, by)
    return await documents.put(broker, draft, hold)


def _unknown_zone(settings: Settings) -> tuple[Problem, ...]:
    if zone(settings.hours.zone) is not None:
        return ()
    return (Problem("$.hours.zone", "is no zone that this system knows"),)


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
