"""Every command: what it is called, who may, what it says of itself, what it does."""

from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple

from clients.terminal import handling, looking, saying
from clients.terminal.grammar import matching
from clients.terminal.moments import EXAMPLES
from clients.terminal.seat import Seat
from clients.terminal.text import padded

Act = Callable[[Seat, str], Awaitable[None]]


class Command(NamedTuple):
    """One line of the table."""

    usage: str
    """What comes behind the name."""
    does: str
    act: Act | None
    """`None`: the session's own."""
    who: Literal["agents", "shoppers", "all"] = "agents"
    more: str = ""
    """Said by `/help NAME` only."""

    def open_to(self, *, inside: bool) -> bool:
        """Return whether agents, or the others, have it."""
        return self.who in ("all", "agents" if inside else "shoppers")


_FORCE = "With ! behind the name, though they are away or have enough."
_VIEWS = "VIEW: all, mine, unassigned, bot, team:ID; also open, snoozed, closed."
_VALUES = 'Values it lacks: /macro late order.last.number="1042".'

COMMANDS = {
    "list": Command("[VIEW]", "the tickets, numbered", looking.listing, more=_VIEWS),
    "more": Command("", "the rest of the list", looking.more),
    "open": Command(
        "N|ID|NAME", "put a chat on the screen", looking.open_chat, who="all"
    ),
    "next": Command("", "open the one that has waited longest", looking.next_chat),
    "earlier": Command("", "what was said before", looking.earlier, who="all"),
    "hold": Command("TEXT", "say it, and keep looking for an answer", saying.hold),
    "note": Command("TEXT", "leave a note for the other agents", saying.note),
    "macro": Command(
        "[NAME]", "send a macro; without a name, list them", saying.macro, more=_VALUES
    ),
    "preview": Command("NAME", "show what a macro would say", saying.preview),
    "again": Command("", "send what was held back", saying.again),
    "snooze": Command(
        "WHEN", "put the ticket aside", handling.snooze, more=f"WHEN: {EXAMPLES}."
    ),
    "wake": Command("", "bring it back", handling.wake),
    "assign": Command(
        "me|NAME|nobody", "give the ticket to somebody", handling.assign, more=_FORCE
    ),
    "transfer": Command(
        "NAME [NOTE]", "hand the ticket on", handling.transfer, more=_FORCE
    ),
    "offer": Command(
        "NAME [NOTE]", "hand it on, if they will have it", handling.offer, more=_FORCE
    ),
    "accept": Command("", "take what is offered to you", handling.accept),
    "decline": Command("", "do not", handling.decline),
    "tag": Command("+TAG -TAG", "put tags on and take them off", handling.tag),
    "take": Command("", "answer in the bot's place", handling.take),
    "release": Command("", "let the bot answer again", handling.release),
    "read": Command("", "everything shown was seen", handling.read, who="all"),
    "unread": Command("", "give it a dot again, and leave it", handling.unread),
    "close": Command("", "end the chat for good", handling.close, who="all"),
    "end": Command("", "the same", handling.close, who="all"),
    "rate": Command("1-5 [TEXT]", "say how it was", saying.rate, who="shoppers"),
    "yes": Command("", "be connected with a person", saying.yes, who="shoppers"),
    "no": Command("", "go on with the bot", saying.no, who="shoppers"),
    "find": Command("WORDS", "look in all chats", looking.find),
    "profile": Command("", "who the shopper is", looking.profile),
    "who": Command("", "who is there, and who looks at this chat", looking.who),
    "stats": Command("", "what there is to do", looking.stats),
    "away": Command("", "be seen as away", looking.away),
    "back": Command("", "be there again", looking.back),
    "help": Command("[COMMAND]", "this", None, who="all"),
    "quit": Command("", "leave; the chats go on", None, who="all"),
}
_WIDTH = max(len(f"/{name} {each.usage}") for name, each in COMMANDS.items()) + 2


def names(*, inside: bool) -> list[str]:
    """Return what agents, or the others, may type."""
    return [n for n, command in COMMANDS.items() if command.open_to(inside=inside)]


def help_for(words: str, *, inside: bool) -> list[str]:
    """Return the lines about one command, or about all.

    Raises:
        Unclear: there is no such command.
    """
    known = names(inside=inside)
    if words:
        name = matching(words.removeprefix("/").lower(), known)
        command = COMMANDS[name]
        return [_line(name)] + ([f"  {command.more}"] if command.more else [])
    say = padded("  TEXT", _WIDTH + 2)
    lines = [f"{say}say it (to begin with a /, write //)"]
    return [*lines, *map(_line, known), "  The beginning of a name is enough."]


def _line(name: str) -> str:
    command = COMMANDS[name]
    return f"  {padded(f'/{name} {command.usage}', _WIDTH)}{command.does}"
