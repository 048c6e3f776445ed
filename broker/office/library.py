"""A site's FAQ, macros and knowledge, each read and swapped whole (spec F3, F32)."""

from typing import TYPE_CHECKING

import msgspec

from actors.library import NAMES, Collection, Faq, problems
from broker.office import documents
from broker.office.documents import Draft, Wrong
from storage.documents import Conflict

if TYPE_CHECKING:
    from broker.server import Broker


async def put_collection(
    broker: "Broker", site: str, new: Collection, *, by: str
) -> int | Conflict | Wrong:
    """Let the items of `new` hold if its version is the newest; return theirs."""
    if found := problems(new.items):
        return Wrong(found)

    def hold(version: int) -> None:
        broker.sites.shelve(site, msgspec.structs.replace(new, version=version))
        if isinstance(new, Faq):
            broker.house.reception.push_config(site)
            broker.loop.wake()

    draft = Draft(site, NAMES[type(new)], new.version, new.items, by)
    return await documents.put(broker, draft, hold)
