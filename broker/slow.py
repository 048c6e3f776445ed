"""Says when something took long: a turn of the loop, or one actor's part of it.

Everybody waits for a turn, so one that is slow is worth a line; who was slow in it is
told by kind and kind of message, never by what they hold.
"""

import logging
from collections.abc import Callable
from time import perf_counter

from actors.runtime.system import Watch
from broker.config import LogConfig
from storage.spans import Spans

APART_S = 10.0
"""Seconds between two lines of one sort: what is slow once is slow a thousand times,
and a log that grows by that is one more thing to be slow."""

log = logging.getLogger(__name__)


class Sparing:
    """Lets a line pass now and then, and counts those between."""

    def __init__(self, now: Callable[[], float] = perf_counter) -> None:
        self._now = now
        self._next = float("-inf")
        self._kept = 0

    def passes(self) -> int | None:
        """Return how many were kept back since the last; `None` if this one is, too."""
        now = self._now()
        if now < self._next:
            self._kept += 1
            return None
        self._next, kept = now + APART_S, self._kept
        self._kept = 0
        return kept


class Slow:
    """Hears how long turns and actors took."""

    def __init__(
        self, config: LogConfig, now: Callable[[], float] = perf_counter
    ) -> None:
        self.turns = Spans()
        """How long all turns took, from the first socket read to the last flush."""
        self.slow_turns = 0
        self.slow_actors = 0
        self._now = now
        self._actor_s = config.slow_actor_ms / 1000
        self._turn_s = config.slow_turn_ms / 1000
        self._turn_lines, self._actor_lines = Sparing(now), Sparing(now)

    @property
    def watch(self) -> Watch:
        """How actors are looked at; not in virtual time, in which nothing takes any."""
        return Watch(self._now, self._actor_s, self.acted)

    def turned(self, seconds: float) -> None:
        """Hear how long a turn took; some 0.3 us."""
        self.turns.add(seconds)
        if seconds < self._turn_s:
            return
        self.slow_turns += 1
        kept = self._turn_lines.passes()
        if kept is not None:
            log.warning(
                "a turn took %d ms: everybody waited; %d more since the last such line",
                seconds * 1000,
                kept,
            )

    def acted(self, kind: str, message: object, seconds: float) -> None:
        """Hear that an actor of `kind` took so long, which is too long."""
        self.slow_actors += 1
        kept = self._actor_lines.passes()
        if kept is not None:
            log.warning(
                "an actor took %d ms: a %s with %s; %d more since the last such line",
                seconds * 1000,
                kind,
                _named(message),
                kept,
            )


def _named(message: object) -> str:
    """Return what kind of message it is: types alone, nothing that people wrote."""
    name = type(message).__name__
    command = getattr(message, "command", None) or getattr(message, "message", None)
    return name if command is None else f"{name} of {type(command).__name__}"
