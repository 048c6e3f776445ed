"""The mail of a chat's actor."""

import msgspec

from actors.cells.ports import Asker, Caller, Listener
from actors.chat.commands import AnyCommand
from actors.chat.signs import What
from actors.ids import Millis, Person, Seq, SiteId
from actors.runtime.actor import Fleeting
from storage.records import Record


class Order(msgspec.Struct, frozen=True, gc=False):
    """A command, and who is to hear what became of it: nobody, if it is our own."""

    command: AnyCommand
    caller: Caller | None = None
    name: str = ""
    """What the shopper is called, where the command may open the chat."""


class Join(msgspec.Struct, frozen=True):
    """`listener` wants every event after its position, without gap or repetition."""

    listener: Listener
    site: SiteId
    started: bool = False
    """Whether the chat has been announced to it: it is in the middle of catching up."""
    page: tuple[Record, ...] = ()
    """What it has missed first, if that has been read already."""


class LookBack(msgspec.Struct, frozen=True, gc=False):
    """`caller` wants up to `limit` of the events it may see before `before`."""

    re: str
    by: Person
    site: SiteId
    before: Seq
    limit: int
    caller: Caller


class Inquire(msgspec.Struct, frozen=True, gc=False):
    """`by` wants to know whose chat it is."""

    by: Person
    site: SiteId
    asker: Asker


class Sign(msgspec.Struct, frozen=True, gc=False):
    """`by` does this, or has stopped."""

    by: Person
    site: SiteId
    what: What
    on: bool
    note: bool = False
    """Whether it is into a note that `by` types."""


class Left(Fleeting, frozen=True, gc=False):
    """The last connection of `who` has left the chat."""

    who: Person


class Ring(msgspec.Struct, frozen=True, gc=False):
    """Look whether something has fallen due by `at`, and when something will."""

    at: Millis


class Rename(msgspec.Struct, frozen=True, gc=False):
    """The chat's shopper is called `name` from now on."""

    name: str


AnyMail = Order | Join | LookBack | Inquire | Sign | Left | Ring | Rename
