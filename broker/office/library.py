"""A site's FAQ, macros and knowledge, each read and swapped whole (spec F3, F32)."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from actors.library import (
    KNOWLEDGE_BYTES,
    MAX_KNOWLEDGE,
    NAMES,
    Collection,
    Faq,
    Knowledge,
    problems,
)
from actors.settings.fields import Problem
from broker.office import documents
from broker.office.documents import Draft, Wrong
from broker.office.requests import Denied, PutArticles, Shelved, no_site
from broker.wire.errors import Code
from storage.deeds import OPERATOR
from storage.documents import Conflict

if TYPE_CHECKING:
    from broker.server import Broker


async def put_collection(
    broker: "Broker", site: str, new: Collection, *, by: str
) -> int | Conflict | Wrong:
    """Let the items of `new` hold if its version is the newest; return theirs."""
    if found := problems(new.items):
        return Wrong(found)
    draft = Draft(site, NAMES[type(new)], new.version, new.items, by)
    return await documents.put(broker, draft, partial(hold, broker, site, new))


async def put_articles(
    broker: "Broker", ask: PutArticles, *, by: str = OPERATOR
) -> Shelved | Denied:
    """Let `ask.items` be known, beside those there or in their place; all or none."""
    if ask.site not in broker.sites:
        return no_site(ask.site)
    if found := problems(ask.items):
        return _wrong(found)
    old = broker.sites.library_of(ask.site).knowledge
    before = {item.id: item for item in old.items}
    given = {item.id: item for item in ask.items}
    items = tuple((given if ask.only else before | given).values())
    if len(items) > MAX_KNOWLEDGE:
        return Denied(Code.TOO_BIG, f"There would be more than {MAX_KNOWLEDGE}.")
    if len(msgspec.json.encode(items)) > KNOWLEDGE_BYTES:
        reason = f"It would be more than {KNOWLEDGE_BYTES} bytes."
        return Denied(Code.TOO_BIG, reason)
    new = Knowledge(old.version, items)
    outcome = await put_collection(broker, ask.site, new, by=by)
    if isinstance(outcome, Wrong):
        return _wrong(outcome.problems)
    if isinstance(outcome, Conflict):
        return Denied(Code.CONFLICT, "Somebody changed it just now; try again.")
    return Shelved(
        ask.site,
        outcome,
        len(items),
        len(given.keys() - before.keys()),
        sum(before.get(id_, item) != item for id_, item in given.items()),
        len(before.keys() - {item.id for item in items}),
    )


def _wrong(found: Sequence[Problem]) -> Denied:
    first = found[0]
    return Denied(Code.BAD_FRAME, f"{first.path} {first.reason}.", first.path)


def hold(broker: "Broker", site: str, new: Collection, version: int) -> None:
    """Let a collection that is durable be the site's, and tell those who see it."""
    broker.sites.shelve(site, msgspec.structs.replace(new, version=version))
    if isinstance(new, Faq):
        broker.house.reception.push_config(site)
        broker.loop.wake()
