"""How far a client has come in one chat, and what fits next (protocol section 3)."""

from actors.ids import Seq
from broker.wire.heard import Event


class Followed:
    """A chat that a client follows, across its connections."""

    __slots__ = ("_ahead", "got", "opening", "position", "read")

    def __init__(self, after: Seq, opening: str = "") -> None:
        self.position = after
        """Seq of the last visible event applied, or where the person began."""
        self.opening = opening
        """The unanswered `chat.open`: all that does not fit comes again after it."""
        self.read = Seq(0)
        self.got = Seq(0)
        self._ahead: dict[Seq, Event] = {}
        """By `prev`, own events that were answered before what lies in between came.
        As many as there were requests under way."""

    def take(self, event: Event) -> tuple[Event, ...] | None:
        """Return what can be applied now, oldest first: nothing if it was before.

        `None`: something before `event` is missing.
        """
        if event.seq <= self.position:
            return ()
        # Nothing visible lies between `prev` and `seq`. It is less than the position
        # only where the person began at a hidden event.
        if event.prev > self.position:
            return None
        taken = [event]
        while (own := self._ahead.get(taken[-1].seq)) is not None:
            taken.append(own)
        self.position = taken[-1].seq
        self._ahead = {
            prev: own for prev, own in self._ahead.items() if prev > self.position
        }
        return tuple(taken)

    def keep(self, own: Event) -> None:
        """Apply the person's own event as soon as what lies before it has come."""
        self._ahead[own.prev] = own

    def restart(self) -> None:
        """Begin at the beginning: the chat is not the one it was."""
        self.position = self.read = self.got = Seq(0)
        self._ahead = {}
