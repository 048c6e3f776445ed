"""A chat as pure values: commands in, what came of them out. No actor, no journal."""

from collections.abc import Callable
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from actors.chat.commands import (
    AnswerHandoff,
    AnswerTransfer,
    AnyCommand,
    Assign,
    Block,
    End,
    MoveCursor,
    Note,
    PassOn,
    Rate,
    ReleaseControl,
    Report,
    ReportHandoff,
    Requeue,
    Route,
    Say,
    Snooze,
    Start,
    Tag,
    TakeControl,
    TakeTurn,
    Tick,
    Transfer,
    Wake,
    WriteCursors,
)
from actors.chat.cursors import Moving
from actors.chat.events import Event
from actors.chat.outcomes import Outcome
from actors.chat.rules import decide, next_deadline
from actors.chat.state import ChatState, evolve
from actors.chat.traits import NO_TRAITS, Traits
from actors.ids import SYSTEM, ChatId, Millis, Person, Seq, SiteId
from actors.refusals import Refused
from actors.settings.assignment import AssignmentSettings
from actors.settings.attention import CheckInSettings
from actors.settings.document import Settings
from actors.settings.rules import Rules

SITE = SiteId("default")
SHOPPER = Person("shopper:sue")
STRANGER = Person("shopper:bob")
VISITOR = Person("anon:vic")
ANN = Person("agent:ann")
BEN = Person("agent:ben")
CHAT = ChatId("0" * 26)
NOON = Millis(1_795_000_000_000)
"""Where the scenes' clock begins: milliseconds after it are easy to read."""

Ask = Callable[[str, Person, SiteId, Millis], AnyCommand]
"""A command but for who gives it, when and under which id."""


def seconds(number: float) -> Millis:
    return Millis(int(number * 1000))


def starting(
    text: str = "hello",
    *,
    chat: ChatId = CHAT,
    ack: bool = False,
    traits: Traits = NO_TRAITS,
) -> Ask:
    return lambda id_, by, site, at: Start(
        id_,
        by,
        site,
        at,
        chat,
        by.partition(":")[2],
        text,
        legal_ack=ack,
        traits=traits,
    )


def texting(text: str = "hello", *, chat: ChatId = CHAT) -> Ask:
    return lambda id_, by, site, at: Start(
        id_, by, site, at, chat, by.partition(":")[2], text, channel="sms"
    )


def reporting(of: int, failed: str | None = None) -> Ask:
    state: Literal["sent", "failed"] = "sent" if failed is None else "failed"
    return lambda id_, by, site, at: Report(id_, by, site, at, Seq(of), state, failed)


def saying(text: str = "hi", *, hold: bool = False, if_head: int | None = None) -> Ask:
    head = None if if_head is None else Seq(if_head)
    return lambda id_, by, site, at: Say(
        id_, by, site, at, text, hold=hold, if_head=head
    )


def noting(text: str = "psst") -> Ask:
    return lambda id_, by, site, at: Note(id_, by, site, at, text)


def ending(*, no_csat: bool = False, if_head: int | None = None) -> Ask:
    if not no_csat and if_head is None:
        return End
    head = None if if_head is None else Seq(if_head)
    return lambda id_, by, site, at: End(id_, by, site, at, no_csat, head)


def blocking() -> Ask:
    return Block


def rating(score: int = 5, text: str | None = None) -> Ask:
    return lambda id_, by, site, at: Rate(id_, by, site, at, score, text)


def transferring(
    to: str | None,
    note: str | None = None,
    *,
    team: str | UnsetType | None = UNSET,
    accept: bool = False,
) -> Ask:
    return lambda id_, by, site, at: Transfer(
        id_, by, site, at, to, team, note=note, accept=accept
    )


def answering(*, yes: bool) -> Ask:
    return lambda id_, by, site, at: AnswerTransfer(id_, by, site, at, yes)


def snoozing(until: Millis | None = None, *, if_head: int | None = None) -> Ask:
    head = None if if_head is None else Seq(if_head)
    return lambda id_, by, site, at: Snooze(id_, by, site, at, until, head)


def waking() -> Ask:
    return Wake


def assigning(to: str | None) -> Ask:
    return lambda id_, by, site, at: Assign(id_, by, site, at, to)


