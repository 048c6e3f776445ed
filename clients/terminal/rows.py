"""Lists on a terminal: tickets, finds, macros, people. A line each, cut to fit."""

from collections.abc import Iterable, Sequence

from actors.ids import ChatId, Millis
from broker.wire.heard import Fields
from clients.terminal.text import brief, padded, shown
from clients.terminal.wording import age, clock, day

NAME, HOLDER, WAIT, PREVIEW = 16, 8, 7, 35
"""Cells of the columns: with the rest 79, and what is longer is cut."""


class Numbers:
    """Short names for chats: what a list gave stays as long as that list is shown."""

    def __init__(self) -> None:
        self._chats: list[ChatId] = []

    def renew(self) -> None:
        """Forget them: another list comes."""
        self._chats.clear()

    def of(self, chat: ChatId) -> int:
        """Return the number of `chat`; one that has none gets the next."""
        if chat not in self._chats:
            self._chats.append(chat)
        return self._chats.index(chat) + 1

    def chat(self, number: int) -> ChatId | None:
        """Return whose number it is."""
        known = 0 < number <= len(self._chats)
        return self._chats[number - 1] if known else None


def in_order(rows: Iterable[Fields]) -> list[Fields]:
    """Return tickets as the broker lists them: who has waited longest comes first."""
    return sorted(rows, key=lambda row: (_answered(row), _since(row), row["chat"]))


def _answered(row: Fields) -> bool:
    return row.get("waiting_since") is None


def _since(row: Fields) -> int:
    waiting = row.get("waiting_since")
    # Of those who need no answer the newest comes first.
    return -int(row.get("last_at", 0)) if waiting is None else int(waiting)


def called(row: Fields | None) -> str:
    """Return the name of a ticket's shopper, in one line, however little is known."""
    row = row or {}
    return brief(str(row.get("name") or row.get("profile") or "somebody"), NAME)


def ticket(number: int, row: Fields, now: Millis) -> str:
    """Return the line of a ticket: `now` tells how long somebody has waited."""
    dot = "●" if row.get("unread") else " "
    waiting = row.get("waiting_since")
    waits = "" if waiting is None else age(now - int(waiting))
    holder = brief(str(row.get("assignee") or "-"), HOLDER)
    columns = (
        f"{number:>3} {dot}",
        padded(called(row), NAME),
        padded(holder, HOLDER),
        padded(waits, WAIT),
        brief(f"{signs(row)} {row.get('preview', '')}", PREVIEW),
    )
    return "  ".join(columns).rstrip()


def signs(row: Fields) -> str:
    """Return what is out of the ordinary about a ticket."""
    status = row.get("status")
    words = [] if status in (None, "open") else [str(status)]
    if row.get("status") == "snoozed" and isinstance(row.get("until"), int):
        until = Millis(row["until"])
        words = [f"until {day(until)} {clock(until)}"]
    words += [flag for flag in row.get("flags", ()) if flag == "overdue"]
    words += ["sms"] if row.get("channel") == "sms" else []
    words += ["bot"] if row.get("control") == "bot" else []
    words += [f"#{tag}" for tag in row.get("tags", ())]
    return f"[{brief(' '.join(words), 40)}]" if words else ""


def find(number: int, hit: Fields) -> str:
    """Return the line of something found: what was looked for is in stars."""
    parts = [str(part) for part in hit.get("snippet", ())]
    marked = "".join(f"*{p}*" if i % 2 else p for i, p in enumerate(parts))
    at = Millis(hit["at"])
    who = padded(called(hit), NAME)
    status = "" if hit.get("status") == "open" else f"  [{brief(str(hit['status']))}]"
    return f"{number:>3}    {who}  {day(at)} {clock(at)}  {brief(marked)}{status}"


def macro(item: Fields) -> str:
    """Return the line of a macro: what calls it, and how it begins."""
    word = padded(brief(str(item.get("shortcut") or item.get("id")), 16), 16)
    said = brief(str(item.get("text") or item.get("name")), PREVIEW)
    also = " ".join(sorted(str(what) for what in item.get("then") or ()))
    return f"    {word}  {said}" + (f"  [{brief(also)}]" if also else "")


_FACTS = (
    ("name", "name"),
    ("email", "e-mail"),
    ("phone", "phone"),
    ("place", "place"),
    ("language", "language"),
    ("segment", "segment"),
    ("orders", "orders"),
    ("spent", "spent"),
)


_ORDER = ("number", "status", "total", "url")


def profile(fields: Fields) -> list[str]:
    """Return the lines about a person: only what is known."""
    lines = [
        f"    {padded(word, 10)}{shown(str(fields[name]))}"
        for name, word in _FACTS
        if fields.get(name) is not None
    ]
    since = fields.get("customer_since")
    if isinstance(since, int):
        lines.append(f"    {padded('since', 10)}{day(Millis(since))}")
    order: Fields = fields.get("last_order") or {}
    if order:
        said = " ".join(str(order[name]) for name in _ORDER if order.get(name))
        lines.append(f"    {padded('ordered', 10)}{brief(said, 70)}")
    if fields.get("tags"):
        lines.append(f"    {padded('tags', 10)}{brief(' '.join(fields['tags']))}")
    before = len(fields.get("previous_chats", ()))
    others = len(fields.get("open_tickets", ()))
    return [*lines, f"    {others} open, {before} ended"]


def happening(fields: Fields) -> str:
    """Return the line of what a person did."""
    at = Millis(fields["at"])
    did: Fields = fields.get("data") or {}
    said = ", ".join(f"{name}: {value}" for name, value in did.items())
    kind = brief(str(fields.get("kind")), 24)
    return f"    {day(at)} {clock(at)}  {kind}  {brief(said)}".rstrip()


def stats(fields: Fields) -> str:
    """Return what there is to do, in one line."""
    oldest = fields.get("oldest_wait")
    longest = "" if oldest is None else f" (for {age(int(oldest))})"
    return (
        f"    {fields.get('waiting', 0)} waiting{longest}, "
        f"{fields.get('unassigned', 0)} are nobody's, "
        f"{fields.get('overdue', 0)} overdue, "
        f"{fields.get('snoozed_due_today', 0)} come back today; "
        f"{fields.get('agents_online', 0)} agents there, "
        f"{fields.get('agents_full', 0)} of them full"
    )


def people(present: dict[str, str], lookers: Sequence[str]) -> list[str]:
    """Return who is there, and who else has the chat on the screen."""
    lines = [f"    {brief(who)} is {brief(state)}" for who, state in present.items()]
    if lookers:
        lines.append(f"    looking at this chat: {', '.join(lookers)}")
    return lines or ["    nobody that we know of"]
