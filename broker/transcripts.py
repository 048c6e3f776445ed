"""A chat as a document to keep: text, JSON or a page to print (spec F46).

Written event by event, so that a chat of any length takes little memory. A shopper's
has what the shopper saw; agents are called by their names there, never by their ids,
which may be e-mail addresses.
"""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from html import escape
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

import msgspec

from actors.chat.events import (
    Closed,
    Event,
    Legal,
    Noted,
    Opened,
    Picked,
    Said,
    for_shopper,
)
from actors.ids import AGENT, BOT, SYSTEM, ChatId, Millis, Person

Format = Literal["text", "json", "html"]
STYLE = (
    "body{font:14px/1.5 sans-serif;max-width:45em;margin:2em auto;padding:0 1em}"
    "p{margin:.6em 0;white-space:pre-wrap;overflow-wrap:anywhere}"
    "b{display:block;font-size:85%}.note{background:#fff3c4}"
    ".aside{color:#555;font-style:italic}@media print{p{break-inside:avoid}}"
)
STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; sandbox"
"""Nothing in the page may do anything; its one style is known by its hash."""
MEDIA = {
    "text": ("text/plain", "txt"),
    "json": ("application/json", "json"),
    "html": ("text/html", "html"),
}
"""Type and ending of each; all are UTF-8."""


def served(blob: str) -> str:
    """Return where a broker serves an image."""
    return f"/v1/blobs/{blob}"


class Heading(msgspec.Struct, frozen=True):
    """What stands above it."""

    chat: ChatId
    site: str
    name: str
    """Of the shopper."""
    zone: str
    """In which times are told."""
    opened_at: Millis
    insider: bool
    """Whether it is for the shop's own people."""
    agent_name: Callable[[str], str]
    """Returns what an agent is called."""
    image_link: Callable[[str], str] = served
    """Returns where a page finds an image."""

    def time(self, at: Millis) -> str:
        """Return a moment as the shop's clock shows it."""
        moment = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(self.zone))
        return moment.strftime("%Y-%m-%d %H:%M:%S %Z")

    def speaker(self, who: Person) -> str:
        """Return whom a reader knows `who` as."""
        if who.startswith(AGENT):
            return self.agent_name(who[len(AGENT) :])
        if who in {BOT, SYSTEM}:
            return "Assistant" if who == BOT else "Automatic"
        return self.name or "Customer"


class Writer(Protocol):
    """Writes one of the formats, piece by piece."""

    def begin(self) -> str:
        """Return what comes first."""
        ...

    def event(self, seq: int, event: Event) -> str:
        """Return what stands for an event; may be empty."""
        ...

    def end(self) -> str:
        """Return what comes last."""
        ...


class Text:
    """Lines to read."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading

    def begin(self) -> str:
        """Return the heading."""
        head = self._heading
        return (
            f"Chat {head.chat} with {head.name or 'a customer'}\nTimes: {head.zone}\n\n"
        )

    def event(self, seq: int, event: Event) -> str:
        """Return a paragraph."""
        del seq
        head, told = self._heading, _told(event)
        if told is None:
            return ""
        images = "".join(f"[image {blob}]\n" for blob in told.blobs)
        note = " (note)" if told.note else ""
        who = head.speaker(event.by)
        # Indented, so that no text can look like the line of another speaker.
        text = "".join(f"  {line}\n" for line in told.text.splitlines())
        return f"{head.time(event.at)}  {who}{note}\n{text}{images}\n"

    def end(self) -> str:
        """Return nothing more."""
        return ""


class Page:
    """A page to print; whatever people wrote is text in it."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading

    def begin(self) -> str:
        """Return the head of the page."""
        head = self._heading
        name = escape(head.name or "a customer")
        return (
            '<!doctype html><html><head><meta charset="utf-8">'
            f"<title>Chat with {name}</title><style>{STYLE}</style></head><body>"
            f'<h1>Chat with {name}</h1><p class="aside">{escape(head.chat)}, '
            f"times: {escape(head.zone)}</p>\n"
        )

    def event(self, seq: int, event: Event) -> str:
        """Return a paragraph."""
        del seq
        head, told = self._heading, _told(event)
        if told is None:
            return ""
        who, at = escape(head.speaker(event.by)), escape(head.time(event.at))
        images = "".join(
            f' <a href="{escape(head.image_link(blob))}">[image]</a>'
            for blob in told.blobs
        )
        kind = "note" if told.note else "aside" if told.aside else "msg"
        return f'<p class="{kind}"><b>{at} · {who}</b>{escape(told.text)}{images}</p>\n'

    def end(self) -> str:
        """Return the end of the page."""
        return "</body></html>\n"


class Json:
    """One object, with the events as on the socket."""

    def __init__(self, heading: Heading) -> None:
        self._heading = heading
        self._comma = ""

    def begin(self) -> str:
        """Return the fields before the events."""
        head = self._heading
        fields = {"chat": head.chat, "site": head.site, "name": head.name}
        told = fields | {"zone": head.zone, "opened_at": head.opened_at}
        return _json(told)[:-1] + ',"events":['

    def event(self, seq: int, event: Event) -> str:
        """Return an event."""
        head, body, by = self._heading, event.body, str(event.by)
        if not head.insider:
            body, by = for_shopper(body), AGENT[:-1] if by.startswith(AGENT) else by
        told = {
            "seq": seq,
            "at": event.at,
            "time": head.time(event.at),
            "by": by,
            "name": head.speaker(event.by),
            "kind": body.kind,
            "body": body,
        }
        comma, self._comma = self._comma, ","
        return comma + _json(told)

    def end(self) -> str:
        """Return the end of the object."""
        return "]}"


WRITERS: dict[Format, Callable[[Heading], Writer]] = {
    "text": Text,
    "json": Json,
    "html": Page,
}


class _Told(msgspec.Struct, frozen=True):
    """What is read of an event."""

    text: str
    blobs: tuple[str, ...] = ()
    note: bool = False
    aside: bool = False


def _told(event: Event) -> _Told | None:
    """Return what a reader is told of it; `None` if it is nothing to read."""
    body = event.body
    if isinstance(body, Said):
        return _Told(body.text, body.blobs)
    if isinstance(body, Noted):
        return _Told(body.text, note=True)
    if isinstance(body, Picked):
        return _Told(f"{body.question}\n{body.answer}", aside=True)
    if isinstance(body, Legal):
        shown = _shown(body)
        return None if shown is None else _Told(shown, aside=True)
    if isinstance(body, Opened):
        return _Told("The chat began.", aside=True)
    if isinstance(body, Closed):
        return _Told("The chat ended.", aside=True)
    return None


def _shown(legal: Legal) -> str | None:
    """Return what was shown before the first message, and what was said to it (U12)."""
    links = [link for link in (legal.terms_url, legal.privacy_url) if link]
    if not links and not legal.ack:
        return None
    ack = "acknowledged" if legal.ack else "not acknowledged"
    shown = " ".join(links) or "the terms"
    return f"Shown before: {shown} ({ack}; settings version {legal.settings_version})."


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
