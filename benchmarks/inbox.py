"""`python -m benchmarks.inbox`: what lists cost, with many tickets and many watchers.

A broker without sockets or threads, its tickets written straight into the journal. The
clients' own work is left out: what they are sent is dropped.
"""

import argparse
import gc
import resource
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import trio
from sqlite_utils import Database

from actors.ids import ChatId, encode_id, stream_of
from benchmarks.house import Guest, House
from broker.office.requests import MintToken
from broker.server import Broker
from broker.wire.codec import MSGPACK
from broker.wire.frames import InboxOpen
from storage.records import TicketRow
from storage.rows import UPSERT_TICKET

TICKETS, AGENTS, ROUNDS = 100_000, 200, 50
APART = 1 << 70
"""Between two chat ids, whose low bits are a secret."""
VIEWS = ("all", "mine", "unassigned")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inbox")
    parser.add_argument("--tickets", type=int, default=TICKETS)
    parser.add_argument("--agents", type=int, default=AGENTS)
    asked = parser.parse_args()
    trio.run(partial(measure, asked.tickets, asked.agents))


async def measure(tickets: int, agents: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        async with Broker.open(Path(folder), virtual=True) as broker:
            await broker.change(partial(fill, tickets=tickets))
            house = House(broker, MSGPACK)
            guests = [
                await house._guest(
                    await house._token(MintToken(role="agent", sub=f"agent-{number}"))
                )
                for number in range(agents)
            ]
            gc.collect()
            before = resident()
            first = await opened(broker, guests[0], "all")
            print(f"first inbox.open, {tickets} unclosed tickets: {first:.0f} ms")
            print(f"memory of the tickets: {resident() - before:.0f} MiB")
            for guest in guests[1:]:
                await opened(broker, guest, "all")
            for view in VIEWS:
                took = [await opened(broker, guests[0], view) for _ in range(ROUNDS)]
                print(f"inbox.open {view}, 200 rows: {median(took):.2f} ms")
            await opened(broker, guests[0], "all")
            print(f"one change, {agents} watchers: {changes(broker, guests):.2f} ms")


def fill(db: Database, tickets: int) -> None:
    """Write rows as so many chats would have left them: one in ten is somebody's."""
    now = int(time.time() * 1000)
    db.conn.executemany(
        UPSERT_TICKET, [row_of(number, now - number) for number in range(tickets)]
    )


def row_of(number: int, at: int) -> TicketRow:
    chat = encode_id((number + 1) * APART)
    stream = stream_of(ChatId(chat))
    assert stream is not None
    return TicketRow(
        stream=stream,
        chat=chat,
        site="default",
        profile=encode_id(number),
        channel="chat",
        status="open",
        until=None,
        assignee=f"agent-{number % 200}" if number % 10 == 0 else None,
        control="humans",
        preview="Hello, where is my order? It was to come yesterday.",
        waiting_since=at,
        opened_at=at,
        last_at=at,
        closed_at=None,
        seq=5,
        due=None,
        previous=None,
        shopper_said=5,
        said_by=f"shopper:{encode_id(number)}",
    )


async def opened(broker: Broker, guest: Guest, view: str) -> float:
    """Return the milliseconds of CPU until a page has come."""
    began = time.process_time()
    await guest.line.send(InboxOpen("open", view, limit=200))
    while True:
        frame: dict[str, Any] = await guest.line.receive()
        if frame.get("re") == "open":
            break
    took = (time.process_time() - began) * 1000
    assert frame["t"] == "ok", frame
    del broker
    return took


def changes(broker: Broker, guests: list[Guest]) -> float:
    """Return the milliseconds in which one message is shown to everybody's list."""
    now = int(time.time() * 1000)
    hub, system = broker.hub, broker.system
    took: list[float] = []
    for number in range(ROUNDS):
        row = row_of(number * 7 + 1, now)._replace(seq=6 + number, shopper_said=6)
        took.append(timed(partial(hub.listed, row, "Sara", ()), system.run))
        for guest in guests:
            guest.line._outbound.clear()
            guest.line._size = 0
    return median(took)


def timed(*calls: Callable[[], object]) -> float:
    began = time.process_time()
    for call in calls:
        call()
    return (time.process_time() - began) * 1000


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def resident() -> float:
    """Return the MiB that the process has ever had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
