"""Rules of a ticket's tags: words of the agents' own, to find and route it by (F26)."""

from unicodedata import category

from actors.chat.commands import Tag
from actors.chat.events import Event, Tagged
from actors.chat.limits import full, misspelt
from actors.chat.outcomes import Outcome, Unchanged
from actors.chat.state import ChatState
from actors.refusals import Reason, Refused
from actors.settings.rules import Rules

TAG_CHARS = 64
"""Characters in one tag: as many as in any id."""
MOST_TAGS = 50
"""On one ticket: its row is written with every one of its events."""
BREAKS = frozenset({"Cc", "Zl", "Zp"})
"""Kinds of characters that would break a list of tags: controls and line ends."""


def tag(state: ChatState, command: Tag, rules: Rules) -> Outcome:
    """Put tags on and take tags off; what is so already changes nothing."""
    if state.status == "closed":
        return Refused(Reason.CHAT_CLOSED)
    wrong = _unfit(command.add, "$.add") or _unfit(command.remove, "$.remove")
    if wrong is not None:
        return wrong
    if not set(command.add).isdisjoint(command.remove):
        return Refused(Reason.BAD_FRAME, path="$.remove", why="is to be added too")
    add = tuple(dict.fromkeys(t for t in command.add if t not in state.tags))
    remove = tuple(dict.fromkeys(t for t in command.remove if t in state.tags))
    if not add and not remove:
        return Unchanged()
    if len(state.tags) + len(add) - len(remove) > MOST_TAGS:
        return Refused(Reason.TOO_BIG, path="$.add", limit=MOST_TAGS)
    tagged = Event(command.by, command.at, Tagged(add, remove), command.id)
    return full(state, rules.limits) or (tagged,)


def _unfit(tags: tuple[str, ...], path: str) -> Refused | None:
    """Return why one of `tags` can be none, or `None`."""
    for word in tags:
        if len(word) > TAG_CHARS:
            return Refused(Reason.TOO_BIG, path=path, limit=TAG_CHARS)
        wrong = misspelt(word, path)
        if wrong is not None:
            return wrong
        if not word or word != word.strip() or any(category(c) in BREAKS for c in word):
            why = "is empty, or has spaces around it or line ends in it"
            return Refused(Reason.BAD_FRAME, path=path, why=why)
    return None
