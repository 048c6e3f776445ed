"""What the actors of people work with."""

import msgspec

from actors.cells.ports import Clock
from actors.runtime.timers import Timers
from storage.journal import Journal


class Fittings(msgspec.Struct, frozen=True):
    """The same for every agent and every shopper of the process."""

    journal: Journal
    timers: Timers
    """On a clock that never goes back."""
    clock: Clock
