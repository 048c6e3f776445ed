"""What comes of a command."""

import msgspec

from actors.chat.events import Event
from actors.ids import Seq
from actors.refusals import Refused


class Repeated(msgspec.Struct, frozen=True, gc=False):
    """The command was carried out before; its own event stands at `seq`."""

    seq: Seq


class Unchanged(msgspec.Struct, frozen=True, gc=False):
    """The command is granted, but there was nothing left to do."""

    already: bool = False
    """Whether the chat had ended before."""


class Moved(msgspec.Struct, frozen=True, gc=False):
    """A cursor moved: shown at once to its owner, journaled within a second."""

    seq: Seq


Outcome = tuple[Event, ...] | Repeated | Unchanged | Moved | Refused
"""Events are oldest first and never none."""
