"""Rules of what leaves by SMS (F21).

A message in such a ticket is one like any other. That it also has to get to somebody's
telephone is seen in what follows it: `sms`, sent or failed, each at most once.
"""

from actors.chat.commands import Report, Say
from actors.chat.events import Event, Texted
from actors.chat.outcomes import Outcome, Unchanged
from actors.chat.state import ChatState
from actors.ids import SYSTEM, Seq
from actors.refusals import Reason, Refused

MOST_CHARS = 1600
"""Characters in one message: what providers take, in ten parts (F21)."""


def unfit(command: Say) -> Refused | None:
    """Return why this cannot leave by SMS, or `None`."""
    if command.blobs:
        # Of our adapters none sends pictures.
        why = "pictures cannot be sent by SMS here"
        return Refused(Reason.BAD_BLOB, path="$.blobs", why=why)
    if len(command.text) > MOST_CHARS:
        return Refused(Reason.TOO_BIG, path="$.text", limit=MOST_CHARS)
    return None


def report(state: ChatState, command: Report) -> Outcome:
    """Journal what became of a message, also when the chat is over or full.

    That it failed is known later than that it was taken, and is the last word.
    """
    known = state.seen.get(SYSTEM, {})
    if command.state == "sent" and report_id(command.of, "failed") in known:
        return Unchanged()
    texted = Texted(command.state, command.of, command.reason)
    return (Event(SYSTEM, command.at, texted, command.id),)


def report_id(of: Seq, state: str) -> str:
    """Return the id under which a report is known: each can be made once."""
    return f"sms:{of}:{state}"
