"""A caller that is no connection: it has one question, and hears one answer."""

from actors.chat.events import Event
from actors.ids import ChatId
from actors.refusals import Reason
from storage.records import Record


class Detached:
    """What such a caller has to say to all but the answer: nothing."""

    insider = False

    @property
    def connection(self) -> object:
        """Itself: nobody stands between."""
        return self

    def barred(self, chat: ChatId, re: str) -> Reason | None:
        """Return that nothing is in the way: nothing was asked before."""
        del chat, re
        return None

    def attach(self, chat: ChatId) -> None:
        """Listen to nothing."""

    def history(
        self, re: str, chat: ChatId, page: list[tuple[Record, Event]], *, more: bool
    ) -> None:
        """Take nothing, for nothing of the past was asked for."""
