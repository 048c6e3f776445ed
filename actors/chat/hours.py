"""Open hours as intervals of absolute time: zones and holidays are made elsewhere."""

from collections.abc import Iterator
from math import inf

import msgspec

from actors.ids import Millis

Spans = tuple[tuple[Millis, Millis], ...]
"""From and to, in order and apart from each other."""


class OpenHours(msgspec.Struct, frozen=True):
    """When the shop answers; without windows it does so always."""

    windows: Spans | None = None

    def is_open(self, at: Millis) -> bool:
        """Return whether the shop is open at `at`."""
        if self.windows is None:
            return True
        return any(start <= at < end for start, end in self.windows)

    def after(self, start: Millis, span: Millis, pauses: Spans = ()) -> Millis | None:
        """Return when `span` of open time, `pauses` left out, has passed since `start`.

        `None` if the windows known end before that: ask again with newer ones.
        """
        if self.windows is None and not pauses:
            return Millis(start + span)
        left = span
        for begin, end in self._counted(start, pauses):
            if end - begin >= left:
                return Millis(begin + left)
            left = Millis(left - int(end - begin))
        return None

    def _counted(
        self, start: Millis, pauses: Spans
    ) -> Iterator[tuple[Millis, Millis | float]]:
        if self.windows is None:
            yield from _without(pauses, start, inf)
            return
        for opens, closes in self.windows:
            if closes > start:
                yield from _without(pauses, max(opens, start), closes)


def _without(
    pauses: Spans, begin: Millis, end: Millis | float
) -> Iterator[tuple[Millis, Millis | float]]:
    """Yield what is left of one interval."""
    for off, on in pauses:
        if off >= end:
            break
        if begin < off:
            yield begin, off
        begin = max(begin, on)
    if begin < end:
        yield begin, end


ALWAYS = OpenHours()
