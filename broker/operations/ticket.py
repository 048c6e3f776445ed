"""What becomes of the operations by which agents work on tickets."""

from typing import TYPE_CHECKING

from actors.chat.commands import Assign, Note, Snooze, Wake
from actors.ids import Millis
from broker.operations.ordering import order
from broker.wire import frames
from broker.wire.errors import Code, refuse

if TYPE_CHECKING:
    from broker.peer import Peer

LATER_TODAY = Millis(3 * 3600 * 1000)
ONE_WEEK = Millis(7 * 24 * 3600 * 1000)
"""Presets of a snooze that need no calendar (F17)."""


def note_add(peer: "Peer", said: frames.NoteAdd) -> None:
    """Leave a note."""
    now = peer.house.clock()
    order(peer, said.chat, Note(said.id, peer.who, peer.site, now, said.text))


def ticket_assign(peer: "Peer", said: frames.TicketAssign) -> None:
    """Give the ticket to an agent who may work, or to nobody."""
    if said.to is not None:
        account = peer.house.sites.agent(peer.site, said.to)
        if account is None or account.disabled_at is not None:
            peer.say(refuse(said.id, Code.NOT_FOUND, path="$.to"))
            return
    now = peer.house.clock()
    order(peer, said.chat, Assign(said.id, peer.who, peer.site, now, said.to))


def ticket_snooze(peer: "Peer", said: frames.TicketSnooze) -> None:
    """Put the ticket aside for the time that was said, or a preset."""
    now = peer.house.clock()
    until = said.until
    match said.preset:
        case None if until is None:
            why = "needs until or preset"
            peer.say(refuse(said.id, Code.BAD_FRAME, path="$.until", reason=why))
            return
        case None | "next_reply":
            pass
        case "later_today":
            until = Millis(now + LATER_TODAY)
        case "one_week":
            until = Millis(now + ONE_WEEK)
        case _:
            why = "is no preset here"
            peer.say(refuse(said.id, Code.BAD_FRAME, path="$.preset", reason=why))
            return
    order(peer, said.chat, Snooze(said.id, peer.who, peer.site, now, until))


def ticket_wake(peer: "Peer", said: frames.TicketWake) -> None:
    """Bring the ticket back."""
    order(peer, said.chat, Wake(said.id, peer.who, peer.site, peer.house.clock()))
