"""Who may see which image, and whose chat it may be put into."""

import sqlite3

from actors.ids import AGENT, ChatId, stream_of
from broker.gate import Identity
from broker.wire.errors import Code
from storage import accounts, blobs, queries
from storage.blobs import Blob, Place


def known_as(db: sqlite3.Connection, identity: Identity) -> str | None:
    """Return the person a token speaks for; `None` for a shopper never seen here."""
    if identity.insider:
        return AGENT + identity.sub
    profile = accounts.profile_by_sub(db, identity.site, identity.sub)
    return None if profile is None else f"shopper:{profile.id}"


def place_in(db: sqlite3.Connection, identity: Identity, chat: str) -> Place | Code:
    """Return where in `chat` images of its participant go, or why they do not."""
    stream, who = stream_of(ChatId(chat)), known_as(db, identity)
    ticket = None if stream is None else queries.ticket(db, stream)
    if ticket is None or ticket.chat != chat or who is None:
        return Code.NOT_FOUND
    if not _takes_part(db, identity, who, ticket.stream):
        return Code.NOT_FOUND
    if ticket.status == "closed":
        return Code.CHAT_CLOSED
    return Place(identity.site, chat, ticket.stream, who)


def within_reach(db: sqlite3.Connection, identity: Identity, id_: str) -> Blob | None:
    """Return the image called `id_`, if the bearer of the token may see it."""
    found, who = blobs.blob(db, id_), known_as(db, identity)
    if found is None or who is None or found.site != identity.site:
        return None
    streams = blobs.streams_naming(db, id_)
    own = stream_of(ChatId(found.chat)) if found.chat is not None else None
    if own is not None:
        streams.append(own)
    if streams:
        reaches = any(_takes_part(db, identity, who, stream) for stream in streams)
    else:
        reaches = found.owner == who
    return found if reaches else None


def _takes_part(
    db: sqlite3.Connection, identity: Identity, who: str, stream: int
) -> bool:
    ticket = queries.ticket(db, stream)
    if ticket is None or ticket.site != identity.site:
        return False
    return identity.insider or who == f"shopper:{ticket.profile}"
