"""What somebody may ask for who has not signed in (spec F1, F35).

With the bot they may talk where the shop lets everybody, and with nobody else. What
runs goes on when the shop hides the tab from visitors: a new chat alone is refused.
"""

from typing import TYPE_CHECKING

from broker.wire.frames import ChatStart, ClientFrame, Err

if TYPE_CHECKING:
    from broker.peer import Peer
    from broker.requests import Request


def may_ask(peer: "Peer", request: "Request", said: ClientFrame | Err) -> bool:
    """Return whether this operation is for this role, or for this visitor."""
    if peer.role in request.roles:
        return True
    if not request.to_bot:
        return False
    begins = isinstance(said, ChatStart)
    return talks_to_bot(peer) if begins else has_talk(peer)


def talks_to_bot(peer: "Peer") -> bool:
    """Return whether this is a visitor who may begin a chat with the site's bot."""
    if peer.role != "visitor":
        return False
    rules = peer.house.sites.rules_of(peer.site)
    return rules.bot and rules.settings.chat.login_status == "all_users"


def has_talk(peer: "Peer") -> bool:
    """Return whether this is a visitor with a chat, or who may begin one."""
    return peer.role == "visitor" and (peer.goes_on or talks_to_bot(peer))
