"""Lists show at once what somebody is called now (F18).

A name is no event of a chat, so the chats are told, and show their rows anew.
"""

import sqlite3

import msgspec

from actors.cells.chat import ChatCell
from actors.cells.names import called
from actors.cells.orders import Rename
from actors.ids import ChatId
from actors.runtime.system import Kind
from storage import blocks
from storage.accounts import Profile


class Renamed(msgspec.Struct, frozen=True):
    """A person as they are now, and their unclosed chats if that changed their name."""

    profile: Profile
    chats: tuple[str, ...] = ()

    def tell(self, kind: Kind[ChatCell]) -> None:
        """Have the chats show it; call it when it is durable."""
        for chat in self.chats:
            kind.tell(ChatId(chat), Rename(called(self.profile)))


def renamed(db: sqlite3.Connection, old: Profile | None, new: Profile) -> Renamed:
    """Return what `new` changes for those who see the person who was `old`."""
    if old is None or called(old) == called(new):
        return Renamed(new)
    return Renamed(new, tuple(blocks.unclosed(db, new.site, new.id)))
