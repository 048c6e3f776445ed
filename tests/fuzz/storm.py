"""`python -m tests.fuzz.storm`: many are told much, and some of them never read.

All listen to one chat, whose shopper says more than a standing reader's buffers hold.
The others must not notice; the slow are cut off, and lose nothing by it.
"""

import argparse
import re
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import trio

from tests.edge.raw import Raw, request
from tests.fuzz.siege import Siege, besieged
from tests.wire.joined import TEXT, masked

READERS, SLOW = 200, 20
PERIOD_S = 0.03
"""Between two messages: with their length, some 270 KB/s for each listener."""
LENGTH = 8000
"""Of a message: text is limited to 8,192 bytes."""
CALM_S = 5.0
"""Seconds in which nobody is slow, to compare with."""
WITHIN_S = 15.0
"""Seconds in which who does not read is cut off: 10 s of standstill, once the kernel's
buffers are full, or a full outbox before."""
TINY = 4096
"""Bytes that the kernel is asked to keep for one who does not read."""


class Latency(NamedTuple):
    """How long the readers waited for what the shopper said, in milliseconds."""

    p50: float
    p99: float


class Outcome(NamedTuple):
    """How a storm went."""

    said: int
    calm: Latency
    stormy: Latency
    codes: dict[str, int]
    """How the slow were closed."""
    cut_off_s: float
    """After the first of the storm's messages, the last of the slow was cut off."""
    complete: int
    """How many of the slow had everything in the end."""

    @property
    def ratio(self) -> float:
        """How much longer the readers waited with the slow among them."""
        return self.stormy.p99 / self.calm.p99


