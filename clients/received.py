"""What a link tells its owner."""

from broker.wire.frames import Badge, Eph, Live
from broker.wire.happened import Noticed, Refused, Resynced, Vanished
from broker.wire.heard import Event, Greeting, InboxChange
from clients.line import Cut

Received = (
    Event
    | Live
    | Eph
    | InboxChange
    | Badge
    | Noticed
    | Resynced
    | Vanished
    | Greeting
    | Cut
)
"""What there is to read, in the order in which it took effect; a `Greeting` after a
`Cut` says that the link is back."""


class RequestRefused(Exception):
    """The broker refused a request: nothing has changed, and asking again is useless.

    What is refused for the moment only is asked again by the link itself.
    """

    def __init__(self, refused: Refused) -> None:
        super().__init__(f"{refused.refusal.code}: {refused.refusal.message}")
        self.code = refused.refusal.code
        """See the protocol's list; the rest is for people."""
        self.fields = refused.fields
        """All that the answer says."""
