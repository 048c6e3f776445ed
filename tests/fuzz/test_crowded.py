"""More arrivals than descriptors: those who are in live on, and the rest is told."""

import sys
from collections import Counter
from pathlib import Path

import pytest
import trio

from tests.edge.raw import Raw, dialled, request
from tests.fuzz.siege import FILES_MORE, besieged
from tests.system.client import Client

pytestmark = pytest.mark.slow

DESCRIPTORS = 256
"""All that the process may have open; a small container has no more."""
ARRIVALS = 1000
RESIDENTS = 20
"""Shoppers who are there already, each in a chat."""
TRUSTED, UNTRUSTED = "127.0.0.0/8", "10.0.0.0/8"
"""The network that is trusted: where the arrivals come from, or another."""
HOLD_S = 3
"""Seconds that everybody stays."""
FEW = (
    *("sh", "-c", f'ulimit -n {DESCRIPTORS}; exec "$0" "$@"'),
    *(sys.executable, "-m", "broker", "serve"),
)
FREE = """\
per_ip_new = 5000
per_ip_visitors = 5000
unauthenticated = 5000
shopper_rate = 1000
shopper_burst = 1000
"""
"""So that nothing but the number of descriptors stands in the way."""


@pytest.mark.parametrize("path", ["fast", "portable"])
@pytest.mark.parametrize("trusted", [TRUSTED, UNTRUSTED])
async def test_a_thousand_arrivals_for_256_descriptors(
    tmp_path: Path, path: str, trusted: str
) -> None:
    async with (
        besieged(tmp_path, path, FREE, trusted=trusted, command=FEW) as siege,
        trio.open_nursery() as nursery,
    ):
        quiet = siege.state()
        residents: list[Client] = []
        for token in siege.tokens[:RESIDENTS]:
            resident = await siege.process.connect(nursery)
            await resident.hello(token=token)
            residents.append(resident)
        outcomes: Counter[str] = Counter()
        async with siege.healthy() as accounts, trio.open_nursery() as arriving:
            for _ in range(ARRIVALS):
                arriving.start_soon(_arrive, siege.process.url, outcomes)
            await trio.sleep(HOLD_S)
            for number, resident in enumerate(residents):
                chat = siege.chats[number]
                said = await resident.ask("msg.send", chat=chat, text="still here")
                assert said["t"] == "ok"
        print(path, trusted, outcomes, accounts)  # noqa: T201  # for who runs it with -s
        (account,) = accounts
        assert account.acked > 0
        assert (account.unanswered, account.gaps) == (0, 0)
        assert outcomes["101"] > 0
        if (path, trusted) == ("fast", UNTRUSTED):
            # Told at once, and when to come again. Where each one costs a task, so
            # many at a time are told and the others hung up on.
            assert outcomes["503"] > ARRIVALS // 2
        # Who comes when they have left finds room.
        late = await siege.process.connect(nursery)
        assert (await late.hello(token=siege.tokens[0]))["t"] == "welcome"
        await late.cut()
        for resident in residents:
            await resident.cut()
        after = await siege.calm(quiet.files)
        assert after.pid == quiet.pid
        assert after.files <= quiet.files + FILES_MORE
        assert siege.complaints() == []
        nursery.cancel_scope.cancel()


async def _arrive(url: str, outcomes: Counter[str]) -> None:
    """Ask to be let in, and stay for a while with whatever came of it."""
    raw: Raw | None = None
    try:
        with trio.move_on_after(HOLD_S):
            raw = await dialled(url)
            await raw.send(request())
            head = await raw.head()
            outcomes[head.split()[1].decode() if head else "nothing"] += 1
            if b" 503 " in head:
                assert b"retry-after" in head.lower()
            await trio.sleep(HOLD_S)
    except (OSError, trio.BrokenResourceError):
        # Of very many at once, not each one's answer is waited for.
        outcomes["reset"] += 1
    finally:
        if raw is not None:
            await raw.close()
