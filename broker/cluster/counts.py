"""What a node counts of its life, where it happens, and how far its copy is behind."""

from collections import Counter, deque
from enum import StrEnum

from storage.spans import Spans

APART_S = 1.0
"""Seconds between two ends of the log that are remembered."""
MOST_ENDS = 3600
"""That many: a copy that is an hour behind knows no better than that it is."""


class Why(StrEnum):
    """For what a node stops to own."""

    FENCED = "fenced"
    """The log has refused its write: somebody else had written."""
    UNAVAILABLE = "unavailable"
    """The log did not answer."""
    LEASE = "lease"
    """Its own signs of life came too late."""
    TAKEN = "taken"
    """The others have given it up, and one of them owns."""
    LEFT = "left"
    """It was told to go."""
    BROKEN = "broken"
    """Its disk has failed."""


class Refusal(StrEnum):
    """What the log has refused, since somebody else had written."""

    ENTRY = "entry"
    """A write of one who owned no longer."""
    MARK = "mark"
    """The claim of one who was not up to date: it catches up and tries again."""


class Counts:
    """Of one node, from the start of its process."""

    def __init__(self) -> None:
        self.takeovers = 0
        self.stepped_down = Counter[Why]()
        self.fenced = Counter[Refusal]()
        self.appended = Spans()
        """How long the log takes for an entry."""
        self.append_bytes = 0


class Lag:
    """How far a copy is behind the end of the log, and for how long."""

    def __init__(self) -> None:
        self.entries = 0
        """Positions between what is applied and the end."""
        self._ends: deque[tuple[float, int]] = deque()
        """Ends that are not reached yet, each with when it was first heard of."""

    def see(self, applied: int, end: int, now: float) -> None:
        """Hear how far the copy is, and how far the log was at `now`, in seconds."""
        self.entries = max(0, end - applied)
        ends = self._ends
        while ends and ends[0][1] <= applied:
            ends.popleft()
        if end <= applied or len(ends) >= MOST_ENDS:
            return
        if not ends or (end > ends[-1][1] and now >= ends[-1][0] + APART_S):
            ends.append((now, end))

    def seconds(self, now: float) -> float:
        """Return since when there has been something that is not in the copy."""
        return max(0.0, now - self._ends[0][0]) if self._ends else 0.0
