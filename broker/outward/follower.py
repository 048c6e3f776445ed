"""Follows the journal, and has written down what is to leave because of it.

It walks behind the commits: a message pays nothing for it, and what was not looked at
when the process died is looked at after the next start.
"""

import logging
import sqlite3
from collections.abc import Awaitable, Callable

import trio

from storage.errors import Unwritable

AGAIN_S = 10.0
"""Seconds after a look that failed."""
UNWRITTEN = 10_000
"""Events of no interest, after which it is noted how far they were looked at."""

log = logging.getLogger(__name__)


class Follower:
    """Has looks be taken: one after another, and none in vain."""

    def __init__(
        self, name: str, step: Callable[[], Awaitable[bool]], apart: float
    ) -> None:
        """Call `step` until it says that there is no more; `apart`: seconds between.

        Where much happens there is then a look for many commits, and not one for each.
        """
        self._name = name
        self._step = step
        self._apart = apart
        self._woken = trio.Event()

    def wake(self) -> None:
        """Look: something was committed."""
        self._woken.set()

    async def run(self) -> None:
        """Follow, until cancelled."""
        while True:
            self._woken = trio.Event()
            try:
                while await self._step():
                    pass
            except (sqlite3.Error, Unwritable):
                log.exception("what is to leave by %s cannot be looked at", self._name)
                await trio.sleep(AGAIN_S)
                continue
            await self._woken.wait()
            await trio.sleep(self._apart)
