"""A chat as its events left it.

`evolve` is total: it never refuses, because the event already happened. It changes the
state in place, since a copy a message would copy `seen`; a state that went wrong is
dropped and rebuilt from the journal, never rolled back.
"""

from typing import assert_never

import msgspec
from msgspec import UNSET

from actors.chat.bot import NO_TURN, Bot, change_handoff, take_turn
from actors.chat.clocks import Clocks
from actors.chat.events import (
    AnyBody,
    Assigned,
    CheckedIn,
    Closed,
    Control,
    ControlChanged,
    Erased,
    Event,
    Got,
    HandoffChanged,
    Identified,
    Legal,
    Measured,
    Noted,
    OfferChanged,
    Opened,
    Picked,
    Rated,
    Read,
    Said,
    Status,
    StatusChanged,
    Tagged,
    Texted,
    TurnTaken,
    seen_by_shopper,
)
from actors.chat.forgetting import forget
from actors.chat.hours import Spans, with_pause
from actors.chat.preview import preview
from actors.chat.whose import become
from actors.ids import AGENT, BOT, Millis, Person, Seq


class Cursor(msgspec.Struct, gc=False):
    """How far one person has received and read: 0 <= read <= got <= head (F13)."""

    got: Seq = Seq(0)
    read: Seq = Seq(0)


class Ball(msgspec.Struct, gc=False):
    """The shopper waits for us: since when, and what was done about it (U6)."""

    taken: Millis
    """When the first message came that nobody has answered."""
    since: Millis
    """Begin of the present silence: `taken`, or the last check-in by a human."""
    pauses: Spans = ()
    """When the silence did not count: the ticket was snoozed, or a bot's."""
    due: bool = False
    """Whether the check-in of this silence has fallen due."""
    missed: int = 0
    missed_at: Millis = Millis(0)
    autos: int = 0
    auto_at: Millis = Millis(0)

    @property
    def silent_since(self) -> Millis:
        """Return `since`, later by as long as the silence did not count."""
        paused = sum(on - max(off, self.since) for off, on in self.pauses)
        return Millis(self.since + paused)


class Offer(msgspec.Struct, gc=False):
    """An agent thinks about taking the ticket over (F29)."""

    origin: str
    """Who offered it."""
    to: str
    until: Millis


class Rating(msgspec.Struct, gc=False):
    """The shopper has said how it was (F44)."""

    score: int
    at: Millis
    """When they first did."""
    times: int = 1


class Word(msgspec.Struct, gc=False):
    """Who has stepped into the chat: enough to know, of anyone, if others have (U7).

    To step in is to say something to the shopper, for an agent or the bot, or to be
    given the ticket.
    """

    by: Person = Person("")
    seq: Seq = Seq(0)
    """When `by` last did."""
    others: Seq = Seq(0)
    """When anybody but `by` last did."""


class ChatState(msgspec.Struct, gc=False):
    """Owned by one actor; all of it comes from the journal."""

    chat: str = ""
    site: str = ""
    profile: str = ""
    shopper: Person = Person("")
    channel: str = "chat"
    previous: str | None = None
    opening: str = ""
    """Id of the command that opened the chat."""
    seq: Seq = Seq(0)
    shopper_seq: Seq = Seq(0)
    """Seq of the last event that the shopper may see."""
    shopper_said: Seq = Seq(0)
    """Seq of the shopper's last message."""
    word: Word = msgspec.field(default_factory=Word)
    status: Status = "open"
    until: Millis | None = None
    control: Control = "humans"
    bot: Bot | None = None
    """`None`: it never had control."""
    assignee: str | None = None
    team: str | None = None
    """Whose queue it waits in when it is nobody's; `None`: everybody's."""
    tags: tuple[str, ...] = ()
    """In the order in which they were put on."""
    opened_at: Millis = Millis(0)
    last_at: Millis = Millis(0)
    closed_at: Millis | None = None
    preview: str = ""
    said_by: Person = Person("")
    """Whose words the preview is."""
    closed_why: str | None = None
    no_csat: bool = False
    erased: bool = False
    offer: Offer | None = None
    rating: Rating | None = None
    answered_at: Millis | None = None
    """When a person last said something to the shopper."""
    offhours_at: Millis | None = None
    """When the shopper was last told that nobody will answer soon (F37)."""
    idle_since: Millis | None = None
    """Begin of the silence of a shopper who has been answered (F43)."""
    idle_warned_at: Millis | None = None
    ball: Ball | None = None
    paused_at: Millis | None = None
    """Since when the shopper's wait does not count, if it does not."""
    clocks: Clocks = msgspec.field(default_factory=Clocks)
    """What the shop has promised."""
    cursors: dict[str, Cursor] = msgspec.field(default_factory=dict)
    seen: dict[str, dict[str, Seq]] = msgspec.field(default_factory=dict)
    """Where each command ended up, by asker and id: for the chat's whole life (F8)."""


