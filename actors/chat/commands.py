"""What may be asked of a chat."""

from typing import ClassVar, Literal

import msgspec
from msgspec import UNSET, UnsetType

from actors.chat.events import Channel, Picked
from actors.chat.traits import NO_TRAITS, Traits
from actors.ids import ChatId, Millis, Person, Seq, SiteId
from actors.refusals import Refused


class Command(msgspec.Struct, frozen=True, gc=False):
    """Who asks, when, and the asker's own id for it: a repeat carries the same id."""

    id: str
    by: Person
    site: SiteId
    at: Millis


class Start(Command, frozen=True, gc=False):
    """Begin the chat with the shopper's first message, or go on in it if it runs."""

    chat: ChatId
    profile: str
    text: str
    blobs: tuple[str, ...] = ()
    legal_ack: bool = False
    previous: ChatId | None = None
    traits: Traits = NO_TRAITS
    known: frozenset[str] | None = None
    """As in `Say`."""
    channel: Channel = "chat"
    faqs: tuple[Picked, ...] = ()
    """What the shopper has read before, the oldest first."""
    welcome: str | None = None
    """What they were welcomed with; `None`: nobody has filled it in for them."""


class Then(msgspec.Struct, frozen=True, gc=False):
    """What goes with a message: in the same commit, or not at all."""

    tag: tuple[str, ...] = ()
    assign: str | UnsetType | None = UNSET
    snooze: bool = False
    until: Millis | None = None
    close: bool = False


class Say(Command, frozen=True, gc=False):
    """Say something to everyone in the chat."""

    text: str
    blobs: tuple[str, ...] = ()
    macro: str | None = None
    hold: bool = False
    if_head: Seq | None = None
    """Up to where the agent had seen the chat: somebody else's newer word stops this
    one (U7). It guards replies: a shopper's does nothing."""
    known: frozenset[str] | None = None
    """Those of `blobs` that the asker may name here; `None`: nobody has looked."""
    then: Then | None = None
    """An agent's; with it the text may be empty."""
    spoilt: Refused | None = None
    """Why it cannot be said, found out before: a repeat of what was said is one still,
    and who may not enter hears of that alone."""


class Note(Command, frozen=True, gc=False):
    """Leave a note for the other agents."""

    blobs: ClassVar[tuple[str, ...]] = ()
    """Notes show no images."""
    known: ClassVar[None] = None
    text: str


class End(Command, frozen=True, gc=False):
    """Close the chat for good."""

    no_csat: bool = False
    """Whether the shopper is not to be asked how it was: an agent may say so (F44)."""
    if_head: Seq | None = None
    """Up to where an agent has seen the chat."""


class Block(Command, frozen=True, gc=False):
    """Close the chat for good: the shop wants nothing more of its shopper (F45)."""


class Erase(Command, frozen=True, gc=False):
    """Forget what was said: close the chat if it goes on, and take nothing more."""


class Rate(Command, frozen=True, gc=False):
    """Say how the chat was, from 1 to 5."""

    score: int
    text: str | None = None


class Snooze(Command, frozen=True, gc=False):
    """Put the ticket aside until `until`, or until the shopper writes."""

    until: Millis | None = None
    if_head: Seq | None = None
    """Up to where the agent has seen the chat."""


class Wake(Command, frozen=True, gc=False):
    """Bring a snoozed ticket back."""


class Assign(Command, frozen=True, gc=False):
    """Give the ticket to the agent `to`, or to nobody."""

    to: str | None = None
    team: str | UnsetType | None = UNSET
    """Whose queue it belongs to from now on, if that is to change."""
    spoilt: Refused | None = None
    """Why it cannot go there; judged where it would change something."""

    def team_after(self, team: str | None) -> str | None:
        """Return whose queue a ticket of `team` belongs to then."""
        return team if self.team is UNSET else self.team


class Transfer(Assign, frozen=True, gc=False):
    """Hand the ticket on, with a note; with `accept`, if that agent will have it."""

    note: str | None = None
    accept: bool = False


class AnswerTransfer(Command, frozen=True, gc=False):
    """Take a ticket that was offered, or do not."""

    yes: bool


class Route(Command, frozen=True, gc=False):
    """Give the ticket to the agent whose turn it is, if it still waits for one."""

    to: str
    team: str | None
    """In whose queue it was found."""


class Requeue(Command, frozen=True, gc=False):
    """Take the ticket from an agent who has left, if it still is theirs."""

    agent: str
    team: str | UnsetType | None = UNSET
    """Whose queue it goes to, if not the one it came from."""


class Tag(Command, frozen=True, gc=False):
    """Put tags on the ticket, and take others off."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class TakeControl(Command, frozen=True, gc=False):
    """Answer in the bot's place from now on."""


class ReleaseControl(Command, frozen=True, gc=False):
    """Give the chat back to the bot."""


class TakeTurn(Command, frozen=True, gc=False):
    """Take what the bot has to say to what the shopper had said by `begun`."""

    begun: Seq
    what: Literal["reply", "silent", "fail", "escalate"]
    texts: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    reason: str | None = None
    """Why there is no answer; `HUMAN` if a person was asked for."""
    responder: str | None = None


class AnswerHandoff(Command, frozen=True, gc=False):
    """Be handed over to a person, or do not."""

    yes: bool


class ReportHandoff(Command, frozen=True, gc=False):
    """Say what the other system made of a hand-off."""

    ref: str | None = None
    """What it calls its ticket; `None`: it has none."""
    reason: str | None = None
    """Why not."""


class PassOn(Command, frozen=True, gc=False):
    """Say what somebody said in the other system, or that it is over there."""

    text: str = ""
    over: bool = False


class Identify(Command, frozen=True, gc=False):
    """Be `to` from now on: the visitor whose chat it is has signed in."""

    to: Person
    merged: bool = False
    """Whether `to` has a chat already, so that this one is over."""


class MoveCursor(Command, frozen=True, gc=False):
    """Say how far `by` has read, or received."""

    what: Literal["read", "got"]
    seq: Seq


class WriteCursors(Command, frozen=True, gc=False):
    """Journal the cursors that have moved since they last were."""


class Report(Command, frozen=True, gc=False):
    """Say what became of the message at `of`, which had to leave by SMS."""

    of: Seq
    state: Literal["sent", "failed"]
    reason: str | None = None


class Tick(Command, frozen=True, gc=False):
    """It is `at` now: do what has fallen due, once."""


Rarer = (
    Tick
    | Start
    | End
    | Block
    | Erase
    | Rate
    | Transfer
    | AnswerTransfer
    | Note
    | Snooze
    | Wake
    | Assign
    | Route
    | Requeue
    | Tag
    | TakeControl
    | ReleaseControl
    | TakeTurn
    | AnswerHandoff
    | ReportHandoff
    | PassOn
    | Report
)
AnyCommand = Say | MoveCursor | WriteCursors | Identify | Rarer
