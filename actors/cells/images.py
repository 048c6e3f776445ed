"""Which of the images that a message names its sender may name.

The chat's rules know no tables: they refuse what nobody has looked for, and only then
somebody looks, and asks them again. So a message without images costs no question.
"""

import sqlite3

import msgspec

from actors.cells.orders import Order
from actors.chat.commands import AnyCommand, Say, Start
from actors.chat.outcomes import Outcome
from actors.ids import ChatId
from actors.refusals import Reason, Refused
from storage import blobs
from storage.blobs import Place


def unsought(command: AnyCommand, outcome: Outcome) -> bool:
    """Return whether `command` was refused for images that nobody has looked for."""
    return (
        isinstance(outcome, Refused)
        and outcome.reason is Reason.NO_BLOB
        and isinstance(command, Say | Start)
        and command.known is None
    )


def sought(db: sqlite3.Connection, order: Order, chat: ChatId, stream: int) -> Order:
    """Return `order` with what there is of the images it names."""
    command = order.command
    if not isinstance(command, Say | Start):
        return order
    place = Place(command.site, chat, stream, command.by)
    known = blobs.nameable(db, place, command.blobs)
    seen = msgspec.structs.replace(command, known=known)
    return msgspec.structs.replace(order, command=seen)
