"""Passes on who types in a chat, and ends it when its signs stop."""

from actors.cells.ports import Audience
from actors.chat.typing import Typers
from actors.ids import ChatId, Millis, Person
from actors.runtime.actor import Actor
from actors.runtime.timers import Timer, Timers


class TypingWatch:
    """Made when somebody types, dropped when nobody does."""

    __slots__ = ("_audience", "_chat", "_timer", "_timers", "_typers")

    def __init__(self, actor: Actor, audience: Audience, timers: Timers) -> None:
        self._chat = ChatId(actor.key)
        self._audience = audience
        self._timers = timers
        self._typers = Typers()
        self._timer = Timer(actor.guarded(self._look))

    @property
    def quiet(self) -> bool:
        """Whether nobody types."""
        return not self._typers.by

    def sign(self, who: Person, *, note: bool) -> None:
        """Take a sign that `who` is typing."""
        typing = self._typers.by.get(who)
        if typing is not None and typing.note != note:
            # Who may know of the one need not be who may know of the other.
            self.stop(who)
        if self._typers.sign(who, self._now(), note=note):
            self._tell(who, on=True, note=note)
        self._look_later()

    def stop(self, who: Person) -> None:
        """End what `who` was typing, if anything."""
        typing = self._typers.stop(who)
        if typing is not None:
            self._tell(who, on=False, note=typing.note)

    def stop_all(self) -> None:
        """End all typing: the chat is over."""
        for who in tuple(self._typers.by):
            self.stop(who)

    def repeat(self) -> None:
        """Tell what is still fresh again, for somebody who has just joined."""
        for who, typing in self._typers.by.items():
            self._tell(who, on=True, note=typing.note)

    def _look(self) -> None:
        for who, typing in self._typers.expired(self._now()):
            self._tell(who, on=False, note=typing.note)
        self._look_later()

    def _look_later(self) -> None:
        end = self._typers.next_end()
        if end is not None:
            self._timers.arm(self._timer, max(0, end - self._now()) / 1000)

    def _tell(self, who: Person, *, on: bool, note: bool) -> None:
        self._audience.signal(self._chat, who, "typing", on=on, inside=note)

    def _now(self) -> Millis:
        return Millis(int(self._timers.now() * 1000))
