"""The bot's turns: from the outgoing table to a responder, and into the chat (F35).

A turn is a row that was written with the message that began it, so that it is taken
after any crash; the chat knows a turn that was taken before, and whose time is over.
Whatever the responder does, the shopper hears something within `WHOLE_S`.
"""

import logging
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import trio

from actors.cells.orders import Sign
from actors.chat.commands import TakeTurn
from actors.chat.handoff import HUMAN
from actors.ids import BOT, Millis, Person, Seq
from actors.leaving import Message
from actors.refusals import Refused
from actors.settings.ai import AiSettings
from broker.outward.ai.asking import Responders
from broker.outward.ai.knowledge import Knowledge
from broker.outward.ai.responders import (
    Escalate,
    NoAnswer,
    Outcome,
    Reply,
    Silent,
    Unsure,
)
from broker.outward.ai.shelves import Shelves
from broker.outward.ai.views import View, view
from broker.outward.delivery import Failed, Sent
from broker.outward.waiter import ordered
from broker.wire.errors import TABLE, Code
from storage.outgoing import Delivery

if TYPE_CHECKING:
    from broker.server import Broker

CALL_S = 8.0
"""Seconds for a responder to answer (F35)."""
WHOLE_S = 9.0
"""Seconds after the message in which the turn is over, if it is at all possible."""
SIGN_S = 3.0
"""Seconds after which those who listen hear again that the bot is thinking."""

log = logging.getLogger(__name__)


class Took(msgspec.Struct, frozen=True):
    """What came of a turn, and of whom."""

    outcome: Outcome
    responder: str


class TurnAdapter:
    """The way out for turns; each site's settings say who answers."""

    def __init__(self, broker: "Broker") -> None:
        self._broker = broker
        self.shelves = Shelves(threads=not broker.virtual)
        self.responders = Responders(broker.config, broker.monotonic)

    async def send(self, delivery: Delivery) -> Sent | Failed:
        """Take a turn, unless it is over by now."""
        where = msgspec.json.decode(delivery.payload, type=Message)
        shown = await self._broker.query(partial(view, where=where))
        if shown is None:
            return Sent()
        age = (self._broker.clock() - delivery.at) / 1000
        left = max(0.0, min(CALL_S, WHOLE_S - age))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._think, shown)
            took = await self._take(shown, left)
            nursery.cancel_scope.cancel()
        return await self._put(shown, took)

    async def tell(self, delivery: Delivery) -> None:
        """Tell nobody: the chat has it from `send`, or does not want it."""

    async def close(self) -> None:
        """Let go of the responders."""
        await self.responders.close()

    async def _take(self, shown: View, left: float) -> Took:
        ai = self._broker.sites.rules_of(shown.site).settings.ai
        if not ai.enabled:
            return Took(Escalate("off"), "")
        library = self._broker.sites.library_of(shown.site)
        knowledge = await self.shelves.of(shown.site, library, ai.confidence)
        known = await self.shelves.ask(knowledge, shown)
        if isinstance(known, Escalate) and known.reason == HUMAN:
            return Took(known, "knowledge")
        if ai.responder == "knowledge":
            return Took(known, "knowledge")
        try:
            return Took(await self._ask(shown, ai, knowledge, left), ai.responder)
        except NoAnswer as error:
            log.warning("%s has no answer: %s", ai.responder, error)
        if isinstance(known, Unsure):
            # Two have tried by now.
            known = Escalate(known.reason)
        return Took(known, "knowledge")

    async def _ask(
        self, shown: View, ai: AiSettings, knowledge: Knowledge, left: float
    ) -> Outcome:
        """Return what the site's responder says, if it says so in time.

        Raises:
            NoAnswer: it does not.
        """
        breaker = self.responders.breaker(ai)
        if breaker.is_open:
            raise NoAnswer("it has failed too often")
        breaker.begin()
        well = False
        try:
            with trio.fail_after(left):
                responder = await self.responders.get(ai, knowledge)
                outcome = await responder.answer(shown)
            well = True
        except trio.TooSlowError as error:
            raise NoAnswer("no answer in time") from error
        except NoAnswer:
            raise
        except Exception as error:
            # A bug of this responder; no shopper has to wait for its end.
            log.exception("%s could not answer", ai.responder)
            raise NoAnswer("internal error") from error
        finally:
            breaker.end(well=well)
        return outcome

    async def _think(self, shown: View) -> None:
        """Let those who listen know that there will be an answer."""
        chats = self._broker.house.chats
        sign = Sign(BOT, shown.site, "thinking", on=True)
        while True:
            chats.tell(shown.chat, sign)
            self._broker.loop.wake()
            await trio.sleep(SIGN_S)

    async def _put(self, shown: View, took: Took) -> Sent | Failed:
        """Have the chat take it; what comes too late it drops."""
        command = _command(shown, took, BOT, self._broker.clock())
        answer = await ordered(self._broker, shown.chat, command)
        if isinstance(answer, Refused) and TABLE[Code(answer.reason)].retry:
            return Failed(answer.reason)
        return Sent()


def _command(shown: View, took: Took, by: Person, now: Millis) -> TakeTurn:
    begun, outcome = Seq(shown.begun), took.outcome
    turn = partial(
        TakeTurn,
        f"turn:{begun}",
        by,
        shown.site,
        now,
        begun,
        responder=took.responder or None,
    )
    match outcome:
        case Reply(texts, sources):
            return turn(what="reply", texts=texts, sources=sources)
        case Silent():
            return turn(what="silent")
        case Unsure(reason):
            return turn(what="fail", reason=reason)
        case Escalate(reason):
            return turn(what="escalate", reason=reason)
