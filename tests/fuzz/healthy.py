"""One chat among the noise: says something all the time, and must always be answered.

A process of its own, so that its clock shows the broker's haste and not the attackers'.
It prints a line when it has been answered for the first time, talks until its standard
input ends, and prints how that went.
"""

import json
import os
import sys
from contextlib import suppress
from typing import NamedTuple

import trio
from trio_websocket import open_websocket_url

PAUSE_S = 0.02
PATIENCE_S = 5.0


class Account(NamedTuple):
    """How it went."""

    acked: int
    unanswered: int
    gaps: int
    """Answers that were not the next one of the chat."""
    p50_ms: float
    p99_ms: float
    worst_ms: float


async def talk(url: str, token: str) -> Account:
    took: list[float] = []
    unanswered = gaps = 0
    last = 0
    async with open_websocket_url(
        url, subprotocols=["shopwire.v1.json"], message_queue_size=1000
    ) as socket:

        async def ask(**frame: object) -> dict[str, object] | None:
            await socket.send_message(json.dumps(frame))
            with trio.move_on_after(PATIENCE_S):
                while True:
                    said = json.loads(await socket.get_message())
                    if said.get("re") == frame["id"]:
                        return dict(said)
            return None

        welcome = await ask(op="hello", id="h", token=token)
        assert welcome is not None
        assert welcome["t"] == "welcome", welcome
        started = await ask(op="chat.start", id="start", text="hello")
        assert started is not None
        sys.stdout.write("begun\n")
        sys.stdout.flush()
        async with trio.open_nursery() as nursery:
            told = trio.Event()
            nursery.start_soon(_listen, told)
            number = 0
            while not told.is_set():
                number += 1
                began = trio.current_time()
                answer = await ask(
                    op="msg.send", id=f"m{number}", chat=started["chat"], text="on"
                )
                if answer is None or answer["t"] != "ok":
                    unanswered += 1
                else:
                    took.append(trio.current_time() - began)
                    # By `prev`: a reminder to check in, after three minutes, has a seq
                    # that shoppers never see.
                    gaps += last not in {0, answer["prev"]}
                    last = int(str(answer["seq"]))
                await trio.sleep(PAUSE_S)
    took.sort()

    def percentile(part: float) -> float:
        return round(1000 * took[int(part * (len(took) - 1))], 2) if took else 0.0

    return Account(
        len(took), unanswered, gaps, percentile(0.5), percentile(0.99), percentile(1)
    )


async def _listen(told: trio.Event) -> None:
    await trio.to_thread.run_sync(sys.stdin.read, abandon_on_cancel=True)
    told.set()


if __name__ == "__main__":
    # Who is begun by attackers that give way has their priority, and root its own back.
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, 0)
    account = trio.run(talk, sys.argv[1], sys.argv[2])
    sys.stdout.write(json.dumps(account) + "\n")
