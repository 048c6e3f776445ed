"""How often each address has tried lately."""

from collections import OrderedDict

MOST = 10_000
"""Addresses that are remembered: the oldest give way, about 1 MiB in all."""


class Attempts:
    """At most `limit` of one address in any `window` seconds."""

    def __init__(self, limit: int, window: float) -> None:
        self._limit = limit
        self._window = window
        self._times: OrderedDict[str, list[float]] = OrderedDict()

    def wait(self, who: str, now: float) -> float:
        """Return the seconds `who` has to wait; with 0 the attempt is counted."""
        recent = [at for at in self._times.pop(who, []) if at > now - self._window]
        self._times[who] = recent
        if len(self._times) > MOST:
            self._times.popitem(last=False)
        if len(recent) >= self._limit:
            return recent[0] + self._window - now
        recent.append(now)
        return 0.0
