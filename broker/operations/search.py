"""What becomes of a search."""

from functools import partial
from typing import TYPE_CHECKING

from msgspec import UNSET, structs

from actors.desk.views import hidden_from
from actors.ids import AgentId
from broker.wire import frames
from broker.wire.errors import Code, refuse
from storage.search import FIRST, Found, Query

if TYPE_CHECKING:
    from broker.peer import Peer


def search(peer: "Peer", said: frames.Search) -> None:
    """Look in the chats of the asker's site."""
    before = FIRST
    if said.cursor is not None:
        if not (said.cursor.isascii() and said.cursor.isdigit()):
            peer.say(refuse(said.id, Code.BAD_FRAME, path="$.cursor"))
            return
        before = min(int(said.cursor), FIRST)
    query = Query(
        peer.site,
        said.q,
        said.status,
        said.channel,
        said.agent,
        said.since,
        said.to,
        said.limit,
        before,
        peer.sub,
        tuple(hidden_from(AgentId(peer.sub), peer.house.sites.rules_of(peer.site))),
    )
    found, failed = partial(_found, peer, said.id), partial(_failed, peer, said.id)
    peer.house.finder.find(query, found, failed)


def _found(peer: "Peer", re: str, found: Found) -> None:
    hits = tuple(frames.Hit(**structs.asdict(hit)) for hit in found.hits)
    cursor = UNSET if found.cursor is None else str(found.cursor)
    if peer.here:
        peer.say(frames.SearchDone(re, hits, cursor))


def _failed(peer: "Peer", re: str, error: Exception) -> None:
    del error
    if peer.here:
        peer.say(refuse(re, Code.UNAVAILABLE))
