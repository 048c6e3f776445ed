"""What an agent does with the open ticket beside talking."""

import trio

from actors.ids import ChatId
from clients.cursors import EVERY_S
from clients.terminal import grammar
from clients.terminal.grammar import Unclear
from clients.terminal.moments import moment
from clients.terminal.seat import Seat
from clients.terminal.text import brief

NOBODY = frozenset({"nobody", "none", "-"})


async def snooze(seat: Seat, words: str) -> None:
    """Put the ticket aside until a moment."""
    chat, until = seat.here(), moment(words, seat.now())
    fields = {k: v for k, v in until._asdict().items() if v is not None}
    await _ask(seat, "ticket.snooze", chat=chat, **fields)


async def wake(seat: Seat, _: str) -> None:
    """Bring the ticket back."""
    await _ask(seat, "ticket.wake", chat=seat.here())


async def assign(seat: Seat, words: str) -> None:
    """Give the ticket to an agent, to oneself, or to nobody."""
    chat, to = seat.here(), grammar.target(words)
    if to.rest:
        raise Unclear("only one name; a note goes with /transfer")
    holder = {"me": seat.me}.get(to.name, to.name)
    await _ask(
        seat,
        "ticket.assign",
        chat=chat,
        to=None if holder in NOBODY else holder,
        force=to.force,
    )


async def transfer(seat: Seat, words: str) -> None:
    """Hand the ticket on, with a note."""
    await _hand_on(seat, words, accept=False)


async def offer(seat: Seat, words: str) -> None:
    """Hand the ticket on if the other will have it."""
    await _hand_on(seat, words, accept=True)


async def _ask(seat: Seat, op: str, **fields: object) -> None:
    """Change the ticket; what has changed is shown by the event, if there is one."""
    answer = await seat.link.request(op, **fields)
    if "seq" not in answer:
        seat.say("      nothing to change")


async def _hand_on(seat: Seat, words: str, *, accept: bool) -> None:
    chat, to = seat.here(), grammar.target(words)
    fields: dict[str, object] = {"to": None if to.name in NOBODY else to.name}
    if to.rest:
        fields["note"] = to.rest
    await _ask(
        seat, "ticket.transfer", chat=chat, force=to.force, accept=accept, **fields
    )


async def accept(seat: Seat, _: str) -> None:
    """Take the ticket that was offered last, and open it."""
    chat = _offered(seat)
    await seat.link.request("transfer.answer", chat=chat, yes=True)
    await seat.open(chat)


async def decline(seat: Seat, _: str) -> None:
    """Leave the ticket that was offered last where it is."""
    await seat.link.request("transfer.answer", chat=_offered(seat), yes=False)


def _offered(seat: Seat) -> ChatId:
    if not seat.offers:
        raise Unclear("nothing is offered to you")
    return seat.offers.pop()


async def tag(seat: Seat, words: str) -> None:
    """Put tags on the ticket, and take others off."""
    chat, tags = seat.here(), grammar.tags(words)
    await _ask(seat, "ticket.tag", chat=chat, add=tags.add, remove=tags.remove)


async def close(seat: Seat, _: str) -> None:
    """End the chat for good."""
    await seat.link.end(seat.here())


async def take(seat: Seat, _: str) -> None:
    """Answer in the bot's place."""
    await _ask(seat, "control.take", chat=seat.here())


async def release(seat: Seat, _: str) -> None:
    """Let the bot answer again."""
    await _ask(seat, "control.release", chat=seat.here())


async def unread(seat: Seat, _: str) -> None:
    """Give the ticket a dot again, and put it off the screen."""
    chat, name = seat.here(), brief(str(seat.row.get("name", "")))
    left = seat.read_at + EVERY_S - seat.now().timestamp()
    await seat.leave()
    # What was read goes out at most once a second, and would clear the dot.
    await trio.sleep(max(0.0, left))
    await seat.link.request("ticket.unread", chat=chat)
    seat.say(f"      {name} has a dot again; no chat is open")


async def read(seat: Seat, _: str) -> None:
    """Say that everything shown was seen."""
    await trio.lowlevel.checkpoint()
    seat.here()
    seat.read()
