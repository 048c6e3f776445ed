"""How long something took, how often: counted by powers of two of a microsecond."""

LONGEST = 24
"""Past 2^23 microseconds, eight seconds, all is one."""


class Spans:
    """One thread adds; any may read, and then sees each span or not yet."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (LONGEST + 1)
        """How many were shorter than 2^i microseconds, and not shorter than half."""
        self.seconds = 0.0
        """All of them together."""

    def add(self, seconds: float) -> None:
        """Count one; once in a batch or a turn, some 0.2 us."""
        self.seconds += seconds
        self.counts[min(int(seconds * 1e6).bit_length(), LONGEST)] += 1

    def upto(self) -> list[tuple[float, int]]:
        """Return each bound in seconds, with how many are below it; the last has none.

        Bounds below 64 microseconds, where nothing is measured, are left out.
        """
        below: list[tuple[float, int]] = []
        total = 0
        for power, count in enumerate(self.counts):
            total += count
            if power == LONGEST:
                below.append((float("inf"), total))
            elif power >= 6:  # noqa: PLR2004  # as said above
                below.append((2**power / 1e6, total))
        return below
