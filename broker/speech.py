"""What the actors say, as frames: one translation, so that no part of it is forgotten.

A shopper's frames are made by the same functions as an agent's, with `insider` false;
what shoppers may not see is left out here or is not there at all.
"""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from actors.cells.ports import Accepted
from actors.chat.events import (
    CheckedIn,
    Event,
    OfferChanged,
    for_shopper,
    seen_by_shopper,
)
from actors.chat.state import ChatState
from actors.desk.listing import Listing
from actors.ids import AgentId, ChatId, Millis, Seq
from actors.refusals import Newer, Refused
from broker.backroom import Backroom
from broker.storefront import Storefront
from broker.wire.errors import Code, Details, refuse
from broker.wire.frames import Err, Ev, Ok, Push, Ticket
from storage.people import Happening
from storage.records import Record, TicketRow

_tags = msgspec.json.Decoder(tuple[str, ...]).decode
OVERDUE = ("attention", "overdue")
"""Flags of a ticket in which a check-in was missed (U6)."""
RETRY_AFTER = 1000
"""Milliseconds after which to try again what the broker could not do for a moment."""


class CheckInPush(Push, frozen=True, gc=False, tag="push"):
    """A check-in fell due or was missed in a chat that is yours to look after."""

    state: str = ""
    count: int = 0
    since: Millis = Millis(0)
    assignee: str | None = None


class AttentionPush(Push, frozen=True, gc=False, tag="push"):
    """Somebody should look after this: `why` says what is wrong."""

    why: str = ""
    agent: AgentId | UnsetType = UNSET
    """Whom it is about, if it is about an agent."""


class QueuePush(Push, frozen=True, gc=False, tag="push"):
    """How far a shopper who waits is in the queue: 1 is next, 0 is no longer in it."""

    # Always said: 0 means something.
    position: int = -1
    ahead: int = -1


class Colleague(msgspec.Struct, frozen=True, gc=False):
    """How an agent is seen."""

    agent: AgentId
    state: str


class PresencePush(Push, frozen=True, gc=False, tag="push"):
    """These agents are now seen like this; the others as before."""

    agents: tuple[Colleague, ...] = ()


class TransferPush(Push, frozen=True, gc=False, tag="push", rename={"origin": "from"}):
    """You are offered a ticket; or an offer came to nothing, and `why`."""

    origin: str = ""
    to: str = ""
    until: Millis | UnsetType = UNSET
    why: str | UnsetType = UNSET


class ConfigPush(Push, frozen=True, gc=False, tag="push"):
    """The shop's document has changed, or what you see of it."""

    config: Storefront | UnsetType = UNSET


class DeskPush(Push, frozen=True, gc=False, tag="push"):
    """What an agent works with has changed."""

    desk: Backroom | UnsetType = UNSET


class ProfileEvent(msgspec.Struct, frozen=True, gc=False):
    """Something that a person did, or that was done for them."""

    id: str
    kind: str
    at: Millis
    data: dict[str, Any]


class ProfileEventPush(Push, frozen=True, gc=False, tag="push"):
    """The person whose chat is open here did something."""

    profile: str = ""
    event: ProfileEvent | UnsetType = UNSET


class Stale(Err, frozen=True, gc=False, tag="err"):
    """A reply was not sent, because of what its sender had not seen (U7)."""

    events: tuple[Ev, ...] = ()


def ev(chat: ChatId, place: Record | Newer, event: Event, *, insider: bool) -> Ev:
    """Return the frame that tells of `event`, which the receiver may see."""
    body = event.body
    if insider:
        prev, shown = place.seq - 1, body
    else:
        prev, shown = place.prev, for_shopper(body)
    return Ev(chat, Seq(place.seq), Seq(prev), event.at, event.by, body.kind, shown)


def ok(answer: Accepted) -> Ok:
    """Return the frame that grants a request."""
    return Ok(
        answer.re,
        answer.chat,
        UNSET if answer.seq is None else answer.seq,
        UNSET if answer.prev is None else answer.prev,
        UNSET if answer.at is None else answer.at,
        answer.dup,
        UNSET if answer.existing is None else answer.existing,
        answer.already,
        answer.body_differs,
    )


def stale(re: str, chat: ChatId, refused: Refused, *, insider: bool) -> Stale:
    """Return the frame that says what the sender of a reply had not seen."""
    unseen = tuple(
        ev(chat, newer, newer.event, insider=insider)
        for newer in refused.newer
        if insider or seen_by_shopper(newer.event.body)
    )
    return Stale(**msgspec.structs.asdict(err(re, refused)), events=unseen)


