"""What becomes of the operations by which agents work on tickets."""

from typing import TYPE_CHECKING

from actors.chat.commands import (
    Assign,
    Note,
    ReleaseControl,
    Snooze,
    Tag,
    TakeControl,
    Wake,
)
from broker import presets
from broker.operations.ordering import order
from broker.presets import PRESETS
from broker.wire import frames
from broker.wire.errors import Code, refuse

if TYPE_CHECKING:
    from broker.peer import Peer


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
    now, until = peer.house.clock(), said.until
    if said.preset in PRESETS:
        rules = peer.house.sites.rules_of(peer.site)
        until = presets.until(said.preset, rules, now)
    elif said.preset is not None:
        why = "is no preset here"
        peer.say(refuse(said.id, Code.BAD_FRAME, path="$.preset", reason=why))
        return
    elif until is None:
        why = "needs until or preset"
        peer.say(refuse(said.id, Code.BAD_FRAME, path="$.until", reason=why))
        return
    order(peer, said.chat, Snooze(said.id, peer.who, peer.site, now, until))


def ticket_wake(peer: "Peer", said: frames.TicketWake) -> None:
    """Bring the ticket back."""
    order(peer, said.chat, Wake(said.id, peer.who, peer.site, peer.house.clock()))


def ticket_tag(peer: "Peer", said: frames.TicketTag) -> None:
    """Put tags on and take tags off."""
    now = peer.house.clock()
    order(
        peer,
        said.chat,
        Tag(said.id, peer.who, peer.site, now, said.add, said.remove),
    )


def control_take(peer: "Peer", said: frames.ControlTake) -> None:
    """Answer in the bot's place."""
    now = peer.house.clock()
    order(peer, said.chat, TakeControl(said.id, peer.who, peer.site, now))


def control_release(peer: "Peer", said: frames.ControlRelease) -> None:
    """Give the chat back to the bot."""
    now = peer.house.clock()
    order(peer, said.chat, ReleaseControl(said.id, peer.who, peer.site, now))
