"""What a terminal shows of what happened: a line for each thing, in plain words."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from actors.ids import Millis, Person
from broker.wire.frames import Badge, Eph, Live
from broker.wire.happened import Noticed, Resynced, Vanished
from broker.wire.heard import Event, Fields, Greeting, InboxChange
from clients.line import Cut
from clients.received import Received

_COMMANDING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that make a terminal do something: a chat is no place to write them from.
Joiners inside emoji are not among them."""
_WHAT = {"typing": "is typing …", "thinking": "is thinking …", "viewing": "is looking"}


def shown(text: str) -> str:
    """Return `text` as it may be written to a terminal, later lines indented."""
    return _COMMANDING.sub("\ufffd", text).replace("\n", "\n      ")


def name_of(person: Person, me: Person) -> str:
    """Return how to call somebody."""
    if person == me:
        return "you"
    kind, _, id_ = person.partition(":")
    return shown(id_ if kind == "agent" and id_ else kind)


def told(received: Received, me: Person) -> str | None:
    """Return the line for what a link received, or `None` if it is not worth one."""
    match received:
        case Event():
            words = _EVENTS.get(received.kind, _any_event)(received.body)
            if received.kind in ("read", "got"):
                return _tick(received, me)
            return _line(received, me, words)
        case Eph(on=True):
            what = _WHAT.get(received.what, shown(received.what))
            return f"      {name_of(received.by, me)} {what}"
        case Noticed(kind="presence"):
            return _presence(received.fields.get("agents", []))
        case Noticed():
            return f"    * {shown(received.kind)}{_rest(received.fields, 't', 'kind')}"
        case InboxChange(row=dict() as row):
            return row_of(row)
        case InboxChange(gone=gone):
            return f"    * {gone} has left the inbox"
        case Badge(n=n):
            return f"    * {n} waiting"
        case Cut(reason=reason):
            return f"   -- connection lost{': ' * bool(reason)}{shown(reason)}"
        case Greeting():
            return "   -- connected again"
        case Resynced():
            return "   -- the server was set back; the chat begins again:"
        case Vanished(chat=chat):
            return f"   -- chat {shown(chat)} is gone"
        case Live() | Eph():
            return None


def _line(event: Event, me: Person, words: str) -> str:
    if event.kind == "msg":
        return f"{_clock(event.at)} {name_of(event.by, me)}: {words}"
    return f"{_clock(event.at)} - {words} ({name_of(event.by, me)})"


def _tick(event: Event, me: Person) -> str | None:
    """Return the tick for a cursor of somebody else; one's own is no news."""
    who = Person(str(event.body.get("who", event.by)))
    if who == me:
        return None
    ticks = "✓✓ read" if event.kind == "read" else "✓ received"
    return f"      {ticks} by {name_of(who, me)} (up to {event.body.get('upto')})"


def _clock(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, tz=UTC).astimezone().strftime("%H:%M")


def _message(body: Fields) -> str:
    images = "".join(f" [image {shown(str(blob))}]" for blob in body.get("blobs", ()))
    auto = f"({shown(str(body['auto']))}) " if body.get("auto") else ""
    hold = " (still looking)" if body.get("hold") else ""
    return f"{auto}{shown(str(body.get('text', '')))}{images}{hold}"


def _any_event(body: Fields) -> str:
    return f"something new{_rest(body)}"


def _rest(fields: Fields, *said: str) -> str:
    """Return the fields that were not said yet, as JSON."""
    left = {name: value for name, value in fields.items() if name not in said}
    return f" {shown(msgspec.json.encode(left).decode())}" if left else ""


def _presence(agents: list[Fields]) -> str:
    seen = [f"{agent.get('agent')} is {agent.get('state')}" for agent in agents]
    return f"    * {shown(', '.join(seen) or 'no agent is there')}"


def row_of(row: Fields) -> str:
    """Return the line for a row of the inbox."""
    parts = (row.get("status"), row.get("chat"), row.get("name"), row.get("preview"))
    return f"    * {shown(' | '.join(str(part) for part in parts))}"


_EVENTS: dict[str, Callable[[Fields], str]] = {
    "msg": _message,
    "note": lambda body: f"note: {shown(str(body.get('text')))}",
    "opened": lambda _body: "the chat begins",
    "legal": lambda _body: "terms and privacy were shown",
    "faq": lambda body: f"asked: {shown(str(body.get('question')))}",
    "closed": lambda body: f"the chat has ended: {shown(str(body.get('reason')))}",
    "status": lambda body: f"{body.get('from')} -> {body.get('to')}",
    "assigned": lambda body: f"assigned to {shown(str(body.get('to') or 'nobody'))}",
    "control": lambda body: f"control: {body.get('from')} -> {body.get('to')}",
    "checkin": lambda body: f"check-in {body.get('state')}: the shopper is waiting",
    "handoff": lambda body: f"hand-off {shown(str(body.get('state')))}",
    "rated": lambda body: f"rated {body.get('score')}",
}
