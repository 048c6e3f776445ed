"""What happens to an agent."""

from typing import Literal

import msgspec

from actors.ids import Millis

Presence = Literal["online", "away", "offline"]


class Connect(msgspec.Struct, frozen=True, gc=False):
    """One more connection of the agent is there."""


class Disconnect(msgspec.Struct, frozen=True, gc=False):
    """One connection of the agent is gone."""

    at: Millis


class Choose(msgspec.Struct, frozen=True, gc=False):
    """The agent says how they want to be seen."""

    presence: Presence


class Expel(msgspec.Struct, frozen=True, gc=False):
    """The agent's account may do nothing more: they are gone, without any grace."""


class Look(msgspec.Struct, frozen=True, gc=False):
    """It is `at` now: the grace of one who left may be over."""

    at: Millis


AnyCommand = Connect | Disconnect | Choose | Expel | Look