def err(re: str, refused: Refused, *, chat: ChatId | None = None) -> Err:
    """Return the frame that refuses a request."""
    details: Details = {}
    if chat is not None:
        details["chat"] = chat
    if refused.path is not None:
        details["path"] = refused.path
    if refused.why is not None:
        details["reason"] = refused.why
    if refused.limit is not None:
        details["limit"] = refused.limit
    if refused.head is not None:
        details["head"] = refused.head
    if refused.status is not None:
        details["origin"], details["to"] = refused.status
    if refused.holder is not None:
        details["holder"] = refused.holder
    if refused.names:
        details["names"] = refused.names
    if refused.start_new:
        details["start_new"] = True
    code = Code(refused.reason)
    if refused.retry_after is not None:
        details["retry_ms"] = refused.retry_after
    elif code is Code.RATE_LIMITED:
        details["retry_ms"] = RETRY_AFTER
    return refuse(re, code, **details)


def ticket(chat: ChatId, state: ChatState, name: str, *, agent: str | None) -> Ticket:
    """Return the chat as `agent` sees it listed; `None` is its shopper."""
    insider = agent is not None
    ball = state.ball
    cursor = state.cursors.get(f"agent:{agent}")
    # A ticket that is put aside has nothing new until it comes back (F19), and before
    # the bot hands over there is none.
    told = insider and state.status == "open" and state.control != "bot"
    unread = told and state.shopper_said > (cursor.read if cursor else 0)
    flags = OVERDUE if insider and ball is not None and ball.missed else ()
    own = insider and state.said_by == f"agent:{agent}"
    return Ticket(
        chat=chat,
        site=state.site,
        channel=state.channel,
        icon=icon_of(state.channel),
        # That a ticket is put aside is not the shopper's business (F16).
        status="open" if not insider and state.status == "snoozed" else state.status,
        profile=state.profile,
        name=name,
        preview=f"You: {state.preview}" if own else state.preview,
        unread=unread,
        assignee=state.assignee if insider else None,
        tags=state.tags if insider else (),
        control=state.control,
        waiting_since=ball.taken if ball is not None and insider else None,
        last_at=state.last_at,
        opened_at=state.opened_at,
        flags=flags,
        until=state.until if insider and state.until is not None else UNSET,
        team=state.team if insider and state.team is not None else UNSET,
        previous=ChatId(state.previous) if state.previous else UNSET,
        silent_since=UNSET if ball is None or not insider else ball.silent_since,
    )


def row(listing: Listing, *, unread: bool, own: bool) -> Ticket:
    """Return a ticket of the inbox; `own`: the agent had the last word."""
    kept: TicketRow = listing.row
    flags = OVERDUE if listing.overdue else ()
    return Ticket(
        chat=ChatId(kept.chat),
        site=kept.site,
        channel=kept.channel,
        icon=icon_of(kept.channel),
        status=kept.status,
        profile=kept.profile,
        name=listing.name,
        preview=f"You: {kept.preview}" if own else kept.preview,
        unread=unread,
        assignee=kept.assignee,
        tags=() if kept.tags == "[]" else _tags(kept.tags),
        control=kept.control,
        waiting_since=None if listing.key.answered else listing.key.since,
        last_at=Millis(kept.last_at),
        opened_at=Millis(kept.opened_at),
        flags=(*flags, "online") if listing.online else flags,
        until=UNSET if listing.until is None else listing.until,
        team=UNSET if kept.team is None else kept.team,
        previous=UNSET if kept.previous is None else ChatId(kept.previous),
        silent_since=UNSET if kept.silent_since is None else Millis(kept.silent_since),
    )


def icon_of(channel: str) -> str:
    """Return what tells the channels apart at a glance (F21)."""
    return "envelope" if channel == "sms" else "chat"


def transfer(chat: ChatId, body: OfferChanged) -> TransferPush:
    """Return the notice of an offer, or of its end."""
    kind = "transfer_offer" if body.state == "offered" else "transfer_failed"
    why = UNSET if body.state == "offered" else body.state
    return TransferPush(kind, chat, body.origin, body.to, body.until or UNSET, why)


def check_in(chat: ChatId, state: ChatState, body: CheckedIn) -> CheckInPush:
    """Return the notice of a check-in."""
    return CheckInPush(
        "checkin", chat, body.state, body.count, body.since, state.assignee
    )


def shown(happening: Happening) -> ProfileEvent:
    """Return a line of a person's history."""
    data: dict[str, Any] = msgspec.json.decode(happening.data)
    return ProfileEvent(happening.id, happening.kind, Millis(happening.at), data)


def profile_event(chat: ChatId, profile: str, happening: Happening) -> ProfileEventPush:
    """Return the notice of a new line in a person's history."""
    return ProfileEventPush(
        "profile_event", chat, profile=profile, event=shown(happening)
    )
