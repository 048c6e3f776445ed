"""Whatever goes wrong on one connection or in one chat stays there."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio

from actors.cells.chat import ChatCell
from actors.cells.orders import Order
from actors.chat.commands import Say
from broker.edge.reactor import Reactor
from broker.requests import REQUESTS, Request
from broker.wire import frames
from storage.errors import JournalBroken
from tests.system.client import Client, Form
from tests.system.shop import Shop, serving
from tests.system.test_slow import upgraded
from tests.system.test_writes import opened, started


@contextmanager
def failing_request(frame: type) -> Generator[None]:
    """Every request of this kind meets a bug."""

    def fail(_peer: object, _said: object) -> None:
        raise ZeroDivisionError("a bug")

    good = REQUESTS[frame]
    REQUESTS[frame] = Request(fail, good.roles)
    try:
        yield
    finally:
        REQUESTS[frame] = good


@contextmanager
def failing_chat(monkeypatch: pytest.MonkeyPatch, text: str) -> Generator[None]:
    """A message with `text` meets a bug in the chat's actor."""
    carry_out = ChatCell._carry_out

    def fail(cell: ChatCell, order: Order) -> None:
        if isinstance(order.command, Say) and order.command.text == text:
            raise ZeroDivisionError("a bug")
        carry_out(cell, order)

    with monkeypatch.context() as patch:
        patch.setattr(ChatCell, "_carry_out", fail)
        yield


async def fine(client: Client, chat: str) -> bool:
    return bool((await client.ask("msg.send", chat=chat, text="fine"))["t"] == "ok")


async def test_a_bug_in_a_request_costs_its_connection_and_no_other(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    sara, chat = await started(shop)
    ann = await shop.agent()
    await opened(ann, chat)
    with caplog.at_level(logging.CRITICAL), failing_request(frames.ChatHistory):
        await ann.say("chat.history", chat=chat, before=3)
        assert await ann.read_to_the_end() == 4000
    assert await fine(sara, chat)
    again = await shop.agent(resume={"chats": {chat: 5}})
    assert (await again.next())["t"] == "live"
    assert await fine(again, chat)


async def test_a_bug_in_a_chat_costs_one_message_and_no_connection(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sara, chat = await started(shop)
    ann, omar = await shop.agent(), await shop.shopper("omar")
    other = (await omar.ask("chat.start", text="hi"))["chat"]
    await opened(ann, chat)
    with caplog.at_level(logging.CRITICAL), failing_chat(monkeypatch, "poison"):
        refused = await sara.ask("msg.send", id="p", chat=chat, text="poison")
        assert (refused["code"], refused["retry"]) == ("unavailable", True)
    assert await fine(omar, other)
    assert (await sara.ask("msg.send", id="p", chat=chat, text="poison"))["seq"] == 5
    assert (await ann.next())["seq"] == 5
    assert await fine(sara, chat)


@contextmanager
def broken_disk(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """Whatever is written from now on, nobody knows what became of it."""

    def fail() -> bool:
        raise JournalBroken(shop.broker.folder, "planted", "Look at the test.")

    with monkeypatch.context() as patch:
        patch.setattr(shop.broker.journal, "settle", fail)
        yield


async def test_a_disk_that_fails_ends_the_broker_and_everybody_is_told(
    tmp_path: Path, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing more can be promised; what was promised is on the disk."""
    said: list[Client] = []
    chats: list[str] = []

    async def live(readers: trio.Nursery) -> None:
        async with serving(tmp_path, form) as shop:
            shop.readers = readers
            sara, chat = await started(shop)
            said.append(sara)
            chats.append(chat)
            # The client's end stays, to hear what it is told.
            shop.streams.clear()
            with broken_disk(shop, monkeypatch):
                await sara.say("msg.send", chat=chat, text="lost")
                await trio.sleep_forever()

    async with trio.open_nursery() as readers:
        with pytest.raises(ExceptionGroup) as ended:
            await live(readers)
        assert ended.group_contains(JournalBroken)
        assert await said[0].read_to_the_end() == 1012
        readers.cancel_scope.cancel()
    async with serving(tmp_path, form) as shop:
        kinds = [entry.kind for entry in await shop.journal(chats[0])]
        assert kinds[:4] == ["opened", "legal", "msg", "msg"]


@pytest.mark.parametrize("size", [1, 3, 20, 200, 20_000])
async def test_rubbish_instead_of_a_request_disturbs_nobody(
    shop: Shop, size: int
) -> None:
    sara, chat = await started(shop)
    for rubbish in (
        b"\x00" * size,
        b"\xff" * size,
        b"GET / HTTP/1.1\r\n" + b"x" * size,
    ):
        stream = await trio.open_tcp_stream(*shop.address)
        shop.streams.append(stream)
        await stream.send_all(rubbish)
        await stream.send_eof()
        assert await fine(sara, chat)


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 2, 6, 200, 20_000])
async def test_rubbish_after_the_upgrade_disturbs_nobody(shop: Shop, size: int) -> None:
    sara, chat = await started(shop)
    for byte in range(0, 256, 17):
        stream = await upgraded(shop)
        await stream.send_all(bytes([byte]) * size)
        assert await fine(sara, chat)


@pytest.mark.slow
async def test_rubbish_costs_no_descriptor(shop: Shop) -> None:
    sara, chat = await started(shop)
    reactor = shop.broker.loop
    assert isinstance(reactor, Reactor)
    before = len(reactor._sources)
    for byte in range(0, 256, 5):
        stream = await upgraded(shop)
        await stream.send_all(bytes([byte, 200]) * 100)
        await stream.aclose()
        stream = await trio.open_tcp_stream(*shop.address)
        await stream.send_all(bytes([byte]) * 100)
        await stream.aclose()
    assert await fine(sara, chat)
    with trio.fail_after(10):
        while len(reactor._sources) > before:  # noqa: ASYNC110  # the kernel
            await trio.sleep(0.01)


async def test_half_a_request_is_waited_for_alone(shop: Shop) -> None:
    halves = [await trio.open_tcp_stream(*shop.address) for _ in range(20)]
    shop.streams += halves
    for half in halves:
        await half.send_all(b"GET /ws HTTP/1.1\r\nHost: localhost\r\n")
    sara, chat = await started(shop)
    assert await fine(sara, chat)
