"""All that happens in a run, by time: decided by the plan and its seed alone.

Nothing here depends on what the broker does, so that the same seed gives the same
traffic, and a broker that is slow is not asked less.
"""

import struct
from collections.abc import Iterator
from enum import IntEnum
from hashlib import sha256
from heapq import heappop, heappush
from itertools import pairwise
from random import Random
from typing import NamedTuple

from clients.load.plan import Plan
from clients.load.texts import AGENT, OTHER, SHOPPER, SIDES

STEP_S = 0.1
"""The rate is kept within each of these."""
AHEAD_S = 2.0
"""How long before a message its writer may begin to type."""
UPLOAD_S = 1.0
"""How long before its message an image is uploaded."""
BURST_EVERY_S, BURST_S, BURST_SHARE = 5.0, 0.5, 0.6
"""In bursts, this share of each five seconds' messages comes in half a second."""
RAMP = ((0.0, 0.1), (0.5, 1.0), (0.8, 1.0), (1.0, 0.4))
"""A Black Friday: share of the peak, by part of the run."""


class What(IntEnum):
    """What one does."""

    SAY = 0
    TYPE = 1
    READ = 2
    NOTE = 3
    END = 4
    CUT = 5
    STALL = 6
    DELAY = 7
    SPLIT = 8
    TWICE = 9
    IMAGE = 10
    UPLOAD = 11


class Move(NamedTuple):
    """One thing that one person does; ordered by time, then by all the rest."""

    at: float
    """Seconds after the beginning."""
    what: What
    chat: int
    side: str
    number: int
    """Of a message, or of one to come, by chat and side, from 1; else 0."""


_PACKED = struct.Struct("<dBIcI")


class Traffic:
    """The moves of `plan`, once. Iterate over it to its end to know the hash."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._random = Random(f"{plan.seed} traffic")  # noqa: S311  # to be repeated
        self._bag: list[int] = []
        self._again: tuple[int, str] | None = None
        self._speaker = [SHOPPER] * plan.chats
        self._numbers = {side: [0] * plan.chats for side in SIDES}
        self._due: list[Move] = []
        self._hash = sha256(f"{plan.chats} {plan.agents} {plan.seed}".encode())
        self.over = False
        self.messages = 0
        """How many were made so far."""

    def __iter__(self) -> Iterator[Move]:
        """Yield all moves in the order of time."""
        for end in self._stepped():
            # What comes earlier than this cannot be known of later.
            while self._due and self._due[0].at <= end - AHEAD_S:
                yield self._noted(heappop(self._due))
        while self._due:
            yield self._noted(heappop(self._due))
        self.over = True

    @property
    def digest(self) -> str | None:
        """The hash of all moves and texts; `None` while not all were made."""
        return self._hash.hexdigest()[:16] if self.over else None

    def _noted(self, move: Move) -> Move:
        self._hash.update(
            _PACKED.pack(move.at, move.what, move.chat, move.side.encode(), move.number)
        )
        return move

    def _stepped(self) -> Iterator[float]:
        """Make the messages of each step of time; yield its end."""
        plan, owed, begin = self._plan, 0.0, 0.0
        self._storms()
        while begin < plan.duration:
            end = min(begin + STEP_S, plan.duration)
            if plan.script is None:
                owed += plan.rate * _weight(plan, begin) * (end - begin)
            # What arithmetic leaves of a whole message is one.
            count = int(owed + 1e-9)
            owed -= count
            for number in range(count):
                at = begin + (number + self._random.random()) / count * (end - begin)
                # Rounded, the last of a step may not become the first of the next.
                self._say(min(round(at, 6), round(end - 1e-6, 6)))
            self._harm(begin, end)
            yield end
            begin = end

    def _say(self, at: float) -> None:
        chat, side = self._next_speaker()
        mix, chance = self._plan.mix, self._random.random
        self._numbers[side][chat] += 1
        self.messages += 1
        number = self._numbers[side][chat]
        what = What.IMAGE if chance() < mix.images else What.SAY
        heappush(self._due, Move(at, what, chat, side, number))
        if what is What.IMAGE:
            self._add(at - UPLOAD_S, What.UPLOAD, chat, side, number)
        if chance() < mix.typing:
            self._add(at - 0.2 - 1.5 * chance(), What.TYPE, chat, side)
        if chance() < mix.reads:
            self._add(at + 0.3 + 2 * chance(), What.READ, chat, OTHER[side])
        if chance() < mix.notes:
            self._add(at + chance(), What.NOTE, chat, AGENT)
        if chance() < mix.blips:
            self._add(at + chance(), What.CUT, chat, side)
        if chance() < mix.slow / 10:
            self._add(at, What.STALL, chat, OTHER[side])
        if chance() < mix.ends:
            self._add(at + 0.5, What.END, chat, SHOPPER)

    def _next_speaker(self) -> tuple[int, str]:
        """Return whose turn it is: every chat equally often, in shuffled rounds."""
        again, self._again = self._again, None
        if again is not None:
            return again
        if not self._bag:
            self._bag = list(range(self._plan.chats))
            self._random.shuffle(self._bag)
        chat = self._bag.pop()
        side = self._speaker[chat] = OTHER[self._speaker[chat]]
        if self._random.random() < self._plan.mix.row:
            self._again = (chat, side)
        return chat, side

    def _add(
        self, at: float, what: What, chat: int, side: str, number: int = 0
    ) -> None:
        """Add what goes with a message, if it falls into the run."""
        at = round(max(at, 0.0), 6)
        if at < self._plan.duration:
            heappush(self._due, Move(at, what, chat, side, number))

    def _storms(self) -> None:
        for part in self._plan.mix.storms:
            for chat in range(self._plan.chats):
                for side in SIDES:
                    self._add(part * self._plan.duration, What.CUT, chat, side)

    def _harm(self, begin: float, end: float) -> None:
        """Let go wrong what is to go wrong between `begin` and `end`."""
        chaos = self._plan.chaos
        if chaos.calm:
            return
        kinds = (
            (What.CUT, chaos.drop),
            (What.STALL, chaos.stall),
            (What.DELAY, chaos.delay),
            (What.SPLIT, chaos.split),
            (What.TWICE, chaos.twice),
        )
        for what, share in kinds:
            expected = share * (end - begin) * 2 * self._plan.chats
            count = int(expected) + (self._random.random() < expected % 1)
            for _ in range(count):
                chat = self._random.randrange(self._plan.chats)
                side = self._random.choice(SIDES)
                at = begin + self._random.random() * (end - begin)
                self._add(at, what, chat, side)


def _weight(plan: Plan, at: float) -> float:
    """Return the rate at `at`, as a share of the plan's."""
    if plan.mix.shape == "bursts":
        inside = at % BURST_EVERY_S < BURST_S - STEP_S / 2
        if inside:
            return BURST_SHARE * BURST_EVERY_S / BURST_S
        return (1 - BURST_SHARE) * BURST_EVERY_S / (BURST_EVERY_S - BURST_S)
    if plan.mix.shape == "ramp":
        part = at / plan.duration
        for (left, low), (right, high) in pairwise(RAMP):
            if part <= right:
                return low + (high - low) * (part - left) / (right - left)
    return 1.0
