"""Writes that are to be tried again before any later ones (protocol section 6)."""

from typing import NamedTuple

from actors.ids import ChatId
from actors.refusals import Reason

BARRED_S = 5.0
"""Seconds that later writes wait for one that is to be tried again."""


class Bar(NamedTuple):
    """One of them."""

    re: str
    reason: Reason
    until: float


class Bars:
    """Those of one connection, at most one for each chat."""

    __slots__ = ("_bars",)

    def __init__(self) -> None:
        self._bars: dict[ChatId, Bar] = {}

    def add(self, chat: ChatId, re: str, reason: Reason, now: float) -> None:
        """Let later writes to `chat` wait for `re`, unless they wait for another."""
        bar = self._bars.get(chat)
        if bar is None or bar.re == re or bar.until <= now:
            self._bars[chat] = Bar(re, reason, now + BARRED_S)

    def against(self, chat: ChatId, re: str, now: float) -> Reason | None:
        """Return why `re` has to wait; what is waited for ends the wait."""
        bar = self._bars.get(chat)
        if bar is None:
            return None
        if re != bar.re and now < bar.until:
            return bar.reason
        del self._bars[chat]
        return None


def door_of(chat: ChatId) -> ChatId:
    """Return a name for bars to what has not been sent to `chat` at all."""
    return ChatId(f"{chat}?")
