"""Passes on who types in a chat and who views it, and ends that when signs stop."""

from actors.cells.orders import Sign
from actors.cells.ports import Audience
from actors.chat.events import (
    Closed,
    ControlChanged,
    Event,
    Noted,
    Said,
    TurnTaken,
)
from actors.chat.signs import Key, Signs
from actors.ids import AGENT, BOT, ChatId, Millis, Person
from actors.runtime.actor import Actor
from actors.runtime.timers import Timer, Timers


class SignWatch:
    """Made when somebody gives a sign, dropped when nobody does."""

    __slots__ = ("_audience", "_chat", "_signs", "_timer", "_timers")

    def __init__(self, actor: Actor, audience: Audience, timers: Timers) -> None:
        self._chat = ChatId(actor.key)
        self._audience = audience
        self._timers = timers
        self._signs = Signs()
        self._timer = Timer(actor.guarded(self._look))

    @property
    def quiet(self) -> bool:
        """Whether nobody does anything."""
        return not self._signs.by

    def take(self, sign: Sign) -> None:
        """Take a sign that is on, or off."""
        key = (sign.by, sign.what)
        if not sign.on:
            self._stop(key)
            return
        # Who views is for agents to know, as is who writes a note.
        inside = sign.what == "viewing" or (sign.note and sign.by.startswith(AGENT))
        given = self._signs.by.get(key)
        if given is not None and given.inside != inside:
            # Who may know of the one need not be who may know of the other.
            self._stop(key)
        if self._signs.give(key, self._now(), inside=inside):
            self._tell(key, on=True, inside=inside)
        self._look_later()

    def left(self, who: Person) -> None:
        """End all that `who` was doing."""
        for key in self._signs.of(who):
            self._stop(key)

    def happened(self, event: Event) -> None:
        """End what `event` puts an end to."""
        if isinstance(event.body, Said | Noted):
            self._stop((event.by, "typing"))
        elif isinstance(event.body, TurnTaken | ControlChanged):
            self._stop((BOT, "thinking"))
        elif isinstance(event.body, Closed):
            for key in tuple(self._signs.by):
                self._stop(key)

    def repeat(self) -> None:
        """Tell what is still fresh again, for somebody who has just joined."""
        for key, given in self._signs.by.items():
            self._tell(key, on=True, inside=given.inside)

    def _stop(self, key: Key) -> None:
        given = self._signs.stop(key)
        if given is not None:
            self._tell(key, on=False, inside=given.inside)

    def _look(self) -> None:
        for key, given in self._signs.expired(self._now()):
            self._tell(key, on=False, inside=given.inside)
        self._look_later()

    def _look_later(self) -> None:
        end = self._signs.next_end()
        if end is not None:
            self._timers.arm(self._timer, max(0, end - self._now()) / 1000)

    def _tell(self, key: Key, *, on: bool, inside: bool) -> None:
        who, what = key
        self._audience.signal(self._chat, who, what, on=on, inside=inside)

    def _now(self) -> Millis:
        return Millis(int(self._timers.now() * 1000))
