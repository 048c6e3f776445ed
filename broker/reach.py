"""Which chats and images one who comes by HTTP takes part in."""

import sqlite3

from actors.chat.teams import may_open
from actors.ids import AGENT, ChatId, Person, stream_of
from actors.settings.rules import Rules
from broker.gate import Identity
from broker.wire.errors import Code
from storage import accounts, blobs, queries
from storage.blobs import Blob, Place
from storage.records import TicketRow


def known_as(db: sqlite3.Connection, identity: Identity) -> str | None:
    """Return the person a token speaks for; `None` for a shopper never seen here."""
    if identity.insider:
        return AGENT + identity.sub
    profile = accounts.profile_by_sub(db, identity.site, identity.sub)
    return None if profile is None else f"shopper:{profile.id}"


def ticket_within_reach(
    db: sqlite3.Connection, identity: Identity, chat: str, rules: Rules
) -> TicketRow | None:
    """Return the row of `chat`, if the bearer of the token takes part in it."""
    stream, who = stream_of(ChatId(chat)), known_as(db, identity)
    ticket = None if stream is None else queries.ticket(db, stream)
    if ticket is None or ticket.chat != chat or who is None:
        return None
    return ticket if _takes_part(ticket, identity, Person(who), rules) else None


def place_in(
    db: sqlite3.Connection, identity: Identity, chat: str, rules: Rules
) -> Place | Code:
    """Return where in `chat` images of its participant go, or why they do not."""
    ticket, who = ticket_within_reach(db, identity, chat, rules), known_as(db, identity)
    if ticket is None or who is None:
        return Code.NOT_FOUND
    if ticket.status == "closed":
        return Code.CHAT_CLOSED
    return Place(identity.site, chat, ticket.stream, who)


def within_reach(
    db: sqlite3.Connection, identity: Identity, id_: str, rules: Rules
) -> Blob | None:
    """Return the image called `id_`, if the bearer of the token may see it."""
    found, who = blobs.blob(db, id_), known_as(db, identity)
    if found is None or who is None or found.site != identity.site:
        return None
    streams = blobs.streams_naming(db, id_)
    own = stream_of(ChatId(found.chat)) if found.chat is not None else None
    if own is not None:
        streams.append(own)
    if streams:
        tickets = [queries.ticket(db, stream) for stream in streams]
        reaches = any(
            ticket is not None and _takes_part(ticket, identity, Person(who), rules)
            for ticket in tickets
        )
    else:
        reaches = found.owner == who
    return found if reaches else None


def _takes_part(
    ticket: TicketRow, identity: Identity, who: Person, rules: Rules
) -> bool:
    if ticket.site != identity.site:
        return False
    if identity.insider:
        return may_open(ticket, who, rules)
    # What was written by SMS is nobody's to see who signs in to the shop.
    return who == f"shopper:{ticket.profile}" and ticket.channel == "chat"
