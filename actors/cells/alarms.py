"""Wakes chats at the moments they asked for, in memory or not.

Deadlines live in the chats' states and, for the start of the process, in the ticket
table; here is only what rings. They are on the wall's clock.
"""

from collections.abc import Callable
from functools import partial

from actors.ids import ChatId, Millis
from actors.runtime.timers import Timer, Timers


class Alarms:
    """At most one alarm a chat; `ring` is called when its time has come."""

    def __init__(self, wall: Timers, ring: Callable[[ChatId], None]) -> None:
        self._wall = wall
        self._ring = ring
        self._timers: dict[ChatId, Timer] = {}

    def __len__(self) -> int:
        """Return how many chats have one."""
        return len(self._timers)

    def set(self, chat: ChatId, due: Millis | None) -> None:
        """Have `chat` woken at `due` and at no other time, or not at all."""
        timer = self._timers.get(chat)
        if due is None:
            if timer is not None:
                timer.cancel()
                del self._timers[chat]
            return
        if timer is None:
            timer = self._timers[chat] = Timer(partial(self._fire, chat))
        if timer.due != due / 1000:
            self._wall.arm_at(timer, due / 1000)

    def _fire(self, chat: ChatId) -> None:
        self._timers.pop(chat, None)
        self._ring(chat)
