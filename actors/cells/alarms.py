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

    def lapse(self) -> None:
        """Be forgotten."""
        self._alarms.lapsed(self.chat)


class Alarms:
    """At most one alarm a chat; `ring` is called when its time has come."""

    def __init__(self, wall: Timers, ring: Callable[[ChatId], None]) -> None:
        self._wall = wall
        self._ring = ring
        self._alarms: dict[ChatId, Alarm] = {}
        """Those that are filed: one that was taken back waits there to be set again,
        for a chat is asked and answered many times before its slot comes."""
        self._many = 0

    def __len__(self) -> int:
        """Return how many chats have one."""
        return self._many

    def due(self, chat: ChatId) -> Millis | None:
        """Return when `chat` will be woken, if it will."""
        alarm = self._alarms.get(chat)
        if alarm is None or alarm.due == inf:
            return None
        return Millis(int(alarm.due * 1000))

    def set(self, chat: ChatId, due: Millis | None) -> None:
        """Have `chat` woken at `due` and at no other time, or not at all."""
        alarm = self._alarms.get(chat)
        if due is None:
            if alarm is not None and alarm.due < inf:
                alarm.due = inf
                self._many -= 1
            return
        if alarm is None:
            alarm = self._alarms[chat] = Alarm(self, chat)
        if alarm.due == inf:
            self._many += 1
        if alarm.due != due / 1000:
            self._wall.arm_at(alarm, due / 1000)

    def fired(self, chat: ChatId) -> None:
        """Hear that an alarm has gone off."""
        del self._alarms[chat]
        self._many -= 1
        self._ring(chat)

    def lapsed(self, chat: ChatId) -> None:
        """Hear that an alarm was taken back, and not set again before its time."""
        del self._alarms[chat]
