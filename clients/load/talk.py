"""One chat of a run: who takes part, what was written, and how far each has come."""

from collections.abc import Callable
from enum import IntEnum

from clients.load.heard import Heard
from clients.load.texts import AGENT, SHOPPER, Mark


class Op(IntEnum):
    """What was asked."""

    START = 0
    SAY = 1
    NOTE = 2
    END = 3
    OPEN = 4
    READ = 5
    PICK = 6
    LIST = 7


class Asked:
    """A request that is not answered yet."""

    __slots__ = ("id", "op", "refused", "talk")

    def __init__(self, op: Op, id_: str, talk: "Talk") -> None:
        self.op = op
        self.id = id_
        self.talk = talk
        self.refused = False
        """Whether it waits to be sent again."""


class Opening(Asked):
    """A `chat.open`."""

    __slots__ = ("follower",)

    def __init__(self, id_: str, follower: "Follower") -> None:
        super().__init__(Op.OPEN, id_, follower.talk)
        self.follower = follower


class Cursor(Asked):
    """A `read`."""

    __slots__ = ("follower", "seq")

    def __init__(self, id_: str, follower: "Follower", seq: int) -> None:
        super().__init__(Op.READ, id_, follower.talk)
        self.follower = follower
        self.seq = seq


class Picking(Asked):
    """A `faq.pick`."""

    __slots__ = ("faq",)

    def __init__(self, id_: str, talk: "Talk", faq: str) -> None:
        super().__init__(Op.PICK, id_, talk)
        self.faq = faq


class Listing(Asked):
    """An `inbox.open`."""

    __slots__ = ("cursor", "told", "view")

    def __init__(
        self,
        id_: str,
        view: str,
        cursor: str | None = None,
        told: Callable[[Heard], None] | None = None,
    ) -> None:
        super().__init__(Op.LIST, id_, NO_TALK)
        self.view = view
        self.cursor = cursor
        """Of the page before."""
        self.told = told
        """Called with the answer, if anybody wants it."""


class Write(Asked):
    """A write, until it is answered and has arrived."""

    __slots__ = (
        "acked_at",
        "arrived",
        "blob",
        "chat",
        "intended",
        "mark",
        "resent",
        "sent_at",
        "seq",
        "told_on",
    )

    def __init__(self, op: Op, id_: str, talk: "Talk", mark: Mark) -> None:
        super().__init__(op, id_, talk)
        self.mark = mark
        self.chat = talk.chat
        self.blob = ""
        self.intended = 0.0
        """When it was to be sent."""
        self.sent_at = 0.0
        """When it was sent first, or 0."""
        self.acked_at = 0.0
        """When it was answered, or 0."""
        self.arrived = False
        """Whether the other side has it; of a note that is not asked."""
        self.seq = 0
        """Where it stands, by the answer or by the event, whatever came first."""
        self.told_on = 0
        """The connection of its author on which it came as an event, or 0."""
        self.resent = False


class Fit(IntEnum):
    """How an event fits what came before it."""

    NEXT = 0
    LATE = 1
    """What comes after it has come before."""
    AGAIN = 2
    RETOLD = 3
    """It came before, and was asked for again."""


