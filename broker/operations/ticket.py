"""What becomes of the operations by which agents work on tickets."""

from typing import TYPE_CHECKING, NamedTuple

from msgspec import UNSET, UnsetType

from actors.cells.orders import Sign
from actors.chat.commands import (
    AnswerTransfer,
    Assign,
    Note,
    ReleaseControl,
    Snooze,
    Tag,
    TakeControl,
    Transfer,
    Wake,
)
from actors.ids import AgentId, stream_of
from actors.refusals import Reason, Refused
from broker import presets
from broker.operations.ordering import order
from broker.presets import PRESETS
from broker.wire import frames
from broker.wire.errors import Code, refuse

if TYPE_CHECKING:
    from broker.peer import Peer

TEAM = "team:"
"""What stands before the id of a team where an agent could be named."""


def note_add(peer: "Peer", said: frames.NoteAdd) -> None:
    """Leave a note."""
    now = peer.house.clock()
    order(peer, said.chat, Note(said.id, peer.who, peer.site, now, said.text))


def ticket_assign(peer: "Peer", said: frames.TicketAssign) -> None:
    """Give the ticket to an agent who may work, to a team, or to nobody."""
    now = peer.house.clock()
    command = Assign(said.id, peer.who, peer.site, now, *_target(peer, said))
    order(peer, said.chat, command)


def ticket_transfer(peer: "Peer", said: frames.TicketTransfer) -> None:
    """Hand the ticket on, or offer it."""
    command = Transfer(
        said.id,
        peer.who,
        peer.site,
        peer.house.clock(),
        *_target(peer, said),
        said.note,
        said.accept,
    )
    order(peer, said.chat, command)


def transfer_answer(peer: "Peer", said: frames.TransferAnswer) -> None:
    """Take a ticket that was offered, or do not."""
    now = peer.house.clock()
    order(peer, said.chat, AnswerTransfer(said.id, peer.who, peer.site, now, said.yes))


class Target(NamedTuple):
    """Where a ticket is to go."""

    to: AgentId | None
    team: str | UnsetType = UNSET
    spoilt: Refused | None = None
    """Why it cannot go there. For the chat to say, which knows a request that it has
    granted before, and one that changes nothing."""


def _target(peer: "Peer", said: frames.TicketAssign | frames.TicketTransfer) -> Target:
    """Return the agent or the team that `said` names."""
    to, house = said.to, peer.house
    if to is None:
        return Target(None)
    if to.startswith(TEAM):
        team = house.sites.rules_of(peer.site).team(to.removeprefix(TEAM))
        if team is not None:
            return Target(None, team.id)
    else:
        account = house.sites.agent(peer.site, to)
        if account is not None and account.disabled_at is None:
            free = said.force or to == peer.sub
            return Target(to, UNSET, None if free else _no_room(peer, to))
    return Target(to, UNSET, Refused(Reason.NOT_FOUND, path="$.to"))


def _no_room(peer: "Peer", agent: AgentId) -> Refused | None:
    """Return why an agent should not be given more, or `None`."""
    standing = peer.house.standing(peer.site, agent)
    if standing.presence == "offline":
        return Refused(Reason.AGENT_OFFLINE, path="$.to")
    most = peer.house.sites.rules_of(peer.site).settings.assignment.max_chats
    if standing.tickets >= most:
        return Refused(Reason.AGENT_FULL, path="$.to")
    return None


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
    command = Snooze(said.id, peer.who, peer.site, now, until, said.if_head)
    order(peer, said.chat, command)


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


def view(peer: "Peer", said: frames.View) -> None:
    """Pass on that an agent looks at a chat; one that cannot be is ignored."""
    if stream_of(said.chat) is not None:
        sign = Sign(peer.who, peer.site, "viewing", said.on)
        peer.house.chats.tell(said.chat, sign)
