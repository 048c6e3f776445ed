"""What an agent's connection is told beside its chats: the list, its badge, check-ins.

A check-in that comes as an event, live, has to come as a notice as well, once, and no
other has to. Which of the two is first is not said.
"""

from clients.load.heard import Heard
from clients.load.loop import clock
from clients.load.oracle import Oracle

Which = tuple[str, int, str, int]
"""Chat, begin of the silence, state and count."""


class Notices:
    """What came over one connection of `sub`; forgotten when it ends."""

    __slots__ = ("_ix", "_live", "_oracle", "_owed", "_told", "badge", "role", "sub")

    def __init__(self, oracle: Oracle, sub: str, role: str) -> None:
        self.sub = sub
        self.role = role
        self.badge: int | None = None
        """What was told last, once there is a list."""
        self._ix = 0
        """The last change of the list that was told."""
        self._oracle = oracle
        self._live: set[str] = set()
        self._owed: dict[Which, str] = {}
        """Came as an event and not as a notice yet; whose chat it is."""
        self._told: set[Which] = set()

    def live(self, chat: str) -> None:
        """Learn that what comes from now on has just happened."""
        self._live.add(chat)

    def over(self) -> None:
        """Forget everything: notices do not wait for who comes back."""
        self.badge = None
        self._live.clear()
        self._owed.clear()
        self._told.clear()

    def happened(self, event: Heard, holder: str | None) -> None:
        """Take a check-in as it stands in the chat of `holder`."""
        chat, body = event.chat or "", event.body
        which = (chat, body.since, body.state, body.count)
        if chat in self._live and which not in self._told:
            self._owed[which] = holder or ""

    def listed(self, ok: Heard) -> None:
        """Take the answer that is a list: what changes there is told from now on.

        What changed before was told before, on the same connection.
        """
        if self.badge is not None and self.badge != ok.badge:
            words = f"{self.sub} was told a badge of {self.badge}, it is {ok.badge}"
            self._oracle.miscounted("", words, clock())
        self.badge, self._ix = ok.badge, ok.ix

    def noticed(self, frame: Heard) -> None:
        """Take a frame that has no place in a chat."""
        if frame.t == "badge":
            self.badge = frame.n
        elif frame.t == "ix":
            if frame.iprev != self._ix:
                words = f"change {frame.ix} of a list follows {frame.iprev}"
                self._oracle.miscounted("", f"{words}, not {self._ix}", clock())
            self._ix = frame.ix
        elif frame.kind == "checkin":
            self._reminded(frame)

    def _reminded(self, push: Heard) -> None:
        which = (push.chat or "", push.since, push.state, push.count)
        self._owed.pop(which, None)
        supervised = self.role == "admin" and push.state == "missed"
        words = ""
        if self.role == "shopper":
            words = "a shopper was told of a check-in"
        elif which in self._told:
            words = f"{self.sub} was told twice of one that was {push.state}"
        elif push.assignee not in {None, self.sub} and not supervised:
            words = f"{self.sub} was told of a check-in of {push.assignee}'s"
        self._told.add(which)
        if words:
            self._oracle.reminded(push.chat or "", words, clock())

    def left(self) -> None:
        """Judge what was not told, when all has had its time."""
        for (chat, _, state, _), holder in self._owed.items():
            if holder in {"", self.sub}:
                words = f"{self.sub} was never told of one that was {state}"
                self._oracle.reminded(chat, words, clock())
