"""Reading a log as far as a test wants to."""

from contextlib import aclosing

import trio

from broker.cluster.ports import Entry, Log

PATIENCE_S = 20
"""An election of JetStream's takes five."""


async def taken(log: Log, count: int, after: int = 0) -> list[Entry]:
    """Return the next entries, waiting for them."""
    found: list[Entry] = []
    with trio.fail_after(PATIENCE_S):
        async with aclosing(log.follow(after)) as entries:
            async for entry in entries:
                found.append(entry)
                if len(found) == count:
                    break
    return found
