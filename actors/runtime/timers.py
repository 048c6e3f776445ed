"""Every timer of the process: slots, a heap of slot numbers, lazy re-arming.

To arm, to move later and to cancel cost well under a microsecond and no system call; a
timer fires up to a slot late and never early (114 bytes and 1 us each, measured).
"""

import heapq
from collections.abc import Callable
from math import inf
from typing import Protocol

import trio

TICK = 0.25
"""Seconds in a slot: how late a timer may fire."""


class Entry(Protocol):
    """What can be armed; a `Timer`, or a lighter one where there are very many."""

    due: float
    """Infinity: it does not fire."""
    slot: int
    """Where it is filed; 0 if nowhere."""

    def fire(self) -> None:
        """Do what it is for; it may be armed again in that."""

    def lapse(self) -> None:
        """Hear that it was cancelled, and is filed nowhere any more."""


class Timer:
    """Made once for a purpose, and armed again and again."""

    __slots__ = ("call", "due", "slot")

    def __init__(self, call: Callable[[], None]) -> None:
        self.call = call
        self.due = inf
        self.slot = 0

    def fire(self) -> None:
        """Make the call."""
        self.call()

    def lapse(self) -> None:
        """Wait to be armed again."""

    @property
    def armed(self) -> bool:
        """Whether it is going to fire."""
        return self.due < inf

    def cancel(self) -> None:
        """Do not fire; the slot's entry is dropped when its time comes."""
        self.due = inf

    def drop(self) -> None:
        """Never fire, and let go at once of what that would have called."""
        self.due = inf
        self.call = _nothing


class Timers:
    """Timers on one clock.

    `now` gives seconds on that clock; `wake` is called after something fired. On a
    clock that can jump, such as the wall's, `look_again` bounds how many seconds may
    pass before a jump is noticed.
    """

    def __init__(
        self,
        now: Callable[[], float],
        wake: Callable[[], None],
        look_again: float = inf,
    ) -> None:
        self.now = now
        self._wake = wake
        self._look_again = look_again
        self._slots: dict[int, list[Entry]] = {}
        self._order: list[int] = []
        self._sleep: trio.CancelScope | None = None

    def __len__(self) -> int:
        """Return how many entries are filed, cancelled ones included."""
        return sum(map(len, self._slots.values()))

    def arm(self, timer: Entry, seconds: float) -> None:
        """Have `timer` fire in `seconds`, and at no other time."""
        self.arm_at(timer, self.now() + seconds)

    def arm_at(self, timer: Entry, moment: float) -> None:
        """Have `timer` fire at `moment`, and at no other time."""
        timer.due = moment
        self._file(timer)

    async def run(self) -> None:
        """Fire what is due, for ever."""
        while True:
            with trio.CancelScope() as self._sleep:
                self._sleep.deadline = trio.current_time() + self._pause()
                await trio.sleep_forever()
            if self.advance():
                self._wake()

    def advance(self) -> bool:
        """Fire what is due now; return whether anything was.

        What is armed meanwhile for a moment past has its turn in the next call, so
        that a timer which arms itself so cannot keep the loop here.
        """
        now, fired = self.now(), False
        slots: list[int] = []
        while self._order and self._order[0] * TICK <= now:
            slots.append(heapq.heappop(self._order))
        for slot in slots:
            for timer in self._slots.pop(slot):
                if timer.slot != slot:
                    continue  # it was filed under an earlier slot since
                timer.slot = 0
                if timer.due <= now:
                    timer.due = inf
                    fired = True
                    timer.fire()
                elif timer.due < inf:
                    self._file(timer)
                else:
                    timer.lapse()
        return fired

    def next_at(self) -> float:
        """Return when there may be something to fire; infinity if nothing is armed."""
        return self._order[0] * TICK if self._order else inf

    def _pause(self) -> float:
        return min(max(0.0, self.next_at() - self.now()), self._look_again)

    def _file(self, timer: Entry) -> None:
        slot = int(timer.due / TICK) + 1
        if 0 < timer.slot <= slot:
            return  # filed earlier: it is filed again when that slot comes up
        timer.slot = slot
        if slot in self._slots:
            self._slots[slot].append(timer)
            return
        self._slots[slot] = [timer]
        heapq.heappush(self._order, slot)
        if self._sleep is not None and self._order[0] == slot:
            self._sleep.deadline = trio.current_time() + self._pause()


def _nothing() -> None:
    """Stand for what a dropped timer would have done."""
