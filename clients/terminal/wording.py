"""What a terminal shows of what happened: a line for each thing, in plain words."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from actors.ids import Millis, Person
from broker.wire.frames import Eph
from broker.wire.happened import Resynced, Vanished
from broker.wire.heard import Event, Fields, Greeting
from clients.line import Cut
from clients.received import Received
from clients.terminal.text import brief, shown

_WHAT = {"typing": "is typing …", "thinking": "is thinking …", "viewing": "is looking"}
_OUTSIDE = frozenset({"shopper", "anon"})
SENT = " ✓"
"""Behind one's own message: it is durable."""


class Eyes(NamedTuple):
    """Who reads, and what the shopper is called there."""

    me: Person
    shopper: str = ""


def outside(person: Person) -> bool:
    """Return whether it is a shopper or a visitor."""
    return person.partition(":")[0] in _OUTSIDE


def name_of(person: Person, eyes: Eyes) -> str:
    """Return how to call somebody."""
    if person == eyes.me:
        return "you"
    kind, _, id_ = person.partition(":")
    if outside(person):
        return brief(eyes.shopper) or kind
    return brief(id_ if kind == "agent" and id_ else kind)


def told(received: Received, eyes: Eyes) -> str | None:
    """Return the line for what a link received, or `None` if it has none of its own."""
    match received:
        case Event(kind="read" | "got"):
            return None
        case Event():
            return _line(received, eyes)
        case Eph(on=True):
            what = _WHAT.get(received.what, brief(received.what))
            return f"      {name_of(received.by, eyes)} {what}"
        case Cut(reason=reason):
            return f"   -- connection lost{': ' * bool(reason)}{brief(reason)}"
        case Greeting():
            return "   -- connected again"
        case Resynced():
            return "   -- the server was set back; the chat begins again:"
        case Vanished(chat=chat):
            return f"   -- chat {brief(chat)} is gone"
        case _:
            return None


def clock(at: Millis) -> str:
    """Return the reader's time of day."""
    return _local(at).strftime("%H:%M")


def day(at: Millis) -> str:
    """Return the reader's day."""
    return _local(at).strftime("%a %d %b %Y")


def age(span: int) -> str:
    """Return how long `span` milliseconds are, in the largest unit that fits."""
    minutes = max(0, span) // 60_000
    if minutes < 1:
        return "< 1 min"
    for unit, size in (("d", 24 * 60), ("h", 60)):
        if minutes >= size:
            return f"{minutes // size} {unit}"
    return f"{minutes} min"


def rest(fields: Fields, *said: str) -> str:
    """Return the fields that were not said yet, as JSON."""
    left = {name: value for name, value in fields.items() if name not in said}
    return f" {shown(msgspec.json.encode(left).decode())}" if left else ""


def _local(at: Millis) -> datetime:
    return datetime.fromtimestamp(at / 1000, tz=UTC).astimezone()


def _line(event: Event, eyes: Eyes) -> str:
    words = _EVENTS.get(event.kind, _any_event)(event.body)
    by = name_of(event.by, eyes)
    if event.kind == "msg":
        sent = SENT if event.by == eyes.me else ""
        return f"{clock(event.at)} {by}: {words}{sent}"
    return f"{clock(event.at)} - {words} ({by})"


def _message(body: Fields) -> str:
    images = "".join(f" [image {brief(str(blob))}]" for blob in body.get("blobs", ()))
    auto = f"({brief(str(body['auto']))}) " if body.get("auto") else ""
    hold = " (still looking)" if body.get("hold") else ""
    return f"{auto}{shown(str(body.get('text', '')))}{images}{hold}"


def _any_event(body: Fields) -> str:
    return f"something new{rest(body)}"


def _status(body: Fields) -> str:
    if body.get("to") != "snoozed":
        return "open again"
    until = body.get("until")
    if not isinstance(until, int):
        return "put aside until the next reply"
    return f"put aside until {day(Millis(until))} {clock(Millis(until))}"


def _turn(body: Fields) -> str:
    if body.get("sources"):
        named = ", ".join(str(source) for source in body["sources"])
        return f"answered from {brief(named)}"
    why = f": {_word(body, 'reason')}" if body.get("reason") else ""
    return f"the bot's turn is over, {_word(body, 'what')}{why}"


def _handoff(body: Fields) -> str:
    if body.get("state") == "offered":
        return "a person may answer: /yes or /no"
    why = f": {_word(body, 'reason')}" if body.get("reason") else ""
    return f"hand-off {_word(body, 'state')}{why}"


def _tagged(body: Fields) -> str:
    signs = [f"+{tag}" for tag in body.get("add", ())]
    signs += [f"-{tag}" for tag in body.get("remove", ())]
    return f"tags {brief(' '.join(signs))}"


def _word(body: Fields, field: str, otherwise: str = "") -> str:
    return brief(str(body.get(field) or otherwise))


_EVENTS: dict[str, Callable[[Fields], str]] = {
    "msg": _message,
    "note": lambda body: f"note: {shown(str(body.get('text')))}",
    "opened": lambda _body: "the chat begins",
    "legal": lambda _body: "terms and privacy were shown",
    "faq": lambda body: f"asked: {shown(str(body.get('question')))}",
    "closed": lambda body: f"the chat has ended: {_word(body, 'reason')}",
    "status": _status,
    "assigned": lambda body: f"assigned to {_word(body, 'to', 'nobody')}",
    "control": lambda body: f"answered by {_word(body, 'to')} now",
    "checkin": lambda body: f"check-in {_word(body, 'state')}: the shopper is waiting",
    "turn": _turn,
    "handoff": _handoff,
    "tagged": _tagged,
    "transfer": lambda body: f"offered to {_word(body, 'to')}: {_word(body, 'state')}",
    "rated": lambda body: f"rated {_word(body, 'score')}",
}
