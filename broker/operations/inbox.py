"""What becomes of the operations on the list of tickets."""

from typing import TYPE_CHECKING

from actors.cells.watching import Count, Mark, Open
from actors.desk.views import View
from actors.ids import AgentId, stream_of
from broker.inbox import InboxWatch, behind
from broker.wire import frames
from broker.wire.errors import Code, refuse

if TYPE_CHECKING:
    from broker.peer import Peer


def inbox_open(peer: "Peer", said: frames.InboxOpen) -> None:
    """List a view and watch it; what was watched before is not any more."""
    place = None
    if said.cursor is not None:
        place = behind(said.cursor, said.status)
        if place is None or said.after is not None:
            why = "is of no use here"
            peer.say(refuse(said.id, Code.BAD_FRAME, path="$.cursor", reason=why))
            return
    if peer.inbox is None:
        peer.inbox = InboxWatch(peer)
    opened = Open(said.id, peer.inbox, _view(peer, said), said.limit, place, said.after)
    peer.house.inboxes.tell(peer.site, opened)


def inbox_close(peer: "Peer", said: frames.InboxClose) -> None:
    """Watch no more."""
    if peer.inbox is not None:
        watch, peer.inbox = peer.inbox, None
        watch.end()
    peer.say(frames.Ok(said.id))


def ticket_unread(peer: "Peer", said: frames.TicketUnread) -> None:
    """Flag a ticket for the asker."""
    stream = stream_of(said.chat)
    if stream is None:
        peer.say(refuse(said.id, Code.NOT_FOUND))
        return
    mark = Mark(said.id, said.chat, stream, AgentId(peer.sub), peer)
    peer.house.inboxes.tell(peer.site, mark)


def stats(peer: "Peer", said: frames.Stats) -> None:
    """Count what there is to do."""
    site = f"{peer.site}/"
    online = tuple(
        AgentId(agent.key.removeprefix(site))
        for agent in peer.house.agents
        if agent.key.startswith(site) and agent.state.presence == "online"
    )
    watch = peer.inbox or InboxWatch(peer)
    peer.house.inboxes.tell(peer.site, Count(said.id, watch, online))


def _view(peer: "Peer", said: frames.InboxOpen) -> View:
    agent = AgentId(peer.sub)
    status, channel = said.status, said.channel
    match said.view:
        case "all" | "mine" | "unassigned" | "bot" as name:
            return View(name, status, agent, None, channel)
        case team:
            return View("team", status, agent, team.partition(":")[2], channel)
