"""Frames that are none, and what becomes of the connection (protocol section 6)."""

import json
import random
from collections.abc import Callable
from typing import Any

import msgpack
import pytest

from tests.system.client import JSON, Client
from tests.system.shop import Shop
from tests.system.test_writes import opened, started

Payload = dict[str, Any] | list[Any] | str | int | None


async def send(client: Client, message: str | bytes) -> None:
    await client.socket.send_message(message)


def packed(shop: Shop, payload: Payload) -> str | bytes:
    return json.dumps(payload) if shop.form is JSON else msgpack.packb(payload)


NO_FRAMES: dict[str, Payload] = {
    "a list": ["op", "id"],
    "a text": "hello",
    "a number": 7,
    "nothing": None,
    "an empty map": {},
    "no op": {"id": "1"},
    "no id": {"op": "msg.send", "chat": "c", "text": "t"},
    "an empty id": {"op": "msg.send", "id": "", "chat": "c", "text": "t"},
    "an id that is a number": {"op": "msg.send", "id": 7, "chat": "c", "text": "t"},
    "an op that is a number": {"op": 7, "id": "1"},
    "an id of 65 bytes": {"op": "bye", "id": "x" * 65},
    "an id of 65 bytes in UTF-8": {"op": "bye", "id": "ż" * 32 + "x"},
}


@pytest.mark.parametrize("payload", NO_FRAMES.values(), ids=NO_FRAMES)
async def test_what_is_no_frame_closes_with_4000(shop: Shop, payload: Payload) -> None:
    sara = await shop.shopper()
    await send(sara, packed(shop, payload))
    closing = await sara.next()
    assert (closing["t"], closing["code"]) == ("closing", 4000)
    assert set(closing) == {"t", "code", "reason", "reconnect_after_ms"}
    assert await sara.read_to_the_end() == 4000


@pytest.mark.slow
async def test_rubbish_closes_its_own_connection_and_disturbs_nobody(
    shop: Shop,
) -> None:
    sara, chat = await started(shop)
    ann = await shop.agent()
    await opened(ann, chat)
    chance = random.Random(7)
    for _ in range(30):
        mallory = await shop.shopper("mallory")
        rubbish = chance.randbytes(chance.randrange(100))
        as_text = rubbish.decode("latin-1")
        await send(mallory, as_text if shop.form is JSON else rubbish)
        assert await mallory.read_to_the_end() == 4000
        said = await sara.ask("msg.send", chat=chat, text="all is well")
        assert (await ann.next())["seq"] == said["seq"]


async def test_an_operation_of_a_newer_client_is_refused_and_no_more(
    shop: Shop,
) -> None:
    sara = await shop.shopper()
    refused = await sara.ask("chat.teleport", chat="x")
    assert (refused["code"], refused["path"]) == ("bad_frame", "$.op")
    assert (await sara.ask("chat.start", text="hello"))["t"] == "ok"


async def test_fields_that_nobody_knows_are_skipped(shop: Shop) -> None:
    sara = await shop.shopper(colour="green")
    started = await sara.ask("chat.start", text="hello", mood={"a": [1, 2]})
    assert started["t"] == "ok"


async def test_deep_nesting_is_refused(shop: Shop) -> None:
    sara = await shop.shopper()
    nested: Payload = 1
    for _ in range(9):
        nested = [nested]
    refused = await sara.ask("chat.start", text="hello", mood=nested)
    assert refused["code"] == "bad_frame"
    assert (await sara.ask("chat.start", text="hello"))["t"] == "ok"


def _padding(shop: Shop, size: int) -> str | bytes:
    """Return a `bye` of exactly `size` bytes."""
    for padding in range(size - 100, size):
        frame = {"op": "bye", "id": "1", "padding": "x" * padding}
        if len(packed(shop, frame)) == size:
            return packed(shop, frame)
    raise AssertionError(size)


async def test_a_frame_of_64_kib_is_taken(shop: Shop) -> None:
    sara = await shop.shopper()
    await send(sara, _padding(shop, 64 * 1024))
    assert (await sara.answer("1"))["t"] == "ok"


async def test_a_longer_frame_closes_with_1009(shop: Shop) -> None:
    sara = await shop.shopper()
    await send(sara, _padding(shop, 64 * 1024 + 1))
    assert await sara.read_to_the_end() == 1009


async def test_the_other_kind_of_message_closes_with_1003(shop: Shop) -> None:
    sara = await shop.shopper()
    await send(sara, b"\x80" if shop.form is JSON else "{}")
    assert await sara.read_to_the_end() == 1003


Break = Callable[[Shop], str | bytes]
BREAKS: dict[str, Break] = {
    "no frame": lambda shop: packed(shop, 7),
    "too long a frame": lambda shop: _padding(shop, 65 * 1024),
    "the other kind": lambda shop: b"\x80" if shop.form is JSON else "{}",
}


@pytest.mark.parametrize("break_", BREAKS.values(), ids=BREAKS)
async def test_what_was_said_before_a_broken_frame_is_carried_out(
    shop: Shop, break_: Break
) -> None:
    sara, chat = await started(shop)
    await sara.say("msg.send", chat=chat, text="my last words")
    await send(sara, break_(shop))
    await sara.read_to_the_end()
    again = await shop.shopper()
    await again.say("chat.open", chat=chat)
    await again.until(kind="msg", body={"text": "my last words"})
