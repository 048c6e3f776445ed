"""Talking in the open chat: messages, notes, macros, and what was held back."""

from collections.abc import Sequence

import msgspec

from actors.ids import Seq
from broker.wire.errors import Code
from broker.wire.heard import Event, Fields
from clients.received import RequestRefused
from clients.terminal import grammar, rows
from clients.terminal.grammar import Unclear
from clients.terminal.seat import Saying, Seat
from clients.terminal.text import brief, shown


async def say(seat: Seat, text: str, seen: Seq, *, hold: bool = False) -> None:
    """Say `text`, typed when the chat was at `seen`.

    A shopper without a chat begins one.
    """
    if seat.inside:
        seat.here()
        await _send(seat, Saying(text, seen, hold))
    elif seat.chat is None or seat.ended:
        await seat.leave()
        chat = await seat.link.start_chat(text)
        if seat.chat is None:
            seat.chat = chat
        seat.say(f"      in chat {brief(chat)}")
    else:
        await seat.link.send(seat.chat, text)


async def hold(seat: Seat, text: str) -> None:
    """Say something, and keep looking for an answer."""
    await say(seat, _needed(text, "say what?"), seat.seen, hold=True)


async def note(seat: Seat, text: str) -> None:
    """Leave a note for the other agents."""
    await seat.link.note(seat.here(), _needed(text, "note what?"))


async def again(seat: Seat, _: str) -> None:
    """Send what was held back, now that it is known what came in between."""
    seat.here()
    if not seat.held:
        raise Unclear("nothing was held back")
    held = tuple(seat.held)
    seat.held.clear()
    for saying in held:
        await _send(seat, saying._replace(seen=seat.seen), once_more=True)


async def macro(seat: Seat, words: str) -> None:
    """Send a macro, with values of one's own or without; list them if none is named."""
    name, _, given = words.partition(" ")
    known: Sequence[Fields] = (await seat.link.request("macro.list"))["macros"]
    if not name:
        for item in known:
            seat.say(rows.macro(item))
        also = ": /macro NAME sends one, /preview NAME shows it first"
        seat.say(f"      {len(known)} macros{also if known else ''}")
        return
    chosen = _macro(known, name)
    chat, values = seat.here(), grammar.values(given)
    text: str | None = None
    if values:
        rendered = await seat.link.request(
            "macro.render", chat=chat, macro=chosen["id"], vars=values
        )
        text = rendered["text"]
    await _send(seat, Saying(text, seat.seen, bool(chosen.get("hold")), chosen["id"]))


async def preview(seat: Seat, words: str) -> None:
    """Show what a macro would say."""
    name, _, given = words.partition(" ")
    chat = seat.here()
    known = (await seat.link.request("macro.list"))["macros"]
    chosen = _macro(known, _needed(name, "which macro?"))
    rendered = await seat.link.request(
        "macro.render", chat=chat, macro=chosen["id"], vars=grammar.values(given)
    )
    seat.say(f"      | {shown(rendered['text'])}")


async def rate(seat: Seat, words: str) -> None:
    """Say how the chat was, now that it is over."""
    score, _, text = words.partition(" ")
    if score not in {"1", "2", "3", "4", "5"}:
        raise Unclear("from 1 to 5: how was it?")
    more = {"text": text} if text else {}
    await seat.link.request("rate", chat=seat.here(), score=int(score), **more)


async def yes(seat: Seat, words: str) -> None:
    """Have a person answer, as the bot has offered."""
    del words
    await seat.link.request("handoff.answer", chat=seat.here(), yes=True)


async def no(seat: Seat, words: str) -> None:
    """Go on with the bot."""
    del words
    await seat.link.request("handoff.answer", chat=seat.here(), yes=False)


def _macro(known: Sequence[Fields], name: str) -> Fields:
    """Return the macro with this shortcut, id or name.

    Raises:
        Unclear: there is none.
    """
    for field in ("shortcut", "id", "name"):
        for item in known:
            if str(item.get(field, "")).casefold() == name.casefold():
                return item
    raise Unclear(f"there is no macro {brief(name, 20)}: /macro lists them")


async def _send(seat: Seat, saying: Saying, *, once_more: bool = False) -> None:
    """Send it, unless somebody else has stepped in since it was typed."""
    chat = seat.here()
    try:
        await seat.link.request(
            "msg.send",
            chat=chat,
            text=saying.text,
            macro=saying.macro,
            hold=saying.hold,
            if_head=saying.seen,
        )
    except RequestRefused as refused:
        if refused.code != Code.STALE_HEAD:
            raise
        _hold_back(seat, saying, refused.fields)
    else:
        if not once_more:
            # It was said in other words.
            seat.held.clear()


def _hold_back(seat: Seat, saying: Saying, fields: Fields) -> None:
    for event in msgspec.convert(fields.get("events", []), list[Event]):
        seat.before_its_turn(event)
    seat.held.append(saying)
    what = brief(saying.text or saying.macro or "", 40)
    seat.say(f"      ! not sent, see above: {what}")
    seat.say("      ! /again sends it as it is")


def _needed(words: str, question: str) -> str:
    if not words:
        raise Unclear(question)
    return words
