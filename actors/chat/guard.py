"""The guard of those who act on what they have seen: what is newer stops them (U7)."""

from actors.chat.state import ChatState
from actors.ids import Seq
from actors.refusals import Reason, Refused


def unseen(state: ChatState, seen: Seq | None) -> Refused | None:
    """Return what stops an agent from leaving a chat whose shopper has said more.

    One who snoozes or closes it would not come to know of that.
    """
    if seen is None or state.shopper_said <= seen:
        return None
    return stale(state, seen)


def stale(state: ChatState, seen: Seq) -> Refused:
    """Return the refusal of somebody who has seen the chat up to `seen`."""
    return Refused(Reason.STALE_HEAD, head=state.seq, after=seen)
