"""Whether an agent is there."""

from typing import Literal

from broker.wire.forms import Request


class PresenceSet(Request, frozen=True, gc=False, tag="presence.set"):
    """Say myself whether I am there, whatever my connections say."""

    state: Literal["online", "away", "offline"]
