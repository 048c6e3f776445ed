"""Says what was refused, by code and number: who asked, and for what, is nobody's."""

import logging
from collections import Counter

import trio

from broker.wire.errors import Code

EVERY_S = 10
"""Seconds that refusals gather for one line: a client that asks in vain may do so fifty
times a second, and a thousand of them are no thousand lines."""

log = logging.getLogger(__name__)


class Refusals:
    """Reads a tally of refusals, and says what is new in it."""

    def __init__(self, tally: Counter[Code]) -> None:
        self._tally = tally
        self._told: Counter[Code] = Counter()

    async def run(self) -> None:
        """Go on for ever."""
        while True:
            await trio.sleep(EVERY_S)
            self.tell()

    def tell(self) -> None:
        """Log one line of all that was refused since the last; none if nothing was."""
        fresh = self._tally - self._told
        if not fresh:
            return
        self._told = self._tally.copy()
        numbers = ", ".join(f"{code} {number}" for code, number in fresh.most_common())
        log.info("refused in %d s: %s", EVERY_S, numbers)
