"""A person at a terminal: what they type, and what is written there."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio
import trio.testing

from actors.ids import ChatId
from clients.link import Link
from clients.terminal.session import Conversation
from tests.clients.served import Served, linked


class Terminal:
    """What is typed and what is written."""

    def __init__(self) -> None:
        self.typed, self._lines = trio.open_memory_channel[str](10)
        self.written: list[str] = []
        self.left = trio.Event()
        """Set when the conversation takes no more lines."""
        self._read = 0
        self._more = trio.Event()

    async def types(self, line: str) -> None:
        """Type a line, and wait until all came of it that will."""
        await self.typed.send(line)
        await trio.testing.wait_all_tasks_blocked()

    @asynccontextmanager
    async def talking(
        self, served: Served, chat: ChatId | None = None
    ) -> AsyncGenerator[None]:
        """Hold a conversation until the end of the block."""
        async with linked(served) as link, self.at(link, chat):
            await trio.testing.wait_all_tasks_blocked()
            yield

    @asynccontextmanager
    async def at(self, link: Link, chat: ChatId | None = None) -> AsyncGenerator[None]:
        """Hold a conversation over `link`."""
        async with trio.open_nursery() as nursery:
            conversation = Conversation(link, self._write)
            await conversation.begin(chat)
            nursery.start_soon(conversation.show)
            nursery.start_soon(conversation.look)
            nursery.start_soon(self._take, conversation)
            yield
            nursery.cancel_scope.cancel()

    async def writes(self, text: str) -> str:
        """Wait for a line with `text` that was not waited for yet, and return it."""
        with trio.move_on_after(10):
            while True:
                for place in range(self._read, len(self.written)):
                    if text in self.written[place]:
                        self._read = place + 1
                        return self.written[place]
                self._more = trio.Event()
                await self._more.wait()
        raise AssertionError("\n".join([f"no {text!r} in:", *self.written]))

    def _write(self, line: str) -> None:
        self.written.append(line)
        self._more.set()

    async def _take(self, conversation: Conversation) -> None:
        await conversation.take(self._lines)
        self.left.set()

    def said(self) -> list[str]:
        """Return the lines without their times."""
        return [line.partition(" ")[2].removesuffix(" ✓") for line in self.written]
