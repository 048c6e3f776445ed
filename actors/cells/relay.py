"""Stands between a chat and whoever starts it, to know when the start is over."""

from typing import Protocol

from actors.cells.ports import Accepted, Caller
from actors.chat.events import Event
from actors.ids import ChatId
from actors.refusals import Reason, Refused
from storage.records import Record

OVER = (Reason.CHAT_CLOSED, Reason.NOT_FOUND)
"""What is said to who starts in a chat that has ended, or is another's by now."""


class Done(Protocol):
    """Whoever waits for the end of a start."""

    def __call__(self, *, again: bool) -> None:
        """Hear that it is over, or has to be made again."""


class Relay:
    """A caller on behalf of another, for one request."""

    def __init__(
        self, caller: Caller, chat: ChatId, done: Done, *, retry: bool
    ) -> None:
        """Call `done` with the answer's arrival; `chat` is the one the caller knows.

        With `retry`, a start that met a chat just closed is not answered: `done` hears
        that it has to be made again.
        """
        self.insider = caller.insider
        self.connection = caller.connection
        self._caller = caller
        self._chat = chat
        self._done = done
        self._retry = retry

    def accepted(self, answer: Accepted) -> None:
        """Pass the answer on."""
        self._done(again=False)
        self._caller.accepted(answer)

    def refused(
        self, re: str, chat: ChatId, refused: Refused, *, wrote: bool = True
    ) -> None:
        """Try again if the chat was closed since it was found; else pass it on.

        Of a chat that was not to be, the caller hears no id.
        """
        del chat
        if self._retry and refused.reason in OVER:
            self._done(again=True)
        else:
            self._done(again=False)
            self._caller.refused(re, self._chat, refused, wrote=wrote)

    def barred(self, chat: ChatId, re: str) -> Reason | None:
        """Pass the question on."""
        return self._caller.barred(chat, re)

    def attach(self, chat: ChatId) -> None:
        """Pass it on."""
        self._caller.attach(chat)

    def history(
        self, re: str, chat: ChatId, page: list[tuple[Record, Event]], *, more: bool
    ) -> None:
        """Pass it on."""
        self._caller.history(re, chat, page, more=more)
