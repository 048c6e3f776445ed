"""A plain client, as anybody could write one from the contract alone.

It shares no code with the broker: frames are made and read with `json` and `msgpack`,
and travel over trio-websocket or, where time is virtual, over the broker's memory.
"""

import json
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple, Protocol, cast

import msgpack
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from broker.local import LocalClosed, LocalSocket
from tests.system import leaks
from tests.system.contract import faults

Frame = dict[str, Any]
UNANSWERED = frozenset({"typing", "view"})
"""Operations without an id."""

_numbers = count(1)


def new_id() -> str:
    """Return a request id that no test has used before."""
    return f"id-{next(_numbers)}"


class Closed(Exception):
    """The broker has closed the connection with `code`."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Form(NamedTuple):
    """A subprotocol: how frames become messages."""

    name: str
    pack: Callable[[Frame], str | bytes]
    unpack: Callable[[str | bytes], Frame]


def unpacked(message: bytes) -> Frame:
    """Return the map in a msgpack message."""
    frame: Any = msgpack.unpackb(message)
    assert isinstance(frame, dict)
    return cast("Frame", frame)


def _unpack_json(message: str | bytes) -> Frame:
    assert isinstance(message, str), "the JSON subprotocol has text frames"
    frame: Frame = json.loads(message)
    return frame


def _unpack_msgpack(message: str | bytes) -> Frame:
    assert isinstance(message, bytes), "the msgpack subprotocol has binary frames"
    return unpacked(message)


def _pack_json(frame: Frame) -> str:
    return json.dumps(frame, ensure_ascii=False)


JSON = Form("shopwire.v1.json", _pack_json, _unpack_json)
MSGPACK = Form("shopwire.v1.msgpack", msgpack.packb, _unpack_msgpack)
FORMS = (JSON, MSGPACK)


class Link(Protocol):
    """What carries frames."""

    async def send(self, frame: Frame) -> None:
        """Send a frame."""

    async def receive(self) -> tuple[Frame, bytes]:
        """Return the next frame, and its bytes."""
        ...

    async def cut(self) -> None:
        """End it without a word, as a lost network does."""


class Socket:
    """A WebSocket, and the stream under it."""

    def __init__(
        self, stream: trio.SocketStream, socket: WebSocketConnection, form: Form
    ) -> None:
        self.stream = stream
        self.socket = socket
        self.form = form

    async def send(self, frame: Frame) -> None:
        await self.send_message(self.form.pack(frame))

    async def send_message(self, message: str | bytes) -> None:
        """Send what may be no frame at all."""
        try:
            await self.socket.send_message(message)
        except ConnectionClosed as closed:
            raise Closed(_code(closed)) from None

    async def receive(self) -> tuple[Frame, bytes]:
        try:
            message: str | bytes = await self.socket.get_message()
        except ConnectionClosed as closed:
            await self.stream.aclose()
            raise Closed(_code(closed)) from None
        raw = message.encode() if isinstance(message, str) else message
        return self.form.unpack(message), raw

    async def cut(self) -> None:
        await self.stream.aclose()


class Memory:
    """The broker's own connection in memory."""

    def __init__(self, local: LocalSocket) -> None:
        self.local = local

    async def send(self, frame: Frame) -> None:
        try:
            await self.local.send(frame)
        except LocalClosed as closed:
            raise Closed(closed.code) from None

    async def receive(self) -> tuple[Frame, bytes]:
        try:
            frame = await self.local.receive()
        except LocalClosed as closed:
            raise Closed(closed.code) from None
        return frame, msgpack.packb(frame)

    async def cut(self) -> None:
        self.local.close_now()


def _code(closed: ConnectionClosed) -> int:
    assert closed.reason is not None
    return closed.reason.code


