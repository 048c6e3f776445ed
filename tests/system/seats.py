"""Somebody at work: what one connection has of its chats and of its list.

All of it comes from the frames that were sent, applied in their order, as any client
would; whatever a client has to notice as missing or doubled is noticed.
"""

from bisect import bisect_right
from operator import itemgetter

import trio

from tests.system.client import Client, Closed, Frame
from tests.system.lists import Mirror
from tests.system.recount import Recount

AT_ONCE = 0.001
"""Seconds of virtual time in which everything that was sent is taken."""

PLACE = ("chat", "seq", "prev", "at")
"""What the answer to a write says of its event."""


class Log:
    """One chat, as far as this connection was told of it."""

    def __init__(self, after: int) -> None:
        self.position = self._right = after
        self._new: list[Frame] = []
        """What came behind the place up to which all was found right."""

    def apply(self, frame: Frame) -> None:
        """Take an event, or the answer that stands for one of one's own."""
        assert frame["prev"] == self.position, ("a gap, or twice", frame)
        self.position = frame["seq"]
        self._new.append(frame)

    def check(self, everything: list[Frame]) -> None:
        """Compare what came since the last time with what had to come."""
        begin = bisect_right(everything, self._right, key=itemgetter("seq"))
        new, expected = self._new, everything[begin:]
        assert [f["seq"] for f in new] == [f["seq"] for f in expected]
        for frame, right in zip(new, expected, strict=True):
            keys = right.keys() if frame["t"] == "ev" else PLACE
            assert {key: frame[key] for key in keys} == {k: right[k] for k in keys}
        self._new, self._right = [], self.position


class Seat:
    """One connection of one person."""

    def __init__(self, client: Client, sub: str, list_: Mirror | None = None) -> None:
        self.client = client
        self.sub = sub
        self.list = list_
        self.insider = client.welcome["role"] != "shopper"
        self.logs: dict[str, Log] = {}
        self.position: dict[str, int] = {}
        """How far a shopper was last told to be in the queue, by chat."""
        self.here = True
        self.answered: list[tuple[Frame, Frame]] = []
        """What was asked, and the answer, in the order of the answers."""
        self._taken = len(client.heard)
        self._asked: dict[str, Frame] = {}

    async def ask(self, op: str, **fields: object) -> Frame:
        """Ask for something and return the answer, which counts like any frame."""
        id_ = await self.client.say(op, **fields)
        self._asked[id_] = {"op": op, **fields}
        return await self.client.answer(id_)

    async def say(self, op: str, **fields: object) -> None:
        """Ask for something, and see about the answer later."""
        id_ = await self.client.say(op, **fields)
        self._asked[id_] = {"op": op, **fields}

    async def absorb(self) -> None:
        """Take all that was sent, in virtual time."""
        with trio.move_on_after(AT_ONCE):
            try:
                while True:
                    await self.client.next()
            except Closed:
                self.here = False
        self._apply_all()

    async def catch_up(self) -> None:
        """Take all that was sent until now, in real time."""
        # What was committed before is told before either is answered.
        if self.insider:
            await self.client.ask("stats")
        else:
            await self.client.ask("chat.leave", chat="none")
        self.client.unread()
        self._apply_all()

    def _apply_all(self) -> None:
        new = self.client.heard[self._taken :]
        self._taken += len(new)
        for frame in new:
            self._apply(frame)

    async def leave(self) -> None:
        """Go without a word."""
        self.here = False
        await self.client.cut()

    def come_back(self, old: "Seat") -> None:
        """Go on from what an earlier connection had."""
        self.logs, self.position = old.logs, old.position
        # What came before the list did counts too.
        self._taken = 1

    def check(self, recount: Recount) -> None:
        """Compare all that came with the journal."""
        for chat, log in self.logs.items():
            log.check(recount.tickets[chat].logs[self.insider])
        if self.list is not None:
            self._check_list(self.list, recount)

    def _check_list(self, mirror: Mirror, recount: Recount) -> None:
        asked = mirror.asked
        view, status = str(asked["view"]), str(asked.get("status", "open"))
        expected = {row["chat"]: row for row in recount.rows(self.sub, view, status)}
        # Who is connected is in no journal.
        rows = {
            chat: row | {"flags": [flag for flag in row["flags"] if flag != "online"]}
            for chat, row in mirror.rows.items()
        }
        assert rows == expected, (self.sub, view, status)
        assert mirror.badge == recount.badge(self.sub), self.sub

    def _apply(self, frame: Frame) -> None:
        match frame["t"]:
            case "ev":
                if frame["kind"] == "opened" and frame["chat"] not in self.logs:
                    self.logs[frame["chat"]] = Log(0)
                self.logs[frame["chat"]].apply(frame)
            case "ok" | "err":
                asked = self._asked.pop(frame["re"], {"op": ""})
                self.answered.append((asked, frame))
                if frame["t"] == "ok":
                    self._answered(frame, asked)
            case "ix" | "badge" if self.list is not None:
                self.list.take(frame)
            case "push" if frame["kind"] == "queue":
                assert frame["position"] == max(0, frame["ahead"] + 1) or (
                    frame["position"] == 0
                )
                self.position[frame["chat"]] = frame["position"]
            case "push" if frame.get("why") == "out_of_reach":
                self.logs.pop(frame["chat"], None)
            case _:
                pass

    def _answered(self, frame: Frame, asked: Frame) -> None:
        match asked["op"]:
            case "chat.open":
                self.logs[frame["chat"]] = Log(asked.get("after", 0))
            case "chat.leave":
                self.logs.pop(frame["chat"], None)
            case _:
                log = self.logs.get(frame.get("chat", ""))
                if log is not None and "prev" in frame and "dup" not in frame:
                    log.apply(frame)
