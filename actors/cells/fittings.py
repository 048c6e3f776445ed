"""What the actors of people work with."""

from typing import NamedTuple

import msgspec

from actors.cells.ports import Clock, RulesOf
from actors.ids import Millis
from actors.runtime.timers import Timers
from storage.journal import Journal


class NewChats(NamedTuple):
    """How many chats a person may open within how long (F57)."""

    most: int = 6
    within: Millis = Millis(12 * 3600 * 1000)


class Fittings(msgspec.Struct, frozen=True):
    """The same for every agent and every shopper of the process."""

    journal: Journal
    timers: Timers
    """On a clock that never goes back."""
    clock: Clock
    rules_of: RulesOf
    new_chats: NewChats = NewChats()
