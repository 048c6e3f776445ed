"""Says what was refused, by code and number: who asked, and for what, is nobody's."""

import logging
from collections import Counter

import trio

from broker.limits import Tally, TurnedAway
from broker.wire.errors import Code

EVERY_S = 10
"""Seconds that refusals gather for one line: a client that asks in vain may do so fifty
times a second, and a thousand of them are no thousand lines."""

log = logging.getLogger(__name__)


class Refusals:
    """Reads a tally of refusals, and says what is new in it."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._told: Counter[Code] = Counter()
        self._told_http: Counter[TurnedAway] = Counter()

    async def run(self) -> None:
        """Go on for ever; the last of them are told at the end."""
        try:
            while True:
                await trio.sleep(EVERY_S)
                self.tell()
        finally:
            self.tell()

    def tell(self) -> None:
        """Log what was refused since the last time.

        A line for sockets and one for HTTP; none where nothing was.
        """
        fresh = self._tally.refused - self._told
        if fresh:
            self._told = self._tally.refused.copy()
            log.info("refused in %d s: %s", EVERY_S, _numbers(fresh))
        away = self._tally.turned_away - self._told_http
        if away:
            self._told_http = self._tally.turned_away.copy()
            said = Counter({f"{s} {code}": n for (s, code), n in away.items()})
            log.info("refused over HTTP in %d s: %s", EVERY_S, _numbers(said))


def _numbers(counted: Counter[str] | Counter[Code]) -> str:
    return ", ".join(f"{what} {number}" for what, number in counted.most_common())
