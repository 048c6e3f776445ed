"""A site's settings, read and swapped whole (spec F1)."""

from typing import TYPE_CHECKING

from actors.cells.desk import Look
from actors.ids import SiteId
from actors.settings.document import Settings, problems
from actors.settings.fields import Problem
from broker.founding import SETTINGS
from broker.office import documents
from broker.office.documents import Draft, Wrong
from broker.presets import zone
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
        broker.hub.follow(SiteId(site))
        broker.reviews.begin(SiteId(site))
        broker.house.desks.tell(site, Look())
        broker.house.reception.push_config(site)
        broker.house.reception.push_backroom(site)
        broker.loop.wake()

    draft = Draft(site, SETTINGS, if_version, settings, by)
    return await documents.put(broker, draft, hold)


def _unknown_zone(settings: Settings) -> tuple[Problem, ...]:
    if zone(settings.hours.zone) is not None:
        return ()
    return (Problem("$.hours.zone", "is no zone that this system knows"),)
