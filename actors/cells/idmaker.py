"""Makes ids: the one place where chance and time become names."""

import random

from actors.cells.ports import Clock
from actors.ids import STREAM_BITS, ChatId, ProfileId, encode_id

COUNTER_BITS = 16
"""Ids in one millisecond before the next one is borrowed."""
SECRET_BITS = 128 - STREAM_BITS
"""Bits of an id that cannot be guessed from the ids around it."""


class IdMaker:
    """Each id is greater than the one before, even if the clock goes back."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self._clock = clock
        self._chance = chance
        self._last = 0

    def chat(self) -> ChatId:
        """Return the id of a new chat."""
        return ChatId(self._next())

    def profile(self) -> ProfileId:
        """Return the id of a new profile."""
        return ProfileId(self._next())

    def blob(self) -> str:
        """Return the id of a new image."""
        return self._next()

    def token(self) -> str:
        """Return 128 random bits: a secret, or the name of a session."""
        return encode_id(self._chance.getrandbits(128))

    def _next(self) -> str:
        # High bits: milliseconds; then a counter; the rest is secret.
        self._last = max(self._last + 1, self._clock() << COUNTER_BITS)
        secret = self._chance.getrandbits(SECRET_BITS)
        return encode_id(self._last << SECRET_BITS | secret)
