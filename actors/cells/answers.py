"""What is answered to a request whose event is in the journal."""

import msgspec

from actors.cells.orders import Order
from actors.cells.ports import Accepted
from actors.chat.commands import Note, Say, Start
from actors.chat.events import Event, Noted, Said, seen_by_shopper
from actors.ids import ChatId, Seq
from storage.records import Record


def granted(
    order: Order, chat: ChatId, record: Record, event: Event, *, existing: bool
) -> Accepted:
    """Return the answer that stands for `event`, the order's own.

    Its `prev` is that of the asker's role; who may not see the event hears no seq.
    `existing`: the chat was there before, in case the order was to start one.
    """
    caller, command = order.caller, order.command
    if caller is None or caller.insider:
        prev = Seq(record.seq - 1)
    elif seen_by_shopper(event.body):
        prev = Seq(record.prev)
    else:
        return Accepted(command.id, chat, event.at)
    return Accepted(
        command.id,
        chat,
        event.at,
        Seq(record.seq),
        prev,
        existing=existing if isinstance(command, Start) else None,
    )


def repeated(
    order: Order, chat: ChatId, record: Record, event: Event, opening: str
) -> Accepted:
    """Return the first answer again; `opening` is the id that opened the chat (F8)."""
    first = granted(order, chat, record, event, existing=event.id != opening)
    differs = _differs(order.command, event)
    return msgspec.structs.replace(first, dup=True, body_differs=differs)


def _differs(command: object, event: Event) -> bool:
    """Return whether a repeat says something else than what was journaled."""
    body = event.body
    if isinstance(command, Say) and command.macro is not None:
        # It may be filled in differently by now, or gone: the macro is what was said.
        return isinstance(body, Said) and body.macro != command.macro
    if isinstance(command, Say | Start):
        said = (command.text, command.blobs)
        return not isinstance(body, Said) or (body.text, body.blobs) != said
    if isinstance(command, Note):
        return not isinstance(body, Noted) or body.text != command.text
    return False
