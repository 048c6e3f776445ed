"""Rules of read and delivered receipts (F12, F13).

Cursors move often and matter little, so they take a road of their own: a move is
granted and shown to its owner at once, and journaled within a second, one event for
each person however often it moved. A crash may lose that second; clients repeat.
"""

from actors.chat.commands import MoveCursor, WriteCursors
from actors.chat.events import Event, Got, Read
from actors.chat.limits import is_full
from actors.chat.outcomes import Moved, Outcome, Unchanged
from actors.chat.state import ChatState, Cursor
from actors.ids import Person, Seq
from actors.refusals import Reason, Refused
from actors.settings.rules import Rules

Moving = dict[str, Cursor]
"""Cursors that have moved since they were journaled, by person."""


def move(state: ChatState, command: MoveCursor, moving: Moving) -> Outcome:
    """Note in `moving` how far the cursor is now; lower or equal changes nothing."""
    if command.seq > state.seq:
        return Refused(Reason.BAD_CURSOR, head=state.seq)
    by, seq = command.by, command.seq
    cursor = moving.get(by)
    if cursor is None:
        written = state.cursors.get(by) or Cursor()
        if seq <= (written.read if command.what == "read" else written.got):
            return Moved(seq)
        cursor = moving[by] = Cursor(written.got, written.read)
    cursor.got = max(cursor.got, seq)
    if command.what == "read":
        cursor.read = max(cursor.read, seq)
    return Moved(seq)


def write(
    state: ChatState, command: WriteCursors, rules: Rules, moving: Moving
) -> Outcome:
    """Empty `moving`; return one event for each person who is ahead of the journal.

    A chat whose journal is full moves its cursors without events: they stay (F57).
    """
    if is_full(state, rules.limits):
        return Unchanged()
    events: list[Event] = []
    for name, cursor in moving.items():
        who = Person(name)
        written = state.cursors.get(who) or Cursor()
        shown = who == state.shopper or rules.settings.receipts.show_agent_read
        if cursor.read > written.read:
            events.append(Event(who, command.at, Read(who, cursor.read, shown)))
        # To have read is to have received: one event says both.
        if cursor.got > max(written.got, cursor.read):
            events.append(Event(who, command.at, Got(who, cursor.got, shown)))
    moving.clear()
    return tuple(events) if events else Unchanged()


def put_back(moving: Moving, events: tuple[Event, ...]) -> None:
    """Note moves in `moving` again whose events could not be journaled."""
    for event in events:
        body = event.body
        if type(body) is Read or type(body) is Got:
            cursor = moving.setdefault(body.who, Cursor())
            cursor.got = max(cursor.got, body.upto)
            if type(body) is Read:
                cursor.read = max(cursor.read, body.upto)


def keep_below(moving: Moving, head: Seq) -> None:
    """Take back moves past `head`: what they had seen never became durable."""
    for cursor in moving.values():
        cursor.got = min(cursor.got, head)
        cursor.read = min(cursor.read, head)
