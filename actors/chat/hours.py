"""Open hours as intervals of absolute time: zones and holidays are made elsewhere."""

from bisect import bisect_right
from collections.abc import Iterator
from math import inf
from operator import itemgetter

import msgspec

from actors.ids import Millis

Spans = tuple[tuple[Millis, Millis], ...]
"""From and to, in order and apart from each other."""
MOST_PAUSES = 64
"""In one silence, or one chat; past it the last one grows over what lies before the
next, so that snoozing for fun cannot make a chat slow."""

_begin, _end = itemgetter(0), itemgetter(1)


class OpenHours(msgspec.Struct, frozen=True):
    """When the shop answers; without windows it does so always."""

    windows: Spans | None = None
    zone: str = "UTC"
    """What the shop calls the time on its wall."""
    shifts: tuple[tuple[Millis, Millis], ...] = ()
    """Since when its wall shows how much more than UTC, in order."""

    def is_open(self, at: Millis) -> bool:
        """Return whether the shop is open at `at`."""
        if self.windows is None:
            return True
        passed = bisect_right(self.windows, at, key=_begin)
        return passed > 0 and at < self.windows[passed - 1][1]

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

    def between(self, start: Millis, end: Millis, pauses: Spans = ()) -> Millis:
        """Return how much open time, `pauses` left out, lies between two moments."""
        counted = 0
        for begin, over in self._counted(start, pauses):
            if begin >= end:
                break
            counted += int(min(over, end)) - begin
        return Millis(counted)

    def opens(self, at: Millis) -> Millis | None:
        """Return when the shop opens next after `at`, if that is known."""
        windows = self.windows or ()
        place = bisect_right(windows, at, key=_begin)
        return windows[place][0] if place < len(windows) else None

    def turns(self, at: Millis) -> Millis | None:
        """Return when it opens or closes next after `at`, if that is known."""
        windows = self.windows or ()
        place = bisect_right(windows, at, key=_end)
        if place == len(windows):
            return None
        begin, end = windows[place]
        return begin if at < begin else end

    def turned(self, at: Millis) -> Millis:
        """Return when it opened or closed last until `at`; 0 if that is not known."""
        windows = self.windows or ()
        place = bisect_right(windows, at, key=_begin)
        if place == 0:
            return Millis(0)
        begin, end = windows[place - 1]
        return begin if at < end else end

    def wall(self, at: Millis) -> Millis:
        """Return what the wall shows at `at`, as if it were UTC."""
        place = bisect_right(self.shifts, at, key=_begin)
        # Before the first that is known it is the best guess.
        return Millis(at + (self.shifts[max(0, place - 1)][1] if self.shifts else 0))

    def _counted(
        self, start: Millis, pauses: Spans
    ) -> Iterator[tuple[Millis, Millis | float]]:
        if self.windows is None:
            yield from _without(pauses, start, inf)
            return
        windows = self.windows
        for place in range(bisect_right(windows, start, key=_end), len(windows)):
            opens, closes = windows[place]
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


def with_pause(pauses: Spans, begin: Millis | None, end: Millis) -> Spans:
    """Return `pauses` and one more, if there is one: it has a begin and takes time."""
    if begin is None or begin >= end:
        return pauses
    if len(pauses) == MOST_PAUSES:
        pauses, begin = pauses[:-1], pauses[-1][0]
    return (*pauses, (begin, end))


ALWAYS = OpenHours()
