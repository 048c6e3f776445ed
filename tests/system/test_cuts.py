"""A client that is cut off anywhere ends up like one that never was (spec U2)."""

import random
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import msgpack
import pytest
import trio

from actors.ids import AgentId, ChatId, Seq
from broker.local import LocalClosed, LocalSocket
from broker.wire.client import ClientSession, Hail
from broker.wire.codec import MSGPACK
from broker.wire.frames import (
    ChatEnd,
    ChatHistory,
    ChatOpen,
    ChatStart,
    MsgSend,
    NoteAdd,
    Read,
    Request,
    TicketAssign,
    Typing,
)
from broker.wire.happened import Answered, Happened, Refused
from broker.wire.heard import Event
from tests.system.client import Client, new_id, unpacked
from tests.system.shop import Shop

pytestmark = pytest.mark.usefixtures("virtual_time")


class Cuts(NamedTuple):
    """After how many frames a connection is lost, counted over all connections."""

    sent: frozenset[int] = frozenset()
    heard: frozenset[int] = frozenset()


class Device:
    """A client on the project's own session, whose connections are cut."""

    def __init__(self, shop: Shop, token: str, cuts: Cuts) -> None:
        self.session = ClientSession(MSGPACK, new_id)
        self.events: list[Event] = []
        self.answers: dict[str, Answered] = {}
        self.sent = self.heard = 0
        self._shop = shop
        self._hail = Hail(token)
        self._cuts = cuts
        self._local: LocalSocket | None = None
        self._changed = trio.Event()

    async def run(self) -> None:
        """Stay connected for ever."""
        while True:
            self._local = self._shop.broker.connect_memory()
            self.session.hello(self._hail)
            with suppress(LocalClosed):
                await self._talk(self._local)
            self.session.lost()
            await trio.sleep(0.5)

    async def ask(self, request: Request) -> Answered:
        """Ask until there is an answer."""
        self.session.ask(request)
        await self._flush()
        await self.until(lambda: request.id in self.answers)
        return self.answers[request.id]

    async def ask_all(self, *requests: Request) -> None:
        """Ask for several things before the first is answered."""
        for request in requests:
            self.session.ask(request)
        await self._flush()
        await self.until(lambda: all(r.id in self.answers for r in requests))

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something holds."""
        with trio.fail_after(600):
            while not true():
                await self._changed.wait()

    async def saw(self, text: str) -> None:
        """Wait until a message or note with this text has come."""
        await self.until(lambda: any(e.body.get("text") == text for e in self.events))

    async def saw_the_end(self) -> None:
        """Wait until the chat is over."""
        await self.until(lambda: any(e.kind == "closed" for e in self.events))

    async def type(self, chat: ChatId) -> None:
        """Say that one is typing, if anybody listens."""
        self.session.signal(Typing(chat, on=True))
        await self._flush()

    async def _talk(self, local: LocalSocket) -> None:
        await self._flush()
        while True:
            frame = await local.receive()
            self.heard += 1
            for happened in self.session.receive(msgpack.packb(frame)):
                self._take(happened)
            if self.heard in self._cuts.heard:
                local.close_now()
            await self._flush()
            self._changed.set()
            self._changed = trio.Event()

    async def _flush(self) -> None:
        for payload in self.session.sends():
            if self._local is None or self._local.closed is not None:
                return
            try:
                await self._local.send(unpacked(payload))
            except LocalClosed:
                return
            self.sent += 1
            if self.sent in self._cuts.sent:
                self._local.close_now()

    def _take(self, happened: Happened) -> None:
        match happened:
            case Event():
                self.events.append(happened)
            case Answered():
                self.answers[happened.id] = happened
            case Refused():
                raise AssertionError(happened)
            case _:
                pass


class Outcome(NamedTuple):
    """What a device and its twin ended up with, and how much passed."""

    events: list[Event]
    twin: list[Event]
    sent: int
    heard: int


async def robot(client: Client, chat: str) -> None:
    """Answer every question, with a note before; whoever `client` is."""
    await client.say("chat.open", chat=chat)
    while True:
        frame = await client.next()
        if frame["t"] != "ev" or frame["by"] == client.who:
            continue
        text = str(frame["body"].get("text", ""))
        if text.startswith("question"):
            if client.welcome["role"] != "shopper":
                await client.ask("note.add", chat=chat, text=f"note on {text}")
            await client.ask("msg.send", chat=chat, text=f"answer to {text}")


async def shopper_talks(device: Device, nursery: trio.Nursery, shop: Shop) -> ChatId:
    """Do what a shopper does, from the start to the end; return the chat."""
    started = await device.ask(ChatStart(new_id(), "question 1"))
    chat = ChatId(started.fields["chat"])
    nursery.start_soon(robot, await shop.agent("ann"), chat)
    await device.saw("answer to question 1")
    await device.ask(Read(new_id(), chat, device.events[-1].seq))
    await device.type(chat)
    await device.ask_all(
        MsgSend(new_id(), chat, "one thing"),
        MsgSend(new_id(), chat, "and another"),
        MsgSend(new_id(), chat, "question 2"),
    )
    await device.saw("answer to question 2")
    await device.ask(ChatHistory(new_id(), chat, Seq(3)))
    await trio.sleep(2)
    await device.ask(ChatEnd(new_id(), chat))
    return chat


async def agent_talks(device: Device, nursery: trio.Nursery, shop: Shop) -> ChatId:
    """Do what an agent does in a chat that somebody has begun; return the chat."""
    sub = new_id()
    sara = await shop.shopper(sub)
    chat = ChatId((await sara.ask("chat.start", text="hello"))["chat"])
    nursery.start_soon(robot, sara, chat)
    await device.ask(ChatOpen(new_id(), chat))
    await device.ask_all(
        NoteAdd(new_id(), chat, "a regular"),
        MsgSend(new_id(), chat, "question 1"),
    )
    await device.saw("answer to question 1")
    await device.ask(TicketAssign(new_id(), chat, AgentId("ann"), force=True))
    await device.ask(Read(new_id(), chat, device.events[-1].seq))
    await device.ask(MsgSend(new_id(), chat, "question 2", hold=True))
    await device.saw("answer to question 2")
    await trio.sleep(2)
    await device.ask(ChatEnd(new_id(), chat))
    return chat


async def play(shop: Shop, role: str, cuts: Cuts) -> Outcome:
    """Have one device live through a chat, and another one watch in peace."""
    sub = new_id() if role == "shopper" else "bob"
    await shop.hire("bob")
    await shop.hire("ann")
    token = shop.token(role, sub)
    async with trio.open_nursery() as nursery:
        device, twin = Device(shop, token, cuts), Device(shop, token, Cuts())
        nursery.start_soon(device.run)
        nursery.start_soon(twin.run)
        talk = shopper_talks if role == "shopper" else agent_talks
        chat = await talk(device, nursery, shop)
        await twin.ask(ChatOpen(new_id(), chat))
        for each in (device, twin):
            await each.saw_the_end()
        nursery.cancel_scope.cancel()
    visible = await shop.visible(chat, insider=role != "shopper")
    assert [(e.seq, e.prev, e.kind, e.body) for e in device.events] == [
        (e["seq"], e["prev"], e["kind"], e["body"]) for e in visible
    ]
    return Outcome(device.events, twin.events, device.sent, device.heard)


def told(events: list[Event]) -> list[tuple[str, str]]:
    """Return what was said, and what became of the chat: the same in every run."""
    return [
        (event.kind, str(event.body.get("text", "")))
        for event in events
        if event.kind not in {"read", "got"}
    ]


@pytest.mark.slow
@pytest.mark.parametrize("role", ["shopper", "agent"])
@pytest.mark.parametrize("way", ["sent", "heard"])
async def test_a_cut_at_any_frame_changes_nothing(
    quick_shop: Shop, role: str, way: str
) -> None:
    whole = await play(quick_shop, role, Cuts())
    assert whole.events == whole.twin
    frames = whole.sent if way == "sent" else whole.heard
    assert frames > 8
    for place in range(1, frames + 1):
        at = frozenset({place})
        cuts = Cuts(sent=at) if way == "sent" else Cuts(heard=at)
        outcome = await play(quick_shop, role, cuts)
        assert outcome.events == outcome.twin, place
        assert told(outcome.events) == told(whole.events), place


@pytest.mark.slow
@pytest.mark.parametrize("role", ["shopper", "agent"])
async def test_any_number_of_cuts_changes_nothing(quick_shop: Shop, role: str) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}", file=sys.stderr)  # noqa: T201  # shown if the test fails
    chance = random.Random(seed)
    whole = await play(quick_shop, role, Cuts())
    for _ in range(30):
        cuts = Cuts(
            frozenset(chance.sample(range(1, 40), 5)),
            frozenset(chance.sample(range(1, 80), 10)),
        )
        outcome = await play(quick_shop, role, cuts)
        assert outcome.events == outcome.twin
        assert told(outcome.events) == told(whole.events)
