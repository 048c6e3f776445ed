"""A bot that tells the opening hours, and leaves everything else to people.

    python bot.py ws://127.0.0.1:8080/ws "$TOKEN"

The token is an agent's: `shopwire token --role agent --sub bot --data ./data`.

It sees what agents see, and answers a question once, however often it is started: what
an agent has answered, itself included, is not answered again.
"""

import re
import sys

import trio

from actors.ids import ChatId
from clients.link import Event, InboxChange, Link, Live, RequestRefused, open_link

HOURS = "We answer Monday to Friday, 9:00 to 17:00."
ASKED = re.compile(r"\b(hours|open|closed)\b", re.IGNORECASE)


class Bot:
    """What is waiting for an answer, chat by chat."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._waiting: dict[ChatId, str] = {}
        self._live: set[ChatId] = set()
        """Chats of which all that is past has come."""

    async def run(self) -> None:
        """Answer until the link ends."""
        opened = await self._link.request(
            "inbox.open", view="all", status="open", limit=200
        )
        for row in opened["rows"]:
            await self._link.open_chat(row["chat"])
        async for happened in self._link:
            match happened:
                case InboxChange(row={"chat": chat}) if (
                    chat not in self._link.positions
                ):
                    await self._link.open_chat(chat)
                case Event(kind="msg"):
                    self._heard(happened)
                    if happened.chat in self._live:
                        await self._answer(happened.chat)
                case Live(chat=chat):
                    self._live.add(chat)
                    await self._answer(chat)
                case _:
                    pass

    def _heard(self, said: Event) -> None:
        if said.by.startswith("shopper:"):
            self._waiting[said.chat] = str(said.body["text"])
        elif said.by.startswith("agent:"):
            self._waiting.pop(said.chat, None)

    async def _answer(self, chat: ChatId) -> None:
        if ASKED.search(self._waiting.pop(chat, "")):
            try:
                await self._link.send(chat, HOURS)
            except RequestRefused as refused:
                # It has ended, or somebody has put it out of reach.
                print(f"{chat}: {refused.code}", file=sys.stderr)


async def main(url: str, token: str) -> None:
    """Connect, and answer."""
    async with open_link(url, token=token) as link:
        await Bot(link).run()


if __name__ == "__main__":
    trio.run(main, sys.argv[1], sys.argv[2])
