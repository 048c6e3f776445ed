"""Whose chat it is, asked of the chat itself: it knows who may know."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from actors.cells.orders import Inquire
from actors.ids import ChatId, ProfileId, stream_of
from actors.refusals import Reason, Refused

if TYPE_CHECKING:
    from broker.peer import Peer


class Asker(msgspec.Struct, frozen=True):
    """Waits for the answer on behalf of one request."""

    then: Callable[[ProfileId], None]
    otherwise: Callable[[Refused], None]

    def found(self, profile: ProfileId) -> None:
        """Go on with the person."""
        self.then(profile)

    def refused(self, refused: Refused) -> None:
        """Go on without."""
        self.otherwise(refused)


def ask_whose(peer: "Peer", chat: ChatId, asker: Asker) -> None:
    """Have `asker` hear whose chat it is, if the peer may know."""
    chats = peer.house.chats
    if chats.get(chat) is None and stream_of(chat) is None:
        asker.refused(Refused(Reason.NOT_FOUND))
    else:
        chats.tell(chat, Inquire(peer.who, peer.site, asker))