class Follower:
    """One side of a chat, over all its connections."""

    __slots__ = (
        "_ahead",
        "_answered",
        "_asked_from",
        "_holes",
        "_opened",
        "_repeated",
        "attached",
        "chat",
        "cursor",
        "hoped",
        "newest",
        "position",
        "side",
        "since",
        "talk",
    )

    def __init__(self, talk: "Talk", side: str, chat: str, position: int = 0) -> None:
        self.talk = talk
        self.side = side
        self.chat = chat
        self.position = position
        """Seq of the last event that came, or of one's own last write."""
        self.since = talk.since
        """Seq of the first words in this run: what came before them is history."""
        self.attached = False
        """Whether what happens is to come by itself."""
        self.newest: dict[str, int] = {}
        """The highest number that came, by kind of mark."""
        self.cursor = 0
        """Up to where this side has read, as far as it was answered."""
        self.hoped = 0
        """Up to where it has said so; a connection may have taken that with it."""
        self._opened = True
        """Whether the next event is right whatever its `prev`."""
        self._holes: list[tuple[int, int]] = []
        """What was skipped: after the first seq, up to the second."""
        self._ahead: dict[int, int] = {}
        """Own writes that were answered before what lies before them, by `prev`."""
        self._repeated: set[int] = set()
        """Own writes that a resume may bring beside their repeated answers."""
        self._asked_from = -1
        """What comes after this was asked for once more, and is no repetition."""
        self._answered = False
        """Whether the answer to that has come."""

    @property
    def holes(self) -> list[tuple[int, int]]:
        """What did not come, oldest first: after the first seq, up to the second."""
        return self._holes

    def begin(self) -> None:
        """Learn that the server begins to send, after a resume or an opening."""
        self.attached = self._opened = self._answered = True

    def resume(self) -> int:
        """Forget the holes; return after which seq a new connection is to begin."""
        after = self._holes[0][0] if self._holes else self.position
        # Nothing else comes on it: what it had before is told again, or not at all.
        self._asked_from = after if self._holes else -1
        self._holes = []
        return after

    def ask_again(self) -> int:
        """Forget the holes; return after which seq all is to be sent once more."""
        after = self.resume()
        # What is under way already is told twice.
        self._asked_from, self._answered = after, False
        return after

    def live(self) -> None:
        """Learn that all has come that was asked for."""
        if self._answered:
            self._asked_from = -1

    def take(self, seq: int, prev: int | None) -> Fit:
        """Note an event that came, and return how it fits."""
        if seq > self.position and seq not in self._ahead.values():
            if prev is not None and prev > self.position and not self._opened:
                self._holes.append((self.position, prev))
            self._opened = False
            self._move(seq)
            return Fit.NEXT
        for number, (low, high) in enumerate(self._holes):
            if low < seq <= high:
                rest = [(low, seq - 1), (seq, high)]
                self._holes[number : number + 1] = [h for h in rest if h[0] < h[1]]
                return Fit.LATE
        return Fit.RETOLD if 0 <= self._asked_from < seq else Fit.AGAIN

    def expects(self, seq: int) -> bool:
        """Return whether one's own `seq` may come as an event too, and forget it."""
        expected = seq in self._repeated
        self._repeated.discard(seq)
        return expected

    def wrote(self, seq: int, prev: int | None, *, dup: bool) -> None:
        """Note one's own write, whose answer stands for the event.

        If it is a repeated answer, a resume may bring the event all the same.
        """
        if dup:
            self._repeated.add(seq)
        if prev is None or prev <= self.position:
            self._move(max(seq, self.position))
        elif seq > self.position:
            self._ahead[prev] = seq

    def _move(self, seq: int) -> None:
        self.position = seq
        while self._ahead:
            further = self._ahead.pop(self.position, 0)
            if not further:
                self._ahead = {
                    p: s for p, s in self._ahead.items() if s > self.position
                }
                return
            self.position = further


class Talk:
    """One shopper's chat, and those that the shopper begins after it ended."""

    __slots__ = (
        "chat",
        "ending",
        "followers",
        "furthest",
        "holder",
        "index",
        "life",
        "listener",
        "old",
        "ready",
        "receipt",
        "said",
        "since",
        "waiting",
        "writes",
    )

    def __init__(self, index: int) -> None:
        self.index = index
        self.chat = ""
        """Its id, once it has begun."""
        self.life = 0
        """How many have ended before it."""
        self.since = 0
        """Seq of its first words in this run: what came before is history."""
        self.followers: dict[str, Follower] = {}
        """By side."""
        self.furthest: dict[str, int] = {}
        """The highest number that was answered, by kind of mark."""
        self.ready = False
        """Whether both sides are attached."""
        self.ending = False
        self.listener: Callable[[str], None] | None = None
        """Is told which side has just received a message, if anybody asks."""
        self.receipt = 0
        """Up to where the agent was told that the shopper has read."""
        self.holder: str | None = None
        """Whose ticket it is, as its agent was told."""
        self.old = False
        """Whether it had begun before the run, so that not all of it is known."""
        self.said = 0
        """Seq of the shopper's last message, as far as it is known."""
        self.writes: dict[tuple[str, int], Write] = {}
        """What was not answered or did not arrive yet, by kind and number."""
        self.waiting: list[tuple[str, int]] = []
        """What is to be said as soon as it is ready: side and number."""

    def begun(self, chat: str, since: int, *, old: bool) -> None:
        """Note that the chat has begun, or goes on that had begun before."""
        self.chat, self.since, self.old = chat, since, old
        for follower in self.followers.values():
            follower.since = since

    def over(self) -> None:
        """Note that it has ended: another one begins."""
        self.life += 1
        self.chat, self.since, self.receipt = "", 0, 0
        self.holder, self.said = None, 0
        self.ready = self.ending = False
        self.followers = {}

    def all_attached(self) -> bool:
        """Return whether both sides would hear of a message."""
        sides = self.followers
        return all(s in sides and sides[s].attached for s in (SHOPPER, AGENT))


NO_TALK = Talk(-1)
"""Of requests that are about none."""