def routing(to: str, team: str | None = None) -> Ask:
    return lambda id_, by, site, at: Route(id_, by, site, at, to, team)


def requeuing(agent: str, team: str | UnsetType | None = UNSET) -> Ask:
    return lambda id_, by, site, at: Requeue(id_, by, site, at, agent, team)


def tagging(*add: str, remove: tuple[str, ...] = ()) -> Ask:
    return lambda id_, by, site, at: Tag(id_, by, site, at, add, remove)


def taking() -> Ask:
    return TakeControl


def releasing() -> Ask:
    return ReleaseControl


def turning(
    begun: int,
    what: Literal["reply", "silent", "fail", "escalate"] = "reply",
    *texts: str,
    reason: str | None = None,
) -> Ask:
    return lambda id_, by, site, at: TakeTurn(
        id_, by, site, at, Seq(begun), what, texts, reason=reason
    )


def handing(*, yes: bool = True) -> Ask:
    return lambda id_, by, site, at: AnswerHandoff(id_, by, site, at, yes)


def handed(ref: str | None = None, reason: str | None = None) -> Ask:
    return lambda id_, by, site, at: ReportHandoff(id_, by, site, at, ref, reason)


def passing(text: str = "", *, over: bool = False) -> Ask:
    return lambda id_, by, site, at: PassOn(id_, by, site, at, text, over)


def reading(seq: int) -> Ask:
    return lambda id_, by, site, at: MoveCursor(id_, by, site, at, "read", Seq(seq))


def getting(seq: int) -> Ask:
    return lambda id_, by, site, at: MoveCursor(id_, by, site, at, "got", Seq(seq))


def rules(
    check_in: CheckInSettings | None = None,
    assignment: AssignmentSettings | None = None,
) -> Rules:
    return Rules(
        1,
        Settings(
            check_in=check_in or CheckInSettings(),
            assignment=assignment or AssignmentSettings(),
        ),
    )


class Scene:
    """One chat and its clock."""

    def __init__(self, by: Rules | None = None) -> None:
        self.rules = by or Rules()
        self.state = ChatState()
        self.moving: Moving = {}
        self.now = NOON
        self.events: list[Event] = []
        self._ids = 0

    def ask(self, by: Person, what: Ask, id_: str | None = None) -> Outcome:
        """Give a command and evolve by what comes of it."""
        if id_ is None:
            self._ids += 1
            id_ = f"id-{self._ids}"
        outcome = decide(
            self.state, what(id_, by, SITE, self.now), self.rules, self.moving
        )
        if isinstance(outcome, tuple):
            for event in outcome:
                evolve(self.state, event)
                self.events.append(event)
        return outcome

    def does(self, by: Person, what: Ask) -> tuple[Event, ...]:
        """Give a command that has to make events."""
        outcome = self.ask(by, what)
        assert isinstance(outcome, tuple), outcome
        return outcome

    def refuses(self, by: Person, what: Ask) -> Refused:
        """Give a command that has to be refused, without leaving a trace."""
        before = msgspec.msgpack.encode(self.state)
        outcome = self.ask(by, what)
        assert isinstance(outcome, Refused), outcome
        assert msgspec.msgpack.encode(self.state) == before
        return outcome

    def kinds(self, by: Person, what: Ask) -> list[str]:
        """Give a command and return the kinds of what came of it."""
        return [event.body.kind for event in self.does(by, what)]

    def open(self) -> "Scene":
        """Let the shopper start the chat."""
        self.does(SHOPPER, starting())
        return self

    def wait(self, span: float) -> list[str]:
        """Let seconds pass, ticking whenever a tick is asked for; return what came."""
        end = Millis(self.now + seconds(span))
        came: list[str] = []
        while (due := self.deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            came += self.tick()
        self.now = end
        return came

    def tick(self) -> list[str]:
        """Tick once; return what came, the state of a check-in by its word."""
        outcome = self.ask(SYSTEM, Tick, "")
        events = outcome if isinstance(outcome, tuple) else ()
        return [getattr(event.body, "state", event.body.kind) for event in events]

    def write_cursors(self) -> list[Event]:
        outcome = self.ask(SYSTEM, WriteCursors, "")
        return list(outcome) if isinstance(outcome, tuple) else []

    def deadline(self) -> Millis | None:
        return next_deadline(self.state, self.rules)
