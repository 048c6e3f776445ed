"""Floods by one whom nobody trusts: held up, sent away with 4029, and counted.

Each goes on as long as it is let; meanwhile a chat is answered, at its own pace.
"""

import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import NamedTuple

import httpx
import msgspec
import pytest
import trio

from broker.edge.intake import ABUSE_S as INTAKE_ABUSE_S
from broker.limits import ABUSE_S
from tests.edge.raw import Raw
from tests.fuzz.siege import Siege, besieged
from tests.fuzz.test_hostile import endured, raw
from tests.wire.joined import PING, TEXT, masked

pytestmark = pytest.mark.slow

FREE = """\
per_ip_new = 5000
per_ip_visitors = 5000
conn_frames = 200
shopper_rate = 60
shopper_burst = 120
"""
"""What the chat that goes on needs: some 45 messages a second. Connections are not what
is tried here."""
FLOODERS = 5
TICKS_S = 2
"""Seconds more than the patience that there is: it is counted in whole ones, and begins
when four seconds' worth have been read."""
LATE_S = 6
"""Seconds more, on a machine that does much else."""


class Flood(NamedTuple):
    """What is said over and over."""

    limit: str
    """The name by which it is counted."""
    said: Callable[[Siege, int], bytes]
    """By the how many-th time."""
    pause_s: float = 0.0
    abuse_s: float = INTAKE_ABUSE_S


def frame(**fields: object) -> bytes:
    return masked(TEXT, msgspec.json.encode(fields))


def pings(_siege: Siege, _number: int) -> bytes:
    return masked(PING) * 1000


def small_frames(_siege: Siege, _number: int) -> bytes:
    return frame(op="typing") * 500


def many_bytes(siege: Siege, _number: int) -> bytes:
    return frame(op="typing", chat=siege.chats[0], x="x" * 60_000) * 4


def message(siege: Siege, number: int) -> bytes:
    return frame(op="msg.send", id=f"m{number}", chat=siege.chats[0], text="again")


def identity(siege: Siege, number: int) -> bytes:
    return frame(op="identify", id=f"i{number}", token=siege.tokens[0])


FLOODS = {
    "pings": Flood("conn_frames", pings),
    "small frames": Flood("conn_frames", small_frames),
    "bytes": Flood("conn_bytes", many_bytes),
    "messages": Flood("shopper_rate", message, pause_s=1 / 150, abuse_s=ABUSE_S),
    "identities": Flood("conn_frames", identity),
}


@pytest.fixture(params=["fast", "portable"])
async def siege(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncGenerator[Siege]:
    path: str = request.param
    async with besieged(tmp_path, path, FREE, trusted="10.0.0.0/8") as begun:
        yield begun


async def flooded(siege: Siege, flood: Flood, outcomes: Counter[str]) -> None:
    """Say it over and over until one is sent away; note the code."""
    async with raw(siege) as flooder:
        flooder.answers = False  # it is too busy
        await flooder.upgrade()
        await flooder.send(frame(op="hello", id="h", token=siege.tokens[0]))
        await flooder.read(messages=1)
        patience = flood.abuse_s + TICKS_S + LATE_S
        with trio.move_on_after(patience):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_insist, siege, flooder, flood)
                await flooder.read()
                nursery.cancel_scope.cancel()
        heard = flooder.heard
        ended = heard.code if heard.code or not heard.reset else "reset"
        outcomes[str(ended)] += 1


async def _insist(siege: Siege, flooder: Raw, flood: Flood) -> None:
    number = 0
    while True:
        number += 1
        try:
            await flooder.send(flood.said(siege, number))
        except trio.BrokenResourceError:
            return
        await trio.sleep(flood.pause_s)


async def counted(siege: Siege, limit: str) -> float:
    """Return how often the broker says that a limit was met."""
    got = await trio.to_thread.run_sync(httpx.get, siege.process.url + "/metrics")
    found = re.search(rf'limited_total{{limit="{limit}"}} (\S+)', got.text)
    assert found is not None
    return float(found[1])


@pytest.mark.parametrize("what", FLOODS)
async def test_a_flood_is_held_up_and_sent_away(
    siege: Siege, what: str, request: pytest.FixtureRequest
) -> None:
    flood = FLOODS[what]
    async with endured(siege, f"flood of {what}") as outcomes:
        async with trio.open_nursery() as nursery:
            for _ in range(FLOODERS):
                nursery.start_soon(flooded, siege, flood, outcomes)
        assert await counted(siege, flood.limit) >= FLOODERS
    if "fast" in request.node.name:
        assert outcomes.keys() <= {"4029", "reset"}
        assert outcomes["4029"] > 0
    else:
        # Under a flood the library's own close may come before it has said why.
        assert outcomes.keys() <= {"4029", "reset", "None"}
