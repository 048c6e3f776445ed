"""What happened in a chat. An event's body is the same in the journal and on the wire.

Field names are for life: a body that was written once must stay readable (see
`actors.codec`). Who sees which kind is protocol section 5; `seen_by_shopper` is that
table's third column.
"""

from typing import ClassVar, Literal

import msgspec
from msgspec import UNSET, UnsetType

from actors.ids import Millis, Person, Seq

Auto = Literal["welcome", "offhours", "checkin", "bot", "handoff", "idle"]
Status = Literal["open", "snoozed", "closed"]
Channel = Literal["chat", "sms"]
Measure = Literal["first_response", "next_response", "resolution"]
Control = Literal["bot", "humans", "external", "none"]
Target = Literal["helpdesk", "zendesk", "gorgias", "message"]
"""To whom the bot hands over."""


class Body(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Base of the bodies; `kind` names each in the journal and on the wire."""

    kind: ClassVar[str]
    ver: ClassVar[int] = 1
    """Of the form in the journal; raised together with an upcaster from the old one."""
    hidden: ClassVar[bool] = False
    """Whether shoppers never get a byte of it."""


class Opened(Body, frozen=True, gc=False):
    """A shopper's first message made the chat and its ticket."""

    kind: ClassVar[str] = "opened"
    chat: str
    site: str
    profile: str
    channel: str
    previous: str | None = None
    team: str | None = None
    """Whose queue it waits in, by the routing rules of that moment (F26)."""
    control: Control = "humans"
    """Who answers at first."""


class Legal(Body, frozen=True, gc=False):
    """Which links were shown before the first message, and whether acknowledged."""

    kind: ClassVar[str] = "legal"
    settings_version: int
    ack: bool
    terms_url: str | None = None
    privacy_url: str | None = None


class Identified(Body, frozen=True, gc=False, rename={"origin": "from"}):
    """The visitor has signed in: the chat is that shopper's from here on (F2)."""

    kind: ClassVar[str] = "identified"
    hidden: ClassVar[bool] = True
    origin: Person
    to: Person


class Picked(Body, frozen=True, gc=False):
    """The shopper read the answer to a question before the chat began (F3).

    What was said then stands here: the shop may have changed it since.
    """

    kind: ClassVar[str] = "faq"
    faq: str
    question: str
    answer: str


class Said(Body, frozen=True, gc=False):
    """Someone said `text` to everyone in the chat."""

    kind: ClassVar[str] = "msg"
    text: str
    blobs: tuple[str, ...] = ()
    auto: Auto | None = None
    macro: str | None = None
    hold: bool = False
    """The agent goes on researching: the shopper still waits for an answer."""


class Noted(Body, frozen=True, gc=False):
    """An agent left a note for the other agents."""

    kind: ClassVar[str] = "note"
    hidden: ClassVar[bool] = True
    text: str


class Read(Body, frozen=True, gc=False):
    """`who` has seen everything up to `upto`."""

    kind: ClassVar[str] = "read"
    who: Person
    upto: Seq
    shown: bool = False
    """Whether the shopper may know: its own, or an agent's if the site shows them."""


class Got(Body, frozen=True, gc=False):
    """A client of `who` has received everything up to `upto`."""

    kind: ClassVar[str] = "got"
    who: Person
    upto: Seq
    shown: bool = False


class StatusChanged(Body, frozen=True, gc=False, rename={"origin": "from"}):
    """The ticket was put aside, or came back."""

    kind: ClassVar[str] = "status"
    hidden: ClassVar[bool] = True
    origin: Status
    to: Status
    until: Millis | None = None
    why: str | None = None


class Closed(Body, frozen=True, gc=False):
    """The chat is over for good."""

    kind: ClassVar[str] = "closed"
    reason: Literal[
        "shopper", "agent", "idle", "handoff", "merged", "erased", "blocked"
    ]
    no_csat: bool = False
    """Whether the shopper is not to be asked how it was."""


class Assigned(Body, frozen=True, gc=False, rename={"origin": "from"}):
    """The ticket changed hands; `None` is nobody."""

    kind: ClassVar[str] = "assigned"
    hidden: ClassVar[bool] = True
    origin: str | None
    to: str | None
    why: Literal["reply", "manual", "routing", "transfer", "agent_left"]
    team: str | UnsetType | None = UNSET
    """Whose queue it belongs to from now on, if that changes too; `None` is all's."""


class ControlChanged(Body, frozen=True, gc=False, rename={"origin": "from"}):
    """Another answers the shopper from now on (F36)."""

    kind: ClassVar[str] = "control"
    hidden: ClassVar[bool] = True
    origin: Control
    to: Control
    why: Literal["taken", "reply", "released", "handoff"]


class TurnTaken(Body, frozen=True, gc=False):
    """The bot has come to an end with what the shopper had said by `begun` (F35)."""

    kind: ClassVar[str] = "turn"
    hidden: ClassVar[bool] = True
    begun: Seq
    what: Literal["reply", "silent", "fail", "escalate"]
    reason: str | None = None
    """Why there is no answer."""
    sources: tuple[str, ...] = ()
    """What the answer rests on: ids of the shop's questions and articles."""
    responder: str | None = None
    """Which one it was that answered."""


class HandoffChanged(Body, frozen=True, gc=False):
    """How far the hand-off to a person is (F36)."""

    kind: ClassVar[str] = "handoff"
    target: Target
    state: Literal["offered", "accepted", "declined", "withdrawn", "done", "failed"]
    until: Millis | None = None
    """By when the shopper has to answer an offer."""
    reason: str | None = None
    """Why the bot came to it, or why it failed; for agents."""
    ref: str | None = None
    """What the other system calls its ticket; for agents."""


class Tagged(Body, frozen=True, gc=False):
    """Tags were put on the ticket or taken off it: only such as made a difference."""

    kind: ClassVar[str] = "tagged"
    hidden: ClassVar[bool] = True
    add: tuple[str, ...]
    remove: tuple[str, ...]


class OfferChanged(Body, frozen=True, gc=False, rename={"origin": "from"}):
    """An agent was offered the ticket by another, or is no longer (F29).

    Who takes it is `assigned`.
    """

    kind: ClassVar[str] = "transfer"
    hidden: ClassVar[bool] = True
    origin: str
    to: str
    state: Literal["offered", "declined", "expired", "withdrawn"]
    until: Millis | None = None
    """By when an answer has to come."""


class Rated(Body, frozen=True, gc=False):
    """The shopper said how it was, from 1 to 5; the last word counts."""

    kind: ClassVar[str] = "rated"
    score: int
    text: str | None = None


class CheckedIn(Body, frozen=True, gc=False):
    """A check-in fell due, or was missed for the `count`-th time in this silence."""

    kind: ClassVar[str] = "checkin"
    hidden: ClassVar[bool] = True
    state: Literal["due", "missed"]
    count: int
    since: Millis
    """Begin of the silence."""


class Measured(Body, frozen=True, gc=False):
    """A promise of the shop was kept, or not (F41)."""

    kind: ClassVar[str] = "sla"
    hidden: ClassVar[bool] = True
    measure: Measure
    due: Millis
    state: Literal["met", "missed"]
    late_by: Millis | None = None
    """By how much open time what was promised came too late; `None` of a missed one:
    it had not come yet."""
    policy: str = ""
    """Whose promise it is."""


class Texted(Body, frozen=True, gc=False, omit_defaults=True):
    """The provider has taken the message at `of`, or it did not get there (F21)."""

    kind: ClassVar[str] = "sms"
    hidden: ClassVar[bool] = True
    state: Literal["sent", "failed"]
    of: Seq
    reason: str | None = None


class Erased(Body, frozen=True, gc=False):
    """What people had said and named here is no more; that it happened stays (U10)."""

    kind: ClassVar[str] = "erased"


AnyBody = (
    Said
    | Read
    | Got
    | Opened
    | Legal
    | Identified
    | Picked
    | Noted
    | StatusChanged
    | Closed
    | Assigned
    | CheckedIn
    | Measured
    | ControlChanged
    | TurnTaken
    | HandoffChanged
    | Tagged
    | OfferChanged
    | Rated
    | Texted
    | Erased
)


TEXTED = (Said, Noted)
"""What the message table shows. A rating's words are no message."""


class Event(msgspec.Struct, frozen=True, gc=False):
    """Something that happened, by whom and when."""

    by: Person
    at: Millis
    body: AnyBody
    id: str = ""
    """The command that asked for it; empty for what merely came along."""


def seen_by_shopper(body: AnyBody) -> bool:
    """Return whether the chat's shopper may see an event with this body."""
    if type(body) is Said:
        return True
    if type(body) is Read or type(body) is Got:
        return body.shown
    return not body.hidden


def for_shopper(body: AnyBody) -> AnyBody:
    """Return a visible `body` as the shopper may see it."""
    if type(body) is Closed:
        # Whom a shop blocks, or does not want to hear, is the shop's business (F45).
        return Closed("agent" if body.reason == "blocked" else body.reason)
    if type(body) is HandoffChanged:
        return msgspec.structs.replace(body, reason=None, ref=None)
    if type(body) is Opened and body.team is not None:
        # So is how it divides its work.
        return msgspec.structs.replace(body, team=None)
    return body
