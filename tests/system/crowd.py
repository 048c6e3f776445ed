"""Talkers and watchers who go on through any number of crashes."""

import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import trio
from trio_websocket import ConnectionClosed, HandshakeError

from actors import codec
from actors.chat.events import Said
from actors.ids import ChatId, stream_of
from storage import queries
from tests.system.client import Client, Closed, Frame
from tests.system.process import Keys, Process

IN_FLIGHT = 8
"""Messages that a talker sends before it waits for an answer."""
PAUSE_S = 0.004
"""Between two messages of a talker, so that a crowd leaves the tests some CPU."""


Live = Callable[[Process], Awaitable[None]]
"""What somebody does while the broker lives."""


@asynccontextmanager
async def welcomed(
    process: Process, token: str, **hello: object
) -> AsyncGenerator[Client]:
    """Connect and say hello."""
    async with trio.open_nursery() as nursery:
        client = await process.connect(nursery)
        try:
            welcome = await client.hello(token=token, **hello)
            assert welcome["t"] == "welcome", welcome
            yield client
        finally:
            await client.cut()
            nursery.cancel_scope.cancel()


class Follower:
    """What one person has seen of one chat, over all their connections."""

    def __init__(self) -> None:
        self.position = 0
        self.seen: dict[int, Frame] = {}
        """By seq: the event, or the answer in its place."""

    def take(self, frame: Frame) -> None:
        """Apply an event or an answer; it must stand on what was applied before."""
        seq = frame["seq"]
        if frame["t"] == "ok" and frame.get("dup") and seq <= self.position:
            return
        assert seq > self.position, ("twice", frame, self.position)
        assert frame["prev"] == self.position, ("gap", frame, self.position)
        self.position = seq
        self.seen[seq] = frame


class Talker:
    """A shopper who numbers their messages, and repeats what was not answered."""

    def __init__(self, name: str, token: str) -> None:
        self.name = name
        self.token = token
        self.chat = ""
        self.follower = Follower()
        self.sent = 0
        self.unanswered: dict[str, str] = {}
        """Texts by request, oldest first."""
        self.acked: dict[str, int] = {}
        """Seqs by request."""
        self.dups = 0

    async def talk(self, process: Process) -> None:
        """Talk until the connection breaks."""
        resume = {"chats": {self.chat: self.follower.position} if self.chat else {}}
        async with welcomed(process, self.token, resume=resume) as client:
            if not self.chat:
                await self._begin(client)
            for id_, text in self.unanswered.items():
                await client.say("msg.send", id=id_, chat=self.chat, text=text)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._listen, client)
                await self._go_on(client)

    async def _begin(self, client: Client) -> None:
        """Start the chat, or find it: a crash may have come before the answer."""
        started = await client.ask("chat.start", id=f"{self.name}-start", text="start")
        before = client.unread()
        self.chat = started["chat"]
        if started.get("dup"):
            resumed = await client.ask("chat.open", chat=self.chat)
            assert resumed["t"] == "ok", resumed
            return
        for frame in [*before, started]:
            self.follower.take(frame)

    async def _go_on(self, client: Client) -> None:
        while True:
            if len(self.unanswered) < IN_FLIGHT:
                self.sent += 1
                id_, text = f"{self.name}-{self.sent}", str(self.sent)
                self.unanswered[id_] = text
                await client.say("msg.send", id=id_, chat=self.chat, text=text)
            await trio.sleep(PAUSE_S)

    async def _listen(self, client: Client) -> None:
        while True:
            frame = await client.next()
            if frame["t"] == "ev":
                self.follower.take(frame)
            elif "re" in frame:
                self._answered(frame)

    def _answered(self, frame: Frame) -> None:
        assert frame["t"] == "ok", frame
        id_ = frame["re"]
        self.dups += bool(frame.get("dup"))
        assert self.acked.setdefault(id_, frame["seq"]) == frame["seq"]
        self.follower.take(frame)
        # Gone only if the answer is to a repeat of what was answered already.
        self.unanswered.pop(id_, None)


class Watcher:
    """An agent who follows some talkers' chats over one connection."""

    def __init__(self, token: str, talkers: list[Talker]) -> None:
        self.token = token
        self.talkers = talkers
        self.followers: dict[str, Follower] = {}

    async def watch(self, process: Process) -> None:
        """Follow until the connection breaks."""
        positions = {chat: each.position for chat, each in self.followers.items()}
        resume = {"chats": positions}
        async with (
            welcomed(process, self.token, resume=resume) as client,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(self._open_new, client)
            while True:
                frame = await client.next()
                assert frame["t"] != "err", frame
                if frame["t"] == "ev":
                    self.followers[frame["chat"]].take(frame)

    async def _open_new(self, client: Client) -> None:
        while len(self.followers) < len(self.talkers):
            for talker in self.talkers:
                if talker.chat and talker.chat not in self.followers:
                    self.followers[talker.chat] = Follower()
                    await client.say("chat.open", chat=talker.chat)
            await trio.sleep(0.02)

    async def caught_up(self) -> None:
        """Wait until everything has been seen that was acknowledged to the talkers."""
        for talker in self.talkers:
            last = max(talker.acked.values(), default=0)
            while self._position_in(talker.chat) < last:  # noqa: ASYNC110  # elsewhere
                await trio.sleep(0.02)

    def _position_in(self, chat: str) -> int:
        follower = self.followers.get(chat)
        return -1 if follower is None else follower.position


async def until_it_breaks(live: Live, process: Process) -> None:
    """Live until the broker is gone."""
    try:
        await live(process)
    except* (ConnectionClosed, HandshakeError, OSError, Closed):
        pass
    except* trio.BrokenResourceError:
        pass


def in_journal(path: Path, chat: str) -> list[tuple[int, str, str]]:
    """Return seq, request and text of the messages that the file has of `chat`."""
    stream = stream_of(ChatId(chat))
    assert stream is not None
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        records = queries.page(db, stream, 0, 1_000_000)
    db.close()
    assert [record.seq for record in records] == [*range(1, len(records) + 1)]
    said: list[tuple[int, str, str]] = []
    for record in records:
        event = codec.from_record(record)
        if isinstance(event.body, Said) and event.body.auto is None:
            said.append((record.seq, record.id, event.body.text))
    return said


def crowd(
    keys: Keys, talkers: int, watchers: int
) -> tuple[list[Talker], list[Watcher]]:
    """Return so many of each; the agents are called `agent-0`, `agent-1`, …"""
    talking = [
        Talker(f"t{number}", keys.token("shopper", f"t{number}"))
        for number in range(talkers)
    ]
    watching = [
        Watcher(keys.token("agent", f"agent-{number}"), talking[number::watchers])
        for number in range(watchers)
    ]
    return talking, watching