class Listener:
    """One connection to the chat, by hand."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.position = 0

    async def say(self, **frame: object) -> None:
        await self.raw.send(masked(TEXT, msgspec.json.encode(frame)))

    def take(self) -> list[dict[str, Any]]:
        """Return the events that have come, which must follow one upon another."""
        events: list[dict[str, Any]] = []
        for message in self.raw.heard.messages:
            frame = msgspec.json.decode(message)
            if frame["t"] == "ev":
                assert frame["prev"] == self.position, "a gap, or twice"
                self.position = frame["seq"]
                events.append(frame)
        self.raw.heard.messages.clear()
        return events


class Storm:
    """The chat, those who listen to it, and what is said."""

    def __init__(self, siege: Siege) -> None:
        self.siege = siege
        self.chat = siege.chats[0]
        self.waits: list[float] = []
        """Of every message for every reader."""
        self.said = 0
        self._raws: list[Raw] = []

    async def close(self) -> None:
        """Hang up everywhere."""
        for raw in self._raws:
            await raw.close()

    async def dial(self, *, slow: bool = False) -> Listener:
        """Return a connection that owes a hello."""
        sock = trio.socket.socket()
        if slow:
            # Before it connects: later the window has been announced.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, TINY)
        await sock.connect(self.siege.address)
        raw = Raw(trio.SocketStream(sock))
        self._raws.append(raw)
        await raw.upgrade(request())
        return Listener(raw)

    async def listen(self, *, slow: bool = False, after: int = 0) -> Listener:
        """Return somebody who has asked for the chat."""
        listener = await self.dial(slow=slow)
        listener.position = after
        await listener.say(op="hello", id="h", token=self.siege.tokens[-1])
        await listener.raw.read(messages=1)
        await listener.say(op="chat.open", id="o", chat=self.chat, after=after)
        return listener

    async def read(self, listener: Listener) -> None:
        """Take everything at once, and note how long it was on its way."""
        while True:
            heard = await listener.raw.read(messages=1)
            now = trio.current_time()
            for event in listener.take():
                text = str(event["body"].get("text", ""))
                if text.startswith("@"):
                    self.waits.append(now - float(text[1:].split(maxsplit=1)[0]))
            if heard.code is not None:
                raise AssertionError(f"a reader was closed with {heard.code}")

    async def talk(self, shopper: Listener, seconds: float) -> None:
        """Say something every `PERIOD_S`, with the time in it."""
        end = trio.current_time() + seconds
        while trio.current_time() < end:
            self.said += 1
            text = f"@{trio.current_time()} ".ljust(LENGTH, "x")
            await shopper.say(
                op="msg.send", id=f"s{self.said}", chat=self.chat, text=text
            )
            await trio.sleep(PERIOD_S)

    def latency(self) -> Latency:
        """Return how it was since this was last asked."""
        waits, self.waits = sorted(self.waits), []
        share = (waits[int(part * (len(waits) - 1))] for part in (0.5, 0.99))
        return Latency(*(round(1000 * wait, 2) for wait in share))


async def storm(folder: Path, path: str) -> Outcome:
    """Let it come over a broker served by `path`; return how that went."""
    async with besieged(folder, path) as siege:
        gathered = Storm(siege)
        try:
            return await _weathered(gathered)
        finally:
            await gathered.close()


async def _weathered(gathered: Storm) -> Outcome:
    # Made once: to make one stops this process, which measures, for 30 ms.
    web = httpx.AsyncClient(base_url=gathered.siege.process.url)
    async with web, trio.open_nursery() as nursery:
        for _ in range(READERS):
            nursery.start_soon(gathered.read, await gathered.listen())
        slow = [await gathered.listen(slow=True) for _ in range(SLOW)]
        shopper = await _shopper(gathered)
        nursery.start_soon(_ignore, shopper)
        everybody = await connections(web)
        async with trio.open_nursery() as reading:
            # Until the storm they read like the others.
            for listener in slow:
                reading.start_soon(gathered.read, listener)
            await gathered.talk(shopper, CALM_S)
            reading.cancel_scope.cancel()
        calm = gathered.latency()
        began = trio.current_time()
        async with trio.open_nursery() as talking:
            talking.start_soon(gathered.talk, shopper, WITHIN_S)
            with trio.move_on_after(WITHIN_S):
                while await connections(web) > everybody - SLOW:  # noqa: ASYNC110  # a process
                    await trio.sleep(0.5)
            cut_off = trio.current_time() - began
        stormy = gathered.latency()
        codes, complete = await _come_back(gathered, slow)
        nursery.cancel_scope.cancel()
    return Outcome(gathered.said, calm, stormy, codes, cut_off, complete)


async def _shopper(gathered: Storm) -> Listener:
    listener = await gathered.dial()
    await listener.say(op="hello", id="h", token=gathered.siege.tokens[0])
    await listener.raw.read(messages=1)
    return listener


async def _ignore(listener: Listener) -> None:
    """Read the answers, for nobody."""
    while True:
        await listener.raw.read(messages=1)
        listener.raw.heard.messages.clear()


async def _come_back(
    gathered: Storm, slow: list[Listener]
) -> tuple[dict[str, int], int]:
    """Have the slow read what they were sent, and take up where that ended."""
    codes: dict[str, int] = {}
    complete = 0
    for listener in slow:
        heard = await listener.raw.read()
        codes[str(heard.code)] = codes.get(str(heard.code), 0) + 1
        listener.take()
        again = await gathered.listen(after=listener.position)
        complete += await _all_is_there(again, gathered.said)
    return codes, complete


async def _all_is_there(listener: Listener, said: int) -> bool:
    """Return whether the chat is told to its end, without a gap."""
    while True:
        await listener.raw.read(messages=1)
        last = msgspec.json.decode(listener.raw.heard.messages[-1])
        listener.take()
        if last["t"] == "live":
            return bool(listener.position == last["upto"] and last["upto"] > said)


async def connections(web: httpx.AsyncClient) -> int:
    """Return how many the broker counts."""
    read = (await web.get("/metrics")).text
    found = re.search(r"^shopwire_connections(?:{[^}]*})? ([0-9]+)", read, re.MULTILINE)
    assert found is not None
    return int(found[1])


def main() -> None:
    """Let a storm come, say how it went; exit 1 if anybody was hurt."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.storm")
    parser.add_argument("--path", choices=["fast", "portable"], default="fast")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = trio.run(storm, Path(folder), chosen.path)
    sys.stdout.write(f"{outcome}\nthe readers' p99: {outcome.ratio:.2f}x\n")
    fine = outcome.codes == {"4008": SLOW} and outcome.complete == SLOW
    sys.exit(0 if fine and outcome.cut_off_s < WITHIN_S else 1)


if __name__ == "__main__":
    main()
