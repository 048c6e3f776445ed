"""The way out for mail: what to say, and whether that is still needed."""

import importlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import trio

from actors.ids import AgentId, Millis, Person, SiteId
from broker.outward.delivery import Later, Needless, Outcome, Sent
from broker.outward.late import Late
from broker.outward.mail import compose, find
from broker.outward.mail.causes import (
    MINUTE_MS,
    TOGETHER_MS,
    Given,
    Missed,
    Occasion,
    Opening,
    Unseen,
    wants,
)
from broker.outward.mail.compose import Head, Ticket
from broker.outward.mail.letters import Content, Envelope, written
from broker.outward.mail.senders import FOLDER, Files, Sender
from broker.outward.mail.words import words_of
from broker.services import MailConfig
from broker.standing import standing_of
from storage import mailing, outgoing
from storage.accounts import Agent
from storage.mailing import SHOPPER, Mailed
from storage.outgoing import Delivery

if TYPE_CHECKING:
    from broker.server import Broker

SMTP = "broker.outward.mail.smtp"
AGAIN_MS = 60_000
"""After so long it is looked again whether a shopper who was there has gone."""
CLOSE_S = 3.0
"""Seconds for a mail server to say goodbye."""
MOST_LISTED = 50
"""Tickets in one digest; it says how many more there are."""
DIGEST = "digest "
"""How the line of what comes in a digest begins."""