def counts(state: ChatState) -> bool:
    """Return whether the shopper's wait counts now: the chat is open, with a human."""
    return state.status == "open" and state.control == "humans"


def stepped_in(state: ChatState, but: Person) -> Seq:
    """Return when anybody but one person last stepped in; 0 if nobody did."""
    word = state.word
    return word.others if word.by == but else word.seq


def evolve(state: ChatState, event: Event) -> None:
    """Move `state` past `event`."""
    body = event.body
    state.seq = Seq(state.seq + 1)
    if event.id:
        ids = state.seen.get(event.by)
        if ids is None:
            ids = state.seen[event.by] = {}
            state.opening = state.opening or event.id
        ids[event.id] = state.seq
    if seen_by_shopper(body):
        state.shopper_seq = state.seq
    # In order of frequency; the rest is as rare as it is long.
    if type(body) is Said:
        _said(state, event, body)
    elif type(body) is Read or type(body) is Got:
        _moved(state, body)
    else:
        _evolve_rarer(state, event.at, event.by, body)


def _said(state: ChatState, event: Event, said: Said) -> None:
    state.last_at = event.at
    ball, by = state.ball, event.by
    if said.auto is not None:
        if by == BOT:
            _step_in(state, by)
            _fall_silent(state, event.at)
        elif said.auto == "idle":
            state.idle_warned_at = event.at
        elif said.auto == "offhours":
            state.offhours_at = event.at
        elif said.auto == "checkin" and ball is not None:
            ball.autos += 1
            ball.auto_at = event.at
        return
    state.preview, state.said_by = preview(said), by
    if by == state.shopper:
        state.shopper_said = state.seq
        _fall_silent(state, None)
        state.clocks.ask(event.at)
        if ball is None:
            _wait(state, Ball(event.at, event.at))
        if state.bot is not None:
            _ask_bot(state, state.bot)
        return
    if state.bot is not None:
        state.bot.heard = state.seq
    _step_in(state, by)
    state.answered_at = event.at
    state.clocks.answer()
    _fall_silent(state, event.at)
    if not said.hold:
        state.ball = None
    elif ball is not None:
        _wait(state, Ball(ball.taken, event.at))


def _wait(state: ChatState, ball: Ball) -> None:
    """Begin a silence."""
    state.ball = ball
    state.paused_at = None if counts(state) else ball.since


def _ask_bot(state: ChatState, bot: Bot) -> None:
    """Begin a turn, if it is the bot's and not in the middle of another."""
    if state.control == "bot" and bot.turn == NO_TURN:
        bot.turn = state.seq


def _moved(state: ChatState, body: Read | Got) -> None:
    cursor = state.cursors.get(body.who)
    if cursor is None:
        cursor = state.cursors[body.who] = Cursor()
    cursor.got = max(cursor.got, body.upto)
    if type(body) is Read:
        # To have read is to have received.
        cursor.read = max(cursor.read, body.upto)


def _step_in(state: ChatState, who: Person) -> None:
    word = state.word
    if word.by != who:
        word.others, word.by = word.seq, who
    word.seq = state.seq


