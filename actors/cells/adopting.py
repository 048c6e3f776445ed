"""A visitor's chat becomes the shopper's who they turned out to be (F2).

Asked of the shopper's own actor, which takes one thing at a time: no chat of theirs can
begin between the look for one and the answer.
"""

import sqlite3
from collections.abc import Callable
from typing import Protocol

import msgspec

from actors.cells.detached import Detached
from actors.cells.ports import Accepted
from actors.cells.starting import find_unclosed
from actors.ids import ANON, ChatId, Person
from actors.refusals import Refused
from storage import blocks


class Adopter(Protocol):
    """A connection whose visitor has signed in."""

    def adopted(self, chat: ChatId | None) -> None:
        """Hear which unclosed chat the shopper has now."""

    def turned_away(self) -> None:
        """Hear that it cannot be known now."""


class Adopt(msgspec.Struct, frozen=True):
    """Somebody was `visitor` until now."""

    visitor: Person
    adopter: Adopter


class Both(msgspec.Struct, frozen=True):
    """What the journal knows: the unclosed chats of the visitor, and of the shopper."""

    visitors: ChatId | None
    own: ChatId | None
    blocked: bool
    """Whether the shop wants nothing more of the shopper (F45)."""


class Adoption(Detached):
    """Hears from the visitor's chat what has become of it."""

    def __init__(self, done: Callable[[Refused | None], None]) -> None:
        self._done = done

    def accepted(self, answer: Accepted) -> None:
        """Hear that it is the shopper's, or over."""
        del answer
        self._done(None)

    def refused(
        self, re: str, chat: ChatId, refused: Refused, *, wrote: bool = True
    ) -> None:
        """Hear that it is somebody's already, or cannot be written to."""
        del re, chat, wrote
        self._done(refused)


def find_both(db: sqlite3.Connection, site: str, visitor: Person, profile: str) -> Both:
    """Return which chats there are."""
    return Both(
        find_unclosed(db, site, visitor.removeprefix(ANON)),
        find_unclosed(db, site, profile),
        blocks.is_blocked(db, site, profile),
    )
