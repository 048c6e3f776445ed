"""What an agent hears of tickets that are not on the screen: one line at a time."""

from typing import NamedTuple

from broker.wire.happened import Noticed
from broker.wire.heard import Fields
from clients.terminal.rows import called
from clients.terminal.text import brief
from clients.terminal.wording import rest

NOT_SAID = frozenset({"config", "presence"})
"""Kinds that say nothing about a ticket."""
_OF_CHATS = frozenset({"chat_started", "chat_closed"})
"""Parts of a history that the chat on the screen shows itself."""
_WHY = {
    "overdue": "nobody has answered in time",
    "over_capacity": "has more chats than planned",
    "out_of_reach": "is not yours to see any more",
    "queue_full": "the queue is full",
}
_FAILED = {
    "declined": "was declined",
    "expired": "was not answered",
    "withdrawn": "is over",
}


class News(NamedTuple):
    """Something about a ticket."""

    what: str
    preview: str = ""

    def line(self, number: int, row: Fields | None) -> str:
        """Return it, with the number by which the ticket can be opened."""
        said = f": {brief(self.preview)}" if self.preview else ""
        what = f" {self.what}" if self.what else ""
        return f"    * [{number}] {called(row)}{what}{said}"


def changed(was: Fields | None, now: Fields, me: str) -> News | None:
    """Return what is worth telling the agent `me`: theirs and nobody's tickets only."""
    before = was or {}
    words: list[str] = []
    holder, held = now.get("assignee"), before.get("assignee")
    if holder == me != held:
        words.append("is yours now")
    elif held == me != holder:
        return News(f"is {brief(str(holder))}'s now" if holder else "is nobody's now")
    overdue = "overdue" in now.get("flags", ()) and "overdue" not in before.get(
        "flags", ()
    )
    if holder not in (None, me):
        return None
    if overdue:
        words.append("still waits for an answer")
    dotted = bool(now.get("unread")) and (
        not before.get("unread") or before.get("preview") != now.get("preview")
    )
    if not words and not dotted:
        return None
    return News(", ".join(words), str(now.get("preview", "")) if dotted else "")


def left(was: Fields | None, me: str) -> News | None:
    """Return what is to be said of a ticket that is not in the list any more."""
    own = was is not None and was.get("assignee") == me
    return News("is not open any more") if own else None


def noticed(notice: Noticed) -> News | None:
    """Return what a notice says of a ticket."""
    fields = notice.fields
    match notice.kind:
        case "checkin":
            missed = fields.get("state") == "missed"
            what = "still waits for an answer" if missed else "waits: say how it goes"
            return News(f"{what} (check-in {brief(str(fields.get('state')))})")
        case "attention":
            why = str(fields.get("why"))
            agent = fields.get("agent")
            about = f"{brief(str(agent))} " if agent else ""
            return News(about + _WHY.get(why, brief(why)))
        case "transfer_offer":
            by = brief(str(fields.get("from")))
            return News(f"is offered to you by {by}: /accept or /decline")
        case "transfer_failed":
            why = str(fields.get("why"))
            return News(f"stays: the offer {_FAILED.get(why, brief(why))}")
        case "profile_event":
            event: Fields = fields.get("event") or {}
            kind = str(event.get("kind"))
            return None if kind in _OF_CHATS else News(f"did this: {brief(kind)}")
        case other if other in NOT_SAID:
            return None
        case other:
            return News(f"{brief(other)}{rest(fields, 't', 'kind', 'chat')}")
