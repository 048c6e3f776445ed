"""Chats that are handed over to the help desk of another (F36).

A hand-off is a row written with the shopper's yes, and what they say after that a row
behind it, so that all of it gets there in order, once. If there is no ticket after
`TRIES` attempts our own agents have the chat. What is said there is fetched every
`LOOK_S` seconds; the chat knows what was passed on before.
"""

import importlib
import logging
import sqlite3
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import trio

from actors import codec
from actors.chat.commands import PassOn, ReportHandoff
from actors.chat.events import HandoffChanged
from actors.chat.handoff import external
from actors.ids import SYSTEM, ChatId, SiteId
from actors.leaving import Message
from broker.config import Config
from broker.outward.ai.cases import Case, case
from broker.outward.ai.elsewhere import Elsewhere, NotTaken
from broker.outward.ai.responders import clean
from broker.outward.delivery import Failed, Sent
from broker.outward.late import Late
from broker.outward.waiter import NotTold, journaled
from storage import queries, relays
from storage.outgoing import Delivery

if TYPE_CHECKING:
    from broker.server import Broker

DESKS = "broker.outward.ai.desks"
TRIES = 3
"""Attempts to have a ticket made (F36)."""
FRESH_MS = 2000
"""What is older was perhaps tried by a process that died."""
WHOLE_S = 15.0
"""Seconds for one attempt."""
LOOK_S = 10.0
"""Seconds between two looks at what is said there."""
LOOK_WITHIN_S = 30.0
"""For all tickets of a site."""
REFUSED = range(400, 500)
LATER = frozenset({401, 403, 408, 409, 425, 429})
"""Refusals that are not about the message: our account, or the moment."""

log = logging.getLogger(__name__)


class Away(msgspec.Struct, frozen=True):
    """A chat of which another system has control."""

    chat: ChatId
    site: SiteId
    ref: str


