"""A server that speaks the least, and lies as it is told, for the oracle to notice."""

import itertools
import json
import ssl
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
            self._followers[asked["chat"]].add(who)
            answer = {"t": "ok", "re": id_, "chat": asked["chat"], "head": 0}
            await self.send(who, answer)
            await self._tell(who, asked["chat"], asked.get("after", 0))
        elif op == "msg.send" and self.refuses is None:
            await self._write(who, asked["chat"], asked, "msg")
        else:
            code = self.refuses if op == "msg.send" else "bad_frame"
            answer = {"t": "err", "re": id_, "code": code, "message": ""}
            await self.send(who, answer | {"retry": False})

    async def _tell(self, who: str, chat: str, after: int) -> None:
        for event in self.events[chat][after:]:
            await self.send(who, event)
        await self.send(who, {"t": "live", "chat": chat, "upto": 0})

    async def _write(
        self, who: str, chat: str, asked: Frame, kind: str, **more: object
    ) -> None:
        if self.silent:
            return
        seq = len(self.events[chat]) + 1
        place = {"chat": chat, "seq": seq, "prev": seq - 1, "at": seq}
        body = {"text": asked["text"]} if kind == "msg" else {}
        event = {"t": "ev", **place, "by": who, "kind": kind, "body": body}
        self.events[chat].append(event)
        if kind == "opened":
            await self.send(who, event)
            return
        self.texts.append(asked["text"])
        await self.send(who, {"t": "ok", "re": asked["id"], **place, **more})
        for other in self._followers[chat] - {who}:
            self.told += 1
            for receiver, frame in self.lie(self, other, event):
                await self.send(receiver, frame)


@asynccontextmanager
async def served(stub: Stub, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Stub]:
    """Serve a stub until the end of the block."""
    async with trio.open_nursery() as nursery:
        server: Any = await nursery.start(
            serve_websocket, stub.welcome, "127.0.0.1", 0, tls
        )
        stub.port = server.port
        yield stub
        nursery.cancel_scope.cancel()