class Client:
    """One connection of somebody who keeps everything they were sent."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.welcome: Frame = {}
        self.heard: list[Frame] = []
        """All frames, in the order in which they came."""
        self.raw: list[bytes] = []
        """The same as bytes."""
        self.presences: list[Frame] = []
        """Who came and went: pushed to agents at any time, and kept apart."""
        self.staffings: list[bool] = []
        """Whether anybody was there: pushed to widgets, and kept apart likewise."""
        self._config: Frame | None = None
        self._unread: deque[Frame] = deque()
        self._asked: dict[str, str] = {}
        """The operations, by their ids."""

    @property
    def who(self) -> str:
        """The person, as the broker calls them."""
        who: str = self.welcome["who"]
        return who

    @property
    def socket(self) -> Socket:
        """The link, where it is one."""
        assert isinstance(self.link, Socket)
        return self.link

    async def hello(self, **fields: object) -> Frame:
        """Say hello and return the answer."""
        self.welcome = await self.ask("hello", **fields)
        self._config = self.welcome.get("config")
        return self.welcome

    async def say(self, op: str, **fields: object) -> str:
        """Send a frame without waiting; return its id."""
        id_ = "" if op in UNANSWERED else str(fields.pop("id", None) or new_id())
        self._asked[id_] = op
        leaks.said(op, fields.get("text"))
        await self.link.send({"op": op} | ({"id": id_} if id_ else {}) | fields)
        return id_

    async def ask(self, op: str, **fields: object) -> Frame:
        """Send a frame and return its answer; what comes before is left for `next`."""
        return await self.answer(await self.say(op, **fields))

    async def answer(self, id_: str) -> Frame:
        """Return the answer to `id_`."""
        for index, frame in enumerate(self._unread):
            if frame.get("re") == id_:
                del self._unread[index]
                return frame
        while True:
            frame = await self._receive()
            if frame.get("re") == id_:
                return frame
            self._unread.append(frame)

    async def next(self) -> Frame:
        """Return the next frame that nobody has looked at."""
        return self._unread.popleft() if self._unread else await self._receive()

    async def until(self, **fields: object) -> Frame:
        """Return the next frame with these fields, dropping what comes before."""
        while True:
            frame = await self.next()
            if frame | fields == frame:
                return frame

    async def take(self, number: int) -> list[Frame]:
        """Return the next frames."""
        return [await self.next() for _ in range(number)]

    def unread(self) -> list[Frame]:
        """Return what has been received but not looked at."""
        unread = [*self._unread]
        self._unread.clear()
        return unread

    async def read_to_the_end(self) -> int:
        """Receive until the connection is closed; return the code."""
        try:
            while True:
                self._unread.append(await self._receive())
        except Closed as closed:
            return closed.code

    async def cut(self) -> None:
        """End the connection without a word."""
        await self.link.cut()

    def events(self, chat: str) -> list[Frame]:
        """Return the events of `chat` that came, as events."""
        return [f for f in self.heard if f["t"] == "ev" and f["chat"] == chat]

    async def _receive(self) -> Frame:
        while True:
            frame, raw = await self.link.receive()
            self.heard.append(frame)
            self.raw.append(raw)
            wrong = faults(frame, self._asked.get(frame.get("re", "")))
            assert wrong == [], "not as docs and schema say"
            self._keep_secrets(frame, raw)
            kind = frame.get("kind") if frame["t"] == "push" else None
            if kind == "presence":
                self.presences.append(frame)
            elif kind != "config" or not self._is_staffing(frame["config"]):
                return frame

    def _is_staffing(self, config: Frame) -> bool:
        """Return whether nothing else is new in the shop's document."""
        online: bool = config["team_online"]
        before, self._config = self._config, config
        news = {"team_online": online}
        if "first_reply_s" in config:
            news["first_reply_s"] = config["first_reply_s"]
        if before is None or before | news != config:
            return False
        self.staffings.append(online)
        return True

    def _keep_secrets(self, frame: Frame, raw: bytes) -> None:
        """See that a shopper is told nothing that is somebody else's."""
        if self.welcome.get("role") != "shopper":
            return
        if self._asked.get(frame.get("re", "")) == "chat.start" and frame["t"] == "ok":
            leaks.started(frame["chat"], self.who)
        assert leaks.leaked(frame, raw, self.who) == []
