"""What stands beside a chat on an agent's screen, as frames."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from actors.chat.teams import may_open
from actors.ids import ChatId, Millis, Person
from actors.library import Macro
from actors.person import Facts
from actors.settings.rules import Rules
from broker.profiles import Known
from broker.speech import ProfileEvent, shown
from broker.wire.frames import Answer
from storage.people import Happening
from storage.records import TicketRow

MOST_PREVIOUS = 50
"""Ended chats that are listed; what was before them is in the history."""
PAGE_BYTES = 256 * 1024
"""Bytes of JSON in a page of history, as in one of a chat."""


class Conversation(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A ticket of the person's, in a line."""

    chat: ChatId
    channel: str
    status: str
    preview: str
    opened_at: Millis
    last_at: Millis
    assignee: str | UnsetType = UNSET
    closed_at: Millis | UnsetType = UNSET


class Profile(Facts, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Who somebody is: what is not known is not there."""

    id: str
    open_tickets: tuple[Conversation, ...]
    previous_chats: tuple[Conversation, ...]
    """The newest first."""


class ProfileRead(Answer, frozen=True, gc=False, tag="ok"):
    """Answers `profile.get`. `stale`: it could not be asked for just now."""

    chat: ChatId
    profile: Profile
    stale: bool = False


class ProfileEventsRead(Answer, frozen=True, gc=False, tag="ok"):
    """Answers `profile.events`, newest first; `more` if there is anything before."""

    chat: ChatId
    events: tuple[ProfileEvent, ...]
    more: bool


class MacrosListed(Answer, frozen=True, gc=False, tag="ok"):
    """Answers `macro.list`."""

    version: int
    macros: tuple[Macro, ...]


class MacroRendered(Answer, frozen=True, gc=False, tag="ok"):
    """Answers `macro.render`: what the agent may send, or change first."""

    chat: ChatId
    macro: str
    text: str
    hold: bool = False


def profile(id_: str, known: Known, who: Person, rules: Rules) -> Profile:
    """Return the person as the agent `who` may see them."""
    lines = [_line(row) for row in known.tickets if may_open(row, who, rules)]
    ended = [line for line in lines if line.status == "closed"]
    facts: dict[str, Any] = {
        name: getattr(known.facts, name) for name in Facts.__struct_fields__
    }
    return Profile(
        id=id_,
        open_tickets=tuple(line for line in lines if line.status != "closed"),
        previous_chats=tuple(ended[:MOST_PREVIOUS]),
        **facts,
    )


def page(happenings: list[Happening], limit: int) -> tuple[list[ProfileEvent], bool]:
    """Return as many of `happenings` as fit, and whether there are more."""
    events: list[ProfileEvent] = []
    size = 0
    for happening in happenings[:limit]:
        size += len(happening.data)
        if events and size > PAGE_BYTES:
            break
        events.append(shown(happening))
    return events, len(events) < len(happenings)


def _line(row: TicketRow) -> Conversation:
    return Conversation(
        ChatId(row.chat),
        row.channel,
        row.status,
        row.preview,
        Millis(row.opened_at),
        Millis(row.last_at),
        row.assignee or UNSET,
        UNSET if row.closed_at is None else Millis(row.closed_at),
    )