class HandoffAdapter:
    """The way out for hand-offs; each site's settings say where to."""

    def __init__(self, broker: "Broker") -> None:
        self._broker = broker
        self.elsewhere = Late(partial(_at_desks, broker.config))
        """The help desks."""
        self._begun = trio.Event()
        """Set when there may be something to look at."""
        self._begun.set()
        self._seen: dict[str, str] = {}
        """How tickets were when they were last read."""

    async def send(self, delivery: Delivery) -> Sent | Failed:
        """Have a ticket made, or a message added to it."""
        where = msgspec.json.decode(delivery.payload, type=Message)
        found = await self._broker.query(partial(case, where=where))
        if found is None or (found.settled if found.opens else found.ref is None):
            # It is there already; or with our own agents, who see it here.
            return Sent()
        try:
            with trio.fail_after(WHOLE_S):
                ref = await self._hand_over(found, delivery)
        except trio.TooSlowError:
            return self._not_taken(found, delivery, "no answer in time", 0)
        except NotTaken as error:
            return self._not_taken(found, delivery, str(error), error.status)
        if ref is not None:
            made = ReportHandoff(
                f"handoff:{where.seq}", SYSTEM, found.site, self._broker.clock(), ref
            )
            try:
                await journaled(self._broker, found.chat, made)
            except NotTold as error:
                return Failed(str(error))
            self._begun.set()
        return Sent()

    async def tell(self, delivery: Delivery) -> None:
        """Remember what has got there; give a chat to our own agents that did not.

        Raises:
            NotTold: it cannot be journaled just now.
        """
        where = msgspec.json.decode(delivery.payload, type=Message)
        if delivery.state != "dead":
            arrived = partial(relays.add, stream=where.stream, seq=where.seq)
            await self._broker.books.change(arrived)
            return
        found = await self._broker.query(partial(case, where=where))
        if found is None:
            return
        now, id_ = self._broker.clock(), f"handoff:{where.seq}:failed"
        failed = ReportHandoff(id_, SYSTEM, found.site, now, None, delivery.error)
        await journaled(self._broker, found.chat, failed)

    async def follow(self) -> None:
        """Fetch what is said elsewhere, until cancelled; rests while nothing is."""
        while True:
            await self._begun.wait()
            self._begun = trio.Event()
            while await self._look():  # noqa: ASYNC110  # others cannot wake us
                await trio.sleep(LOOK_S)

    async def close(self) -> None:
        """Close what connections there are."""
        await self.elsewhere.close()

    async def _hand_over(self, found: Case, delivery: Delivery) -> str | None:
        """Return what a new ticket is called; `None`: the message is in it.

        Raises:
            NotTaken: neither.
        """
        elsewhere, broker = await self.elsewhere.get(), self._broker
        ai = broker.sites.rules_of(found.site).settings.ai
        if found.opens:
            return await elsewhere.open(found, ai)
        # Before the process died, somebody may have tried.
        again = delivery.attempts > 0 or broker.clock() - delivery.at > FRESH_MS
        await elsewhere.add(found, ai, delivery.key, again=again)
        return None

    def _not_taken(
        self, found: Case, delivery: Delivery, why: str, status: int
    ) -> Failed:
        final = status in REFUSED and status not in LATER
        last = found.opens and delivery.attempts + 1 >= TRIES
        return Failed(f"{found.target}: {why}", final or last)

    async def _look(self) -> bool:
        """Look at all tickets elsewhere; return whether there are any."""
        try:
            away = await self._broker.query(_away)
        except sqlite3.Error:
            log.exception("what is handed over cannot be read")
            return True
        known = self._seen
        self._seen = {each.ref: known[each.ref] for each in away if each.ref in known}
        sites: dict[SiteId, list[Away]] = {}
        for each in away:
            sites.setdefault(each.site, []).append(each)
        for site, chats in sites.items():
            try:
                with trio.fail_after(LOOK_WITHIN_S):
                    await self._look_at(site, chats)
            except (trio.TooSlowError, NotTaken, NotTold) as error:
                log.warning("what is said elsewhere cannot be read: %s", error)
            except Exception:
                # A bug of this adapter; the other sites are looked at none the less.
                log.exception("what is said elsewhere is not understood")
        return bool(away)

    async def _look_at(self, site: SiteId, chats: list[Away]) -> None:
        elsewhere, broker = await self.elsewhere.get(), self._broker
        ai = broker.sites.rules_of(site).settings.ai
        known = {each.ref: each.chat for each in chats}
        for standing in await elsewhere.standing(ai, list(known)):
            chat = known.get(standing.ref)
            if chat is None or self._seen.get(standing.ref) == standing.changed:
                continue
            for heard in await elsewhere.said(ai, standing.ref):
                await self._pass_on(chat, site, f"zendesk:{heard.id}", heard.text)
            if standing.over:
                await self._pass_on(chat, site, "zendesk:over", None)
            self._seen[standing.ref] = standing.changed

    async def _pass_on(
        self, chat: ChatId, site: SiteId, id_: str, text: str | None
    ) -> None:
        by, now = external("zendesk"), self._broker.clock()
        said = "" if text is None else clean(text)
        if said or text is None:
            heard = PassOn(id_, by, site, now, said, text is None)
            await journaled(self._broker, chat, heard)


def _at_desks(config: Config) -> Elsewhere:
    desks: Elsewhere = importlib.import_module(DESKS).AtDesks(config)
    return desks


def _away(db: sqlite3.Connection) -> list[Away]:
    """Return the chats that another system has control of, with its tickets."""
    found: list[Away] = []
    for ticket in queries.handed_over(db):
        try:
            ref = _ref(db, ticket.stream)
        except codec.UnreadableRecordError:
            continue  # It fails alone; `audit` and `doctor` say more.
        if ref is not None:
            found.append(Away(ChatId(ticket.chat), SiteId(ticket.site), ref))
    return found


def _ref(db: sqlite3.Connection, stream: int) -> str | None:
    """Return what the other system calls a chat's ticket, if it has one."""
    refs = [
        body.ref
        for record in queries.of_kind(db, stream, "handoff")
        if isinstance(body := codec.from_record(record).body, HandoffChanged)
        and body.ref is not None
    ]
    return refs[-1] if refs else None