class MailAdapter:
    """The way out for mails; which server takes them is the process's to know."""

    def __init__(self, broker: "Broker") -> None:
        self._broker = broker
        make = partial(_sender, broker.config.mail, broker.folder)
        self.sender: Late[Sender] = Late(make)

    async def send(self, delivery: Delivery) -> Outcome:
        """Write what is to be said now, and hand it over."""
        occasion: Occasion = msgspec.json.decode(delivery.payload, type=Occasion)
        if isinstance(occasion, Opening):
            if delivery.line.startswith(DIGEST):
                return await self._digest(delivery, occasion)
            return await self._announce(delivery, occasion.to, [occasion])
        case = await self._broker.query(partial(find.case, stream=occasion.stream))
        if case is None:
            return Needless()
        if isinstance(occasion, Unseen):
            return await self._unseen(delivery, occasion, case)
        agent = self._broker.sites.agent(case.site, occasion.agent)
        if agent is None or case.assignee != agent.id:
            return Needless()
        if isinstance(occasion, Given):
            return await self._given(delivery, occasion, case, agent)
        return await self._missed(delivery, occasion, case, agent)

    async def tell(self, delivery: Delivery) -> None:
        """Do nothing: whom it concerns reads mail."""

    async def close(self) -> None:
        """Let go of the server."""
        with trio.move_on_after(CLOSE_S):
            await self.sender.close()

    # To the team.

    async def _announce(
        self, delivery: Delivery, to: str, news: list[Opening]
    ) -> Outcome:
        tickets: list[Ticket] = []
        for new in news[:MOST_LISTED]:
            case = await self._broker.query(partial(find.case, stream=new.stream))
            if case is not None:
                tickets.append((case, await self._first_words(new.stream)))
        if not tickets:
            return Needless()
        head = self._head(delivery.site)
        return await self._post(
            delivery, to, head, compose.announcement(head, tickets, len(news))
        )

    async def _digest(self, delivery: Delivery, first: Opening) -> Outcome:
        """Tell of all that wait in the same line, once a minute."""
        due = Millis(delivery.at + MINUTE_MS)
        if self._broker.clock() < due:
            return Later(due)
        together = partial(outgoing.companions, line=delivery.line)
        rows = await self._broker.query(together)
        news = [msgspec.json.decode(row.payload, type=Opening) for row in rows]
        outcome = await self._announce(delivery, first.to, news)
        if isinstance(outcome, Sent | Needless):
            ids = [row.id for row in rows if row.id != delivery.id]
            now = self._broker.clock()
            over = partial(outgoing.finish_with, ids=ids, now=now)
            await self._broker.change(over)
        return outcome

    # To one agent.

    async def _given(
        self, delivery: Delivery, given: Given, case: find.Case, agent: Agent
    ) -> Outcome:
        if not wants(agent, "assigned"):
            return Needless()
        head = self._head(case.site)
        content = compose.gift(head, case, await self._first_words(given.stream))
        return await self._post(delivery, agent.email or "", head, content)

    async def _missed(
        self, delivery: Delivery, missed: Missed, case: find.Case, agent: Agent
    ) -> Outcome:
        broker, who = self._broker, f"agent:{agent.id}"
        standing = standing_of(broker.house, SiteId(case.site), AgentId(agent.id))
        if not wants(agent, "mine") or standing.presence != "offline":
            return Needless()
        heard = await broker.query(
            partial(
                find.unheard,
                stream=missed.stream,
                reader=who,
                whom=who,
                by=case.shopper,
            )
        )
        if not heard or missed.seq < heard[0].seq:
            return Needless()
        due = Millis(heard[0].at + TOGETHER_MS)
        if broker.clock() < due:
            return Later(due)
        head = self._head(case.site)
        content = compose.miss(head, case, heard)
        outcome = await self._post(delivery, agent.email or "", head, content)
        upto = heard[-1].seq
        await self._note(
            outcome, Mailed(missed.stream, who, case.site, broker.clock(), upto)
        )
        return outcome

    # To the shopper.

    async def _unseen(
        self, delivery: Delivery, unseen: Unseen, case: find.Case
    ) -> Outcome:
        broker = self._broker
        minutes = broker.sites.rules_of(case.site).settings.email.shopper_after_min
        if case.email is None or not case.consents or minutes is None:
            return Needless()
        heard = await broker.query(
            partial(
                find.unheard,
                stream=unseen.stream,
                reader=case.shopper,
                whom=SHOPPER,
                by="agent:",
            )
        )
        # Whoever has answered since has seen it, whatever their cursor says.
        fresh = [word for word in heard if word.seq > case.shopper_said]
        if not fresh or unseen.seq < fresh[0].seq:
            return Needless()
        now, due = broker.clock(), Millis(fresh[0].at + minutes * MINUTE_MS)
        if now < due:
            return Later(due)
        if broker.hub.here(Person(case.shopper)):
            return Later(Millis(now + AGAIN_MS))
        head = self._head(case.site, case.locale)
        content = compose.answer(head, case, fresh)
        outcome = await self._post(delivery, case.email, head, content)
        upto = fresh[-1].seq
        await self._note(outcome, Mailed(unseen.stream, SHOPPER, case.site, now, upto))
        return outcome

    # Whatever it is.

    async def _first_words(self, stream: int) -> str:
        read = partial(find.first_words, stream=stream, by="shopper:")
        return await self._broker.query(read)

    async def _note(self, outcome: Outcome, mailed: Mailed) -> None:
        """Remember what was mailed, before what was due with it is looked at."""
        if isinstance(outcome, Sent):
            await self._broker.change(partial(mailing.note, mailed=mailed))

    def _head(self, site: str, locale: str | None = None) -> Head:
        sites, server = self._broker.sites, self._broker.config.server
        settings = sites.rules_of(site).settings
        own = server.public_url or self._broker.url
        page = settings.email.chat_url or next(iter(settings.chat.allowed_origins), "")
        return Head(
            sites.name_of(site),
            words_of(locale or settings.chat.locale),
            settings.email.without_text,
            f"{own}/desk/",
            page,
            {f"agent:{agent.id}": agent.name for agent in sites.agents(site)},
        )

    async def _post(
        self, delivery: Delivery, to: str, head: Head, content: Content
    ) -> Outcome:
        letter = written(
            Envelope(
                key=f"{delivery.key}@{self._broker.journal.epoch}",
                at=Millis(delivery.at),
                sender=self._broker.config.mail.sender,
                shop=head.shop,
                to=to,
            ),
            content,
        )
        return await (await self.sender.get()).send(letter)


def _sender(config: MailConfig, folder: Path) -> Sender:
    if config.host is None:
        return Files(folder / FOLDER)
    made: Sender = importlib.import_module(SMTP).Smtp(config)
    return made
