"""What all frames of a client have in common."""

from typing import ClassVar

import msgspec

from broker.wire.fields import Id


class FromClient(
    msgspec.Struct, frozen=True, gc=False, omit_defaults=True, tag_field="op"
):
    """Base of what a client says."""


class Request(FromClient, frozen=True, gc=False):
    """Answered by an `ok` or an `err` with the same id; for a write, also its key."""

    id: Id


class Signal(FromClient, frozen=True, gc=False):
    """Never answered, whatever becomes of it."""

    id: ClassVar[str] = ""
