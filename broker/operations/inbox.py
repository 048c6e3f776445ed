"""What becomes of the operations on the list of tickets."""

from typing import TYPE_CHECKING

from actors.cells.watching import Count, Mark, Open
from actors.desk.views import View
from actors.ids import AgentId, stream_of
from broker.inbox import InboxWatch, behind
from broker.presets import end_of_day
from broker.standing import online_at
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
    house, watch = peer.house, peer.inbox or InboxWatch(peer)
    today = end_of_day(house.sites.rules_of(peer.site), house.clock())
    count = Count(said.id, watch, online_at(house, peer.site), today)
    house.inboxes.tell(peer.site, count)


def _view(peer: "Peer", said: frames.InboxOpen) -> View:
    agent = AgentId(peer.sub)
    status, channel = said.status, said.channel
    match said.view:
        case "all" | "mine" | "unassigned" | "bot" as name:
            return View(name, status, agent, None, channel)
        case team:
            return View("team", status, agent, team.partition(":")[2], channel)
