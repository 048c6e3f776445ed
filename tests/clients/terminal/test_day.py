"""A day of an agent at a terminal, with shoppers on the other end and a real broker."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from clients.line import Stream, Surroundings, tcp_to
from clients.link import Link, open_link
from tests.clients.terminal.typing import Terminal
from tests.system.client import Client
from tests.system.desk import HELLO, ORDER, stocked
from tests.system.shop import Shop, serving


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[Shop]:
    async with serving(tmp_path) as running:
        yield running


class Network:
    """A network that is there, or not."""

    def __init__(self) -> None:
        self.up = trio.Event()
        self.up.set()
        self._streams: list[Stream] = []

    async def cut(self) -> None:
        """Have the connection end, and none be made until it is up again."""
        self.up = trio.Event()
        await trio.aclose_forcefully(self._streams.pop())

    def over(self, url: str) -> Surroundings:
        """Return what makes a link depend on it."""
        connect = tcp_to(url)

        async def open_stream() -> Stream:
            await self.up.wait()
            self._streams.append(await connect())
            return self._streams[-1]

        return Surroundings(open_stream=open_stream)


@asynccontextmanager
async def agents_link(
    shop: Shop, sub: str = "ann", network: Network | None = None
) -> AsyncGenerator[Link]:
    """Return the link that a terminal of an agent has."""
    assert shop.url is not None
    await shop.hire(sub)
    url = shop.url.replace("http", "ws", 1) + "/ws"
    around = None if network is None else network.over(url)
    async with open_link(
        url, token=shop.token("agent", sub), surroundings=around
    ) as link:
        yield link


async def asks(shop: Shop, sub: str, text: str) -> tuple[Client, str]:
    """Return a shopper who has just asked something, and their chat."""
    shopper = await shop.shopper(sub, token=shop.token("shopper", sub, name=sub))
    started = await shopper.ask("chat.start", text=text)
    return shopper, started["chat"]


async def test_a_ticket_from_its_first_word_to_its_last(shop: Shop) -> None:
    sara, chat = await asks(shop, "sara", "Where is my order?")
    terminal = Terminal()
    async with agents_link(shop) as link, terminal.at(link):
        assert "1 open" in await terminal.writes("open (all)")
        await terminal.types("/open 1")
        await terminal.writes("nobody's")
        await terminal.writes("sara: Where is my order?")
        await terminal.types("/hold One moment")
        await terminal.writes("you: One moment (still looking)")
        await terminal.types("/note VIP")
        await terminal.writes("note: VIP (you)")
        await terminal.types("/tag +late +vip")
        await terminal.writes("tags +late +vip")
        await sara.ask("msg.send", chat=chat, text="It is late\x1b[2J!")
        assert "late\ufffd[2J!" in await terminal.writes("sara: It is")
        await terminal.types("It is on its way")
        await terminal.writes("you: It is on its way ✓")
        newest = (await sara.ask("chat.open", chat=chat, after=0))["head"]
        await sara.ask("read", chat=chat, seq=newest)
        await terminal.writes("✓✓ seen")
        await terminal.types("/snooze 1h")
        await terminal.writes("put aside until")
        await terminal.types("/list snoozed")
        await terminal.writes("until")
        await terminal.types("/wake")
        await terminal.writes("open again")
        await terminal.types("/find order")
        await terminal.writes("1 found")
        await terminal.types("/stats")
        await terminal.writes("agents there")
        await terminal.types("/close")
        await terminal.writes("the chat has ended")
        await terminal.types("Too late")
        await terminal.writes("chat_closed: the chat has ended")
    kinds = [entry.kind for entry in await shop.journal(chat) if entry.kind != "got"]
    wanted = [
        "assigned",
        "msg",
        "note",
        "tagged",
        "msg",
        "msg",
        "status",
        "status",
        "closed",
    ]
    assert [kind for kind in kinds[4:] if kind != "read"] == wanted
    assert not any("\x1b" in line for line in terminal.written)


async def test_other_tickets_are_told_of_while_one_is_open(shop: Shop) -> None:
    _, first = await asks(shop, "sara", "Hello")
    terminal = Terminal()
    async with agents_link(shop) as link, terminal.at(link):
        await terminal.types("/open 1")
        await terminal.writes("sara: Hello")
        zoe, second = await asks(shop, "zoe", "Anybody there?")
        assert "[2]" in await terminal.writes("Anybody there?")
        await zoe.ask("msg.send", chat=second, text="Please?")
        assert "[2]" in await terminal.writes("Please?")
        boss = await shop.agent("boss", "admin")
        await boss.ask("ticket.assign", chat=second, to="ann", force=True)
        await terminal.writes("is yours now")
        await terminal.types("/open zoe")
        await terminal.writes("zoe: Please?")
        await terminal.types("Yes!")
        await terminal.writes("you: Yes!")
        await terminal.types("/unread")
        await terminal.writes("has a dot again")
        await terminal.types("Hello?")
        await terminal.writes("which chat?")
        await terminal.types("/next")
        await terminal.writes("sara: Hello")
    assert [e.kind for e in await shop.journal(first) if e.by == "agent:ann"] == [
        "read"
    ]


async def test_a_reply_does_not_run_into_a_colleagues(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clients.line.FIRST_S", 0.01)
    _, chat = await asks(shop, "sara", "Is it in stock?")
    ben, network, terminal = await shop.agent("ben"), Network(), Terminal()
    async with agents_link(shop, network=network) as link, terminal.at(link):
        await terminal.types("/open 1")
        await terminal.writes("sara: Is it in stock?")
        await network.cut()
        await terminal.writes("connection lost")
        await ben.ask("msg.send", chat=chat, text="No, sorry")
        await terminal.types("Yes, it is")
        await terminal.types("Shall I send one?")
        network.up.set()
        await terminal.writes("ben: No, sorry")
        await terminal.writes("! not sent, see above: Yes, it is")
        await terminal.writes("! not sent, see above: Shall I send one?")
        await terminal.types("/again")
        await terminal.writes("you: Yes, it is")
        await terminal.writes("you: Shall I send one?")
        await terminal.types("/again")
        await terminal.writes("nothing was held back")
    said = [e.body["text"] for e in await shop.journal(chat) if e.kind == "msg"]
    assert said[-3:] == ["No, sorry", "Yes, it is", "Shall I send one?"]
    assert sum("No, sorry" in line for line in terminal.written) == 1


async def test_mistakes_are_told_in_a_sentence(shop: Shop) -> None:
    await asks(shop, "sara", "Hello")
    await shop.hire("ben")
    terminal = Terminal()
    async with agents_link(shop) as link, terminal.at(link):
        for line, said in (
            ("/open 7", "there is no number 7"),
            ("/open nowhere", "not_found"),
            ("/close", "which chat?"),
            ("/open 1", "sara: Hello"),
            ("/wake", "nothing to change"),
            ("/snooze 1m ago", "when?"),
            ("/assign nobody-here", "not_found"),
            ("/macro thanks", "there is no macro thanks"),
            ("/accept", "nothing is offered"),
            ("/list nonsense", "bad_frame"),
            ("/dance", "There is no /dance"),
        ):
            await terminal.types(line)
            await terminal.writes(said)


async def test_a_ticket_is_handed_on_and_taken(shop: Shop) -> None:
    _, chat = await asks(shop, "sara", "Hello")
    one, two = Terminal(), Terminal()
    async with (
        agents_link(shop, "ann") as ann,
        agents_link(shop, "ben") as ben,
        one.at(ann),
        two.at(ben),
    ):
        await one.types("/open 1")
        await one.types("/assign me")
        await one.writes("assigned to ann (you)")
        await one.types("/offer ben please")
        assert "[1] sara" in await two.writes("is offered to you by ann")
        await two.types("/decline")
        await one.writes("the offer was declined")
        await one.types("/offer ben")
        await two.writes("is offered to you by ann")
        await two.types("/accept")
        await two.writes("with sara, yours")
        await one.writes("assigned to ben")
        await two.types("/transfer ann back to you")
        await two.writes("assigned to ann (you)")
    entries = await shop.journal(chat)
    held = [entry.body["to"] for entry in entries if entry.kind == "assigned"]
    assert held == ["ann", "ben", "ann"]
    notes = [entry.body["text"] for entry in entries if entry.kind == "note"]
    assert notes[-1] == "back to you"


async def test_macros_are_listed_looked_at_filled_in_and_sent(shop: Shop) -> None:
    await stocked(shop, HELLO, ORDER)
    _, chat = await asks(shop, "sara", "Hello")
    terminal = Terminal()
    async with agents_link(shop) as link, terminal.at(link):
        await terminal.types("/macro")
        await terminal.writes("2 macros")
        await terminal.types("/open 1")
        await terminal.types(f"/preview {HELLO.id}")
        await terminal.writes("| Hi sara, Ann here")
        await terminal.types(f"/macro {HELLO.id}")
        await terminal.writes("you: Hi sara, Ann here")
        await terminal.types(f"/macro {ORDER.id}")
        await terminal.writes("it lacks order.last.number=... profile.place=...")
        await terminal.types(
            f"/macro {ORDER.id} order.last.number=#7 profile.place=Oslo"
        )
        await terminal.writes("you: #7 of Oslo")
    macros = [entry.body.get("macro") for entry in await shop.journal(chat)]
    assert [macro for macro in macros if macro is not None] == [HELLO.id, ORDER.id]


async def test_a_shopper_says_how_it_was(shop: Shop) -> None:
    terminal = Terminal()
    assert shop.url is not None
    url = shop.url.replace("http", "ws", 1) + "/ws"
    token = shop.token("shopper", "sara", name="Sara")
    async with open_link(url, token=token) as link, terminal.at(link):
        for line, said in (
            ("/note psst", "There is no /note"),
            ("Hello", "you: Hello"),
            ("/close", "the chat has ended"),
            ("/rate 6", "from 1 to 5"),
            ("/rate 5 Thank you", "rated 5"),
        ):
            await terminal.types(line)
            await terminal.writes(said)
