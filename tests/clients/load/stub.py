"""A server that speaks the least, and lies as it is told, for the oracle to notice."""

import itertools
import json
import ssl
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import trio
from trio_websocket import (
    ConnectionClosed,
    WebSocketConnection,
    WebSocketRequest,
    serve_websocket,
)

Frame = dict[str, Any]
CHECK = "checkin"
Lie = Callable[["Stub", str, Frame], list[tuple[str, Frame]]]
"""Returns what is sent in place of an event, and to whom, by who they are."""


def truly(_stub: "Stub", who: str, event: Frame) -> list[tuple[str, Frame]]:
    """Send what is to be sent."""
    return [(who, event)]


class Stub:
    """One shop without settings, journal or anything that is not asked for here."""

    def __init__(self, lie: Lie = truly) -> None:
        self.lie = lie
        self.port = 0
        self.events: dict[str, list[Frame]] = {}
        """By chat."""
        self.texts: list[str] = []
        self.told = 0
        """Events of messages that were to be sent."""
        self.kept: list[tuple[str, Frame]] = []
        """For lies that take their time."""
        self.stalls = 0.0
        """Seconds for which everything stands still, from the next message on."""
        self.silent = False
        """Whether nothing is answered any more."""
        self.refuses: str | None = None
        self.config: object = None
        self.lists = False
        """Whether it knows of reading, and of lists with dots and a badge."""
        self.badge_off = 0
        """By how much the badge is wrong."""
        self.undotted = False
        """Whether no ticket in a list has a dot."""
        self.reminds_s: float | None = None
        """After which silence a check-in falls due."""
        self.reminders: tuple[str, ...] = ("event", "notice")
        """What comes of one, in this order."""
        self.desk: str | None = None
        """Whose the check-ins are said to be."""
        self._read: dict[tuple[str, str], int] = {}
        self._asked: dict[str, int] = {}
        """When the silence of a chat began."""
        self._answers: dict[tuple[str, str, str], Frame] = {}
        """By chat, id and what was written."""
        self._turn = trio.Lock()
        """Held by whoever writes or catches up: all are told in the order of seqs."""
        self._nursery: trio.Nursery | None = None
        self._people: dict[str, WebSocketConnection] = {}
        self._followers: dict[str, set[str]] = {}
        self._numbers = itertools.count(1)

    async def welcome(self, request: WebSocketRequest) -> None:
        """Serve one connection."""
        ws = await request.accept(subprotocol="shopwire.v1.json")
        who = ""
        try:
            while True:
                asked: Frame = json.loads(await ws.get_message())
                if asked["op"] == "hello":
                    who = asked["token"]
                    async with self._turn:
                        self._people[who] = ws
                        await self._welcomed(who, asked)
                else:
                    await self._answer(who, asked)
        except ConnectionClosed:
            pass

    async def send(self, who: str, frame: Frame) -> None:
        """Send a frame to somebody who is there."""
        with suppress(ConnectionClosed):
            await self._people[who].send_message(json.dumps(frame))

    async def _welcomed(self, who: str, asked: Frame) -> None:
        answer = {"t": "welcome", "re": asked["id"], "who": who, "epoch": "e"}
        await self.send(who, answer | {"config": self.config})
        for chat, position in asked.get("resume", {}).get("chats", {}).items():
            await self._tell(who, chat, position)

    async def _answer(self, who: str, asked: Frame) -> None:
        op, id_ = asked["op"], asked["id"]
        if self.stalls:
            stalls, self.stalls = self.stalls, 0.0
            await trio.sleep(stalls)
        if op == "chat.start":
            chat = f"chat-{next(self._numbers)}"
            self.events[chat] = []
            self._followers[chat] = {who}
            await self._write(who, chat, asked, "opened")
            await self._write(who, chat, asked, "msg", existing=False)
        elif op == "chat.open":
            answer = {"t": "ok", "re": id_, "chat": asked["chat"], "head": 0}
            async with self._turn:
                self._followers[asked["chat"]].add(who)
                await self.send(who, answer)
                await self._tell(who, asked["chat"], asked.get("after", 0))
        elif op == "read" and self.lists:
            self._read[who, asked["chat"]] = asked["seq"]
            await self.send(who, {"t": "ok", "re": id_, "chat": asked["chat"]})
        elif op == "inbox.open" and self.lists:
            await self.send(who, {"t": "ok", "re": id_, **self._list(who, asked)})
        elif op == "msg.send" and self.refuses is None:
            await self._write(who, asked["chat"], asked, "msg")
        else:
            code = self.refuses if op == "msg.send" else "bad_frame"
            answer = {"t": "err", "re": id_, "code": code, "message": ""}
            await self.send(who, answer | {"retry": False})

    async def _tell(self, who: str, chat: str, after: int) -> None:
        for event in self.events[chat][after:]:
            if event["kind"] != "checkin" or who.startswith("agent:"):
                await self.send(who, self._seen(who, event))
        await self.send(who, {"t": "live", "chat": chat, "upto": 0})

    async def _write(
        self, who: str, chat: str, asked: Frame, kind: str, **more: object
    ) -> None:
        if self.silent:
            return
        async with self._turn:
            await self._written(who, chat, asked, kind, more)

    async def _written(
        self, who: str, chat: str, asked: Frame, kind: str, more: Frame
    ) -> None:
        before = self._answers.get((chat, asked["id"], kind))
        if before is not None:
            await self.send(who, before | {"dup": True})
            return
        seq = len(self.events[chat]) + 1
        at = int(time.time() * 1000)
        place = {"chat": chat, "seq": seq, "prev": seq - 1, "at": at}
        body = {"text": asked["text"]} if kind == "msg" else {}
        event = {"t": "ev", **place, "by": who, "kind": kind, "body": body}
        self.events[chat].append(event)
        if kind == "opened":
            await self.send(who, event)
            return
        self.texts.append(asked["text"])
        self._wait(who, chat, at)
        place["prev"] = self._seen(who, event)["prev"]
        ok = {"t": "ok", "re": asked["id"], **place, **more}
        self._answers[chat, asked["id"], kind] = ok
        await self.send(who, ok)
        for other in self._followers[chat] - {who}:
            self.told += 1
            for receiver, frame in self.lie(self, other, self._seen(other, event)):
                await self.send(receiver, frame)

    def _seen(self, who: str, event: Frame) -> Frame:
        """Return an event as somebody sees it: no shopper sees check-ins."""
        prev = event["seq"] - 1
        events = self.events[event["chat"]]
        while who.startswith("shopper:") and prev and events[prev - 1]["kind"] == CHECK:
            prev -= 1
        return event | {"prev": prev}

    def _list(self, who: str, asked: Frame) -> Frame:
        """Return a list of tickets, all of which are nobody's."""
        dotted = {
            chat: self._last_said(chat) > self._read.get((who, chat), 0)
            for chat in self.events
        }
        badge = sum(dotted.values()) + self.badge_off
        if self.undotted:
            dotted, badge = dict.fromkeys(dotted, False), 0
        rows = [{"chat": chat, "unread": dot} for chat, dot in dotted.items()]
        shown = rows if asked["view"] == "unassigned" else []
        return {"ix": 0, "rows": shown, "badge": badge, "more": False, "full": True}

    def _last_said(self, chat: str) -> int:
        said = (e["seq"] for e in self.events[chat] if e["by"].startswith("shopper:"))
        return max(said, default=0)

    def _wait(self, who: str, chat: str, at: int) -> None:
        """Begin a silence, or end it."""
        if who.startswith("agent:"):
            self._asked.pop(chat, None)
        elif chat not in self._asked and self.reminds_s and self._nursery:
            self._asked[chat] = at
            self._nursery.start_soon(self._remind, chat, at, self.reminds_s)

    async def _remind(self, chat: str, since: int, after: float) -> None:
        await trio.sleep(since / 1000 + after - time.time())
        async with self._turn:
            if self._asked.get(chat) == since:
                await self._reminded(chat, since)

    async def _reminded(self, chat: str, since: int) -> None:
        body = {"state": "due", "count": 0, "since": since}
        agents = [who for who in self._followers[chat] if who.startswith("agent:")]
        for what in self.reminders:
            if what == "notice":
                push = {"t": "push", "kind": CHECK, "chat": chat, "assignee": self.desk}
                for who in agents:
                    await self.send(who, push | body)
                continue
            seq = len(self.events[chat]) + 1
            event = {"t": "ev", "chat": chat, "seq": seq, "at": int(time.time() * 1000)}
            event |= {"by": "system", "kind": CHECK, "body": body}
            self.events[chat].append(event)
            for who in agents:
                await self.send(who, self._seen(who, event))


@asynccontextmanager
async def served(stub: Stub, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Stub]:
    """Serve a stub until the end of the block."""
    async with trio.open_nursery() as nursery:
        server: Any = await nursery.start(
            serve_websocket, stub.welcome, "127.0.0.1", 0, tls
        )
        stub.port, stub._nursery = server.port, nursery
        yield stub
        nursery.cancel_scope.cancel()
