"""Wakes chats at the moments they asked for, in memory or not.

Deadlines live in the chats' states and, for the start of the process, in the ticket
table; here is only what rings. They are on the wall's clock.
"""

from collections.abc import Callable
from math import inf

from actors.ids import ChatId, Millis
from actors.runtime.timers import Timers


class Alarm:
    """One chat's, in memory or not; a `Timer` and its call would be twice as large."""

    __slots__ = ("_alarms", "chat", "due", "slot")

    def __init__(self, alarms: "Alarms", chat: ChatId) -> None:
        self._alarms = alarms
        self.chat = chat
        self.due = inf
        self.slot = 0

    def fire(self) -> None:
        """Wake the chat."""
        self._alarms.fired(self.chat)


class Alarms:
    """At most one alarm a chat; `ring` is called when its time has come."""

    def __init__(self, wall: Timers, ring: Callable[[ChatId], None]) -> None:
        self._wall = wall
        self._ring = ring
        self._alarms: dict[ChatId, Alarm] = {}

    def __len__(self) -> int:
        """Return how many chats have one."""
        return len(self._alarms)

    def due(self, chat: ChatId) -> Millis | None:
        """Return when `chat` will be woken, if it will."""
        alarm = self._alarms.get(chat)
        return None if alarm is None else Millis(int(alarm.due * 1000))

    def set(self, chat: ChatId, due: Millis | None) -> None:
        """Have `chat` woken at `due` and at no other time, or not at all."""
        alarm = self._alarms.get(chat)
        if due is None:
            if alarm is not None:
                alarm.due = inf
                del self._alarms[chat]
            return
        if alarm is None:
            alarm = self._alarms[chat] = Alarm(self, chat)
        if alarm.due != due / 1000:
            self._wall.arm_at(alarm, due / 1000)

    def fired(self, chat: ChatId) -> None:
        """Hear that an alarm has gone off."""
        self._alarms.pop(chat, None)
        self._ring(chat)
