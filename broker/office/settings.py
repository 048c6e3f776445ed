"""A site's settings, read and swapped whole (spec F1)."""

from functools import partial
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
    if found := wrong_in(settings):
        return Wrong(found)
    draft = Draft(site, SETTINGS, if_version, settings, by)
    return await documents.put(broker, draft, partial(hold, broker, site, settings))


def hold(broker: "Broker", site: str, settings: Settings, version: int) -> None:
    """Run `site` by settings that are durable, and tell all whom they concern."""
    broker.sites.apply(site, version, settings)
    broker.hub.follow(SiteId(site))
    broker.reviews.begin(SiteId(site))
    broker.house.desks.tell(site, Look())
    broker.house.reception.push_config(site)
    broker.house.reception.push_backroom(site)
    broker.loop.wake()


def wrong_in(settings: Settings) -> tuple[Problem, ...]:
    """Return what is wrong with settings whose fields are right by themselves."""
    return problems(settings) + _unknown_zone(settings)


def _unknown_zone(settings: Settings) -> tuple[Problem, ...]:
    if zone(settings.hours.zone) is not None:
        return ()
    return (Problem("$.hours.zone", "is no zone that this system knows"),)
