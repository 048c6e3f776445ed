"""Looking around: lists, chats, people, what there is to do."""

import trio

from actors.ids import ChatId, Seq
from broker.wire.heard import Fields
from clients.terminal import rows
from clients.terminal.grammar import Unclear
from clients.terminal.seat import PAGE, Seat
from clients.terminal.text import brief

SCREEN = 40
"""Tickets shown at once: an agent's whole load, mostly."""
FOUND = 20
DID = 5
"""Lines of a person's history beside what is known of them."""
STATUSES = ("open", "snoozed", "closed")
WATCHED = ("all", "open")
"""The view that the news are about."""


async def listing(seat: Seat, words: str) -> None:
    """Show the tickets of a view, numbered."""
    view, status = "all", "open"
    for word in words.split():
        if word in STATUSES:
            status = word
        else:
            view = word
    page: list[Fields]
    dots = ""
    if (view, status) == WATCHED:
        await seat.tickets.open()
        dots = f", {seat.tickets.badge} with a dot"
        page, more = rows.in_order(seat.tickets.rows.values()), seat.tickets.more
    else:
        page, more = await seat.tickets.peek(view, status)
    seat.numbers.renew()
    seat.unlisted = page
    show_more(seat)
    also = ", and more than can be shown: /find" if more else ""
    seat.say(f"      {len(page)} {status} ({brief(view)}){dots}{also}")


async def more(seat: Seat, _: str) -> None:
    """Show the next tickets of the list."""
    await trio.lowlevel.checkpoint()
    if not seat.unlisted:
        raise Unclear("that was all")
    show_more(seat)


def show_more(seat: Seat) -> None:
    """Show a screen of the list's rest."""
    now = seat.millis
    for row in seat.unlisted[:SCREEN]:
        seat.say(rows.ticket(seat.numbers.of(ChatId(row["chat"])), row, now))
    seat.unlisted = seat.unlisted[SCREEN:]
    if seat.unlisted:
        seat.say(f"      … {len(seat.unlisted)} more: /more")


async def open_chat(seat: Seat, words: str) -> None:
    """Put a chat on the screen: by its number, its id or the shopper's name."""
    await seat.open(_meant(seat, words))


async def next_chat(seat: Seat, _: str) -> None:
    """Open the chat that has waited longest, of one's own and nobody's."""
    await seat.tickets.open()
    for row in rows.in_order(seat.tickets.rows.values()):
        waits = row.get("waiting_since") is not None or row.get("unread")
        free = row.get("assignee") in (None, seat.me)
        if waits and free and row["chat"] != seat.chat:
            await seat.open(ChatId(row["chat"]))
            return
    raise Unclear("nobody else waits for you")


def _meant(seat: Seat, words: str) -> ChatId:
    if not words:
        raise Unclear("which? /open 3, or an id, or a name")
    if words.isdecimal() and len(words) <= len("9999"):
        chat = seat.numbers.chat(int(words))
        if chat is None:
            raise Unclear(f"there is no number {words}: /list shows them")
        return chat
    known = seat.tickets.rows
    named = [
        chat
        for chat, row in known.items()
        if words.casefold() in str(row.get("name", "")).casefold()
    ]
    if ChatId(words) in known or not named:
        return ChatId(words)
    if len(named) > 1:
        for chat in named:
            seat.say(rows.ticket(seat.numbers.of(chat), known[chat], seat.millis))
        raise Unclear("which of them? /open NUMBER")
    return named[0]


async def earlier(seat: Seat, _: str) -> None:
    """Show the page before the oldest one on the screen."""
    chat = seat.here()
    if seat.first <= 1:
        raise Unclear("that was the beginning")
    events, more_before = await seat.link.history(chat, seat.first, limit=PAGE)
    seat.say("   -- earlier --")
    seat.past(events)
    seat.first = events[0].seq if events else Seq(0)
    if more_before:
        seat.say("      … /earlier shows what was before")


async def find(seat: Seat, words: str) -> None:
    """Look for words in all chats."""
    if not words:
        raise Unclear("find what?")
    found = await seat.link.request("search", q=words, limit=FOUND)
    for hit in found["hits"]:
        seat.say(rows.find(seat.numbers.of(ChatId(hit["chat"])), hit))
    many = ", and more" if found.get("cursor") else ""
    seat.say(f"      {len(found['hits'])} found{many}")


async def profile(seat: Seat, _: str) -> None:
    """Show who the shopper is, and what they did last."""
    chat = seat.here()
    answer = await seat.link.request("profile.get", chat=chat)
    for line in rows.profile(answer["profile"]):
        seat.say(line)
    if answer.get("stale"):
        seat.say("      (as it was known before: the shop cannot be asked now)")
    did = await seat.link.request("profile.events", chat=chat, limit=DID)
    for event in did["events"]:
        seat.say(rows.happening(event))


async def who(seat: Seat, _: str) -> None:
    """Show who is there."""
    await trio.lowlevel.checkpoint()
    for line in rows.people(seat.present, seat.lookers_named()):
        seat.say(line)


async def stats(seat: Seat, _: str) -> None:
    """Show what there is to do."""
    seat.say(rows.stats(await seat.link.request("stats")))


async def away(seat: Seat, _: str) -> None:
    """Be seen as away: no more chats are given to one."""
    await seat.link.request("presence.set", state="away")


async def back(seat: Seat, _: str) -> None:
    """Be there again."""
    await seat.link.request("presence.set", state="online")
