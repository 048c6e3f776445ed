"""How deep a queue is, looked at once a turn: the deepest, and what 99 % stay below."""

DEEPEST = 24
"""Past 2^23 all is one."""
RARE = 100
"""One turn in so many may be deeper than what is told as usual."""


class Depths:
    """Since it was last read. Whoever reads often sees more of it."""

    __slots__ = ("_counts", "_most")

    def __init__(self) -> None:
        self._counts = [0] * (DEEPEST + 1)
        self._most = 0

    def add(self, depth: int) -> None:
        """Look once; some 0.1 us."""
        self._most = max(self._most, depth)
        self._counts[min(depth.bit_length(), DEEPEST)] += 1

    def read(self) -> tuple[int, int]:
        """Return the deepest, and a bound of 99 in 100 turns; then begin anew.

        The bound is one less than a power of two, or the deepest.
        """
        most, counts = self._most, self._counts
        self._most, self._counts = 0, [0] * (DEEPEST + 1)
        deeper, power = sum(counts) // RARE, DEEPEST
        while power and counts[power] <= deeper:
            deeper -= counts[power]
            power -= 1
        return most, min(most, 2**power - 1)