def _evolve_rarer(state: ChatState, at: Millis, by: Person, body: AnyBody) -> None:
    match body:
        case Opened():
            _opened(state, at, by, body)
        case StatusChanged():
            state.status, state.until = body.to, body.until
            state.closed_at = None  # A ticket of SMS may come back from its end.
            if body.origin == "closed":
                state.clocks.begin(at)
            _pause_or_go_on(state, at)
            _begin_silence_anew(state, at)
        case Assigned():
            state.assignee = body.to
            if body.team is not UNSET:
                state.team = body.team
            state.offer = None
            if body.to is not None:
                _step_in(state, Person(AGENT + body.to))
                if body.origin is None:
                    _begin_silence_anew(state, at)
        case Closed():
            state.status, state.until, state.closed_at = "closed", None, at
            state.closed_why, state.no_csat = body.reason, body.no_csat
            state.offer = state.idle_since = None
            state.ball = state.paused_at = state.clocks.asked = None
            state.bot = state.bot and Bot(ref=state.bot.ref)
        case CheckedIn():
            _checked_in(state, at, body)
        case Measured():
            state.clocks.judge(body)
        case ControlChanged():
            _turn_to(state, at, body)
        case TurnTaken():
            take_turn(_bot(state), body, state.seq, state.shopper_said)
        case HandoffChanged():
            change_handoff(_bot(state), at, body)
        case OfferChanged():
            _offered(state, at, body)
        case Rated():
            _rated(state, at, body)
        case Tagged():
            _tagged(state, body)
        case Identified():
            become(state, body)
        case Erased():
            forget(state)
        case Legal() | Picked() | Noted() | Said() | Read() | Got() | Texted():
            pass
        case _:
            assert_never(body)


def _opened(state: ChatState, at: Millis, by: Person, body: Opened) -> None:
    state.chat, state.site = body.chat, body.site
    state.profile, state.channel = body.profile, body.channel
    state.previous, state.shopper = body.previous, by
    state.team, state.control = body.team, body.control
    if body.control == "bot":
        state.bot = Bot()
    state.opened_at = state.last_at = at
    state.clocks.begin(at)
    state.clocks.turn(at, on=counts(state))


def _turn_to(state: ChatState, at: Millis, body: ControlChanged) -> None:
    """Let the bot answer what nobody has, or be silent in the middle of its turn."""
    state.control = body.to
    if body.to == "bot":
        bot = _bot(state)
        waits = state.ball is not None and state.shopper_said > bot.heard
        bot.turn = state.seq if waits else NO_TURN
    elif state.bot is not None:
        state.bot.turn = NO_TURN
        state.bot.offer = None
    _pause_or_go_on(state, at)
    _begin_silence_anew(state, at)


def _bot(state: ChatState) -> Bot:
    if state.bot is None:
        state.bot = Bot()
    return state.bot


def _offered(state: ChatState, at: Millis, body: OfferChanged) -> None:
    if body.state == "offered":
        state.offer = Offer(body.origin, body.to, body.until or at)
    else:
        state.offer = None


def _rated(state: ChatState, at: Millis, body: Rated) -> None:
    rating = state.rating
    if rating is None:
        state.rating = Rating(body.score, at)
    else:
        rating.score, rating.times = body.score, rating.times + 1


def _tagged(state: ChatState, body: Tagged) -> None:
    kept = (tag for tag in state.tags if tag not in body.remove)
    # Each once, in order: a dictionary keeps both.
    state.tags = tuple(dict.fromkeys((*kept, *body.add)))


def _fall_silent(state: ChatState, at: Millis | None) -> None:
    """Count the shopper's silence from `at`, or not at all."""
    state.idle_since, state.idle_warned_at = at, None


def _begin_silence_anew(state: ChatState, at: Millis) -> None:
    """Do not hold a time against the shopper in which nobody would have answered."""
    if state.idle_since is not None:
        _fall_silent(state, at)


def _checked_in(state: ChatState, at: Millis, body: CheckedIn) -> None:
    ball = state.ball
    if ball is None:
        return
    ball.due = True
    if body.state == "missed":
        ball.missed, ball.missed_at = body.count, at


def _pause_or_go_on(state: ChatState, at: Millis) -> None:
    """Remember when the wait does not count, so that its age is kept over a pause."""
    state.clocks.turn(at, on=counts(state))
    if not counts(state):
        if state.paused_at is None:
            state.paused_at = at
    elif state.paused_at is not None:
        ball = state.ball
        if ball is not None:
            ball.pauses = with_pause(ball.pauses, state.paused_at, at)
        state.paused_at = None
