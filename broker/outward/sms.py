"""Text messages: from a chat to a telephone, and from a telephone to a chat (F21)."""

import importlib
import sqlite3
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import trio

from actors import codec
from actors.cells.ports import Accepted
from actors.cells.texter import UNWANTED, Text
from actors.chat.commands import Report
from actors.chat.events import Said
from actors.chat.texting import MOST_CHARS, report_id
from actors.ids import SYSTEM, ChatId, Seq, SiteId
from actors.leaving import Message
from actors.refusals import Refused
from broker.outward.delivery import Failed, Sent
from broker.outward.late import Late
from broker.outward.providers import Loopback, Outbound, Provider
from broker.outward.waiter import Waiter, journaled
from storage import numbers, queries
from storage.numbers import SMS
from storage.outgoing import Delivery

if TYPE_CHECKING:
    from broker.server import Broker

TWILIO = "broker.outward.twilio"
CLOSE_S = 1.0
"""Seconds for a provider to let go."""


class Found(msgspec.Struct, frozen=True):
    """A message that has to get to a telephone."""

    chat: ChatId
    site: SiteId
    text: str
    number: str | None
    """The telephone's; `None`: it is not known any more."""


class SmsAdapter:
    """The way out for messages; each site's settings say by which provider."""

    def __init__(self, broker: "Broker") -> None:
        self._broker = broker
        self.loopback = Loopback()
        config = broker.config
        self._twilio = Late(partial(_twilio, config.sms, config.server.public_url))

    async def send(self, delivery: Delivery) -> Sent | Failed:
        """Hand a message to its site's provider."""
        where = msgspec.json.decode(delivery.payload, type=Message)
        found = await self._broker.query(partial(find, where=where))
        if found is None or found.number is None:
            return Failed("there is nothing to send any more", final=True)
        if len(found.text) > MOST_CHARS:
            # Nobody's words: an automatic text, which settings allow to be longer.
            return Failed("the text is too long for SMS", final=True)
        sms = self._broker.sites.rules_of(found.site).settings.sms
        provider = await self._provider(sms.provider)
        if provider is None:
            return Failed("no account is configured")
        number, site = sms.number or "", found.site
        message = Outbound(delivery.key, site, number, found.number, found.text)
        return await provider.send(message)

    async def tell(self, delivery: Delivery) -> None:
        """Journal in the chat what became of a message.

        Raises:
            NotTold: it cannot be journaled just now.
        """
        where = msgspec.json.decode(delivery.payload, type=Message)
        found = await self._broker.query(partial(find, where=where))
        if found is not None:
            failed = delivery.error if delivery.state == "dead" else None
            await self.report(found.chat, found.site, where.seq, failed)

    async def report(
        self, chat: ChatId, site: SiteId, of: int, failed: str | None
    ) -> None:
        """Journal that a message was sent, or why it failed; each at most once.

        Raises:
            NotTold: it cannot be journaled just now.
        """
        state = "sent" if failed is None else "failed"
        command = Report(
            report_id(Seq(of), state),
            SYSTEM,
            site,
            self._broker.clock(),
            Seq(of),
            "sent" if failed is None else "failed",
            failed,
        )
        await journaled(self._broker, chat, command)

    async def close(self) -> None:
        """Let go of the providers."""
        with trio.move_on_after(CLOSE_S):
            await self._twilio.close()

    async def _provider(self, name: str) -> Provider | None:
        if name == "loopback":
            return self.loopback
        sms = self._broker.config.sms
        if sms.account_sid is None or sms.auth_token is None:
            return None
        return await self._twilio.get()


async def take_in(
    broker: "Broker", site: str, number: str, id_: str, text: str
) -> Accepted | Refused:
    """Return where a message from a telephone stands, once that is durable.

    The same id, which is the provider's, gives the same answer as the first time.
    """
    waiter = Waiter()
    message = Text(f"{SMS}:{id_}", text, waiter)
    broker.house.texters.tell(f"{site}/{number}", message)
    broker.loop.wake()
    answer = await waiter.answer
    if answer == UNWANTED:
        broker.house.blocked.refused += 1
    return answer


def find(db: sqlite3.Connection, where: Message) -> Found | None:
    """Return the message at a place of the journal, if it is one that leaves by SMS."""
    ticket = queries.ticket(db, where.stream)
    record = queries.record(db, where.stream, where.seq)
    if ticket is None or ticket.channel != SMS or record is None:
        return None
    event = codec.from_record(record)
    if not isinstance(event.body, Said) or event.by == f"shopper:{ticket.profile}":
        return None
    number = numbers.of_ticket(db, where.stream)
    return Found(ChatId(ticket.chat), SiteId(ticket.site), event.body.text, number)


def _twilio(*with_: object) -> Provider:
    provider: Provider = importlib.import_module(TWILIO).Twilio(*with_)
    return provider
