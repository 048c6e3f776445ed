"""Each site's knowledge, made ready to be asked once for each version of it."""

from functools import partial
from typing import NamedTuple

import trio

from actors.ids import SiteId
from actors.library import Library
from broker.outward.ai.knowledge import Answer, Knowledge
from broker.outward.ai.responders import (
    Escalate,
    Outcome,
    Reply,
    Unsure,
    cleaned,
)
from broker.outward.ai.views import View

TO_A_PERSON = frozenset({"human", "order"})
"""Why there is no answer, where another question would not help."""


class Key(NamedTuple):
    """What it was made of."""

    faq: int
    knowledge: int
    confidence: float


class Shelves:
    """The knowledge of all sites."""

    def __init__(self, *, threads: bool) -> None:
        """Work in threads of its own, or in this one where there may be no others."""
        self._threads = threads
        self._made: dict[SiteId, tuple[Key, Knowledge]] = {}

    async def of(self, site: SiteId, library: Library, confidence: float) -> Knowledge:
        """Return what `library` knows."""
        key = Key(library.faq.version, library.knowledge.version, confidence)
        made = self._made.get(site)
        if made is None or made[0] != key:
            make = partial(Knowledge, library, confidence)
            fresh = await trio.to_thread.run_sync(make) if self._threads else make()
            made = self._made[site] = (key, fresh)
        return made[1]

    async def ask(self, knowledge: Knowledge, view: View) -> Outcome:
        """Return what it says to the question of a turn."""
        look = partial(knowledge.answer, view.question, view.before)
        found = await trio.to_thread.run_sync(look) if self._threads else look()
        if isinstance(found, Answer):
            text = found.text if found.url is None else f"{found.text}\n{found.url}"
            return Reply(cleaned((text,)), found.sources)
        if found.reason in TO_A_PERSON:
            return Escalate(found.reason)
        return Unsure(found.reason)
