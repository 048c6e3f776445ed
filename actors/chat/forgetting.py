"""What is left of a chat when its shopper is erased (spec U10)."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actors.chat.state import ChatState


def forget(state: "ChatState") -> None:
    """Let nothing in `state` say any more what people have said and named.

    Events before this one may read otherwise by now than when they happened: whatever
    they left behind is gone here, so that both lead to the same state.
    """
    state.erased = True
    state.preview = ""
    state.tags = ()
    state.bot = None
