"""Rules of talking: a chat's start, messages, notes, the end (F6, F7, F9, F14, F23)."""

from collections.abc import Iterator

import msgspec
from msgspec import UNSET

from actors.chat import control, guard, texting
from actors.chat.afterwards import after
from actors.chat.commands import Block, End, Note, Say, Start, Then
from actors.chat.events import (
    Assigned,
    Closed,
    Event,
    Legal,
    Noted,
    Opened,
    Said,
    StatusChanged,
)
from actors.chat.limits import MESSAGE_BLOBS, ChatLimits, full, misspelt
from actors.chat.outcomes import Outcome, Unchanged
from actors.chat.state import ChatState, stepped_in
from actors.chat.teams import team_for
from actors.ids import AGENT, ANON, BOT, SYSTEM, Millis
from actors.refusals import Reason, Refused
from actors.settings.rules import Rules
from actors.templates import fill

CHAR_BYTES = 4
"""Most bytes that UTF-8 takes for a character."""


def start(state: ChatState, command: Start, rules: Rules) -> Outcome:
    """Open the chat with its first message, or append to the one that runs."""
    if command.channel == "sms":
        return _text(state, command, rules)
    if state.seq:
        said = Say(
            command.id,
            command.by,
            command.site,
            command.at,
            command.text,
            command.blobs,
            known=command.known,
        )
        return say(state, said, rules)
    settings = rules.settings
    if not settings.chat.enabled:
        return Refused(Reason.CHAT_DISABLED)
    if command.by.startswith(ANON) and not rules.bot:
        return Refused(Reason.LOGIN_REQUIRED)
    if settings.legal.ack_required and not command.legal_ack:
        why = "the terms were not acknowledged"
        return Refused(Reason.FORBIDDEN, path="$.legal_ack", why=why)
    wrong = _unfit(command, rules.limits)
    if wrong is not None:
        return wrong
    by, at = command.by, command.at
    opened = Opened(
        command.chat,
        command.site,
        command.profile,
        "chat",
        command.previous,
        team_for(settings.assignment, command.traits),
        "bot" if rules.bot else "humans",
    )
    legal = Legal(
        rules.version,
        command.legal_ack,
        settings.legal.terms_url,
        settings.legal.privacy_url,
    )
    events = [Event(by, at, opened), Event(SYSTEM, at, legal)]
    events += [Event(by, at, picked) for picked in command.faqs]
    events += _welcome(command, rules)
    events.append(Event(by, at, Said(command.text, command.blobs), command.id))
    return tuple(events)


def _welcome(command: Start, rules: Rules) -> Iterator[Event]:
    """Yield what is said before the shopper is heard: by the shop, and by its bot."""
    at, settings, welcome = command.at, rules.settings, command.welcome
    if welcome is None:
        welcome = fill(settings.chat.welcome, {}).text
    if welcome and not welcome.isspace():
        yield Event(SYSTEM, at, Said(welcome, auto="welcome"))
    if rules.bot and settings.ai.greeting:
        yield Event(BOT, at, Said(settings.ai.greeting, auto="bot"))


def _text(state: ChatState, command: Start, rules: Rules) -> Outcome:
    """Take in what came by SMS; there is no tab that shows a welcome or the terms."""
    wrong = _unfit(command, rules.limits)
    if wrong is None and state.seq:
        wrong = full(state, rules.limits)
    if wrong is not None:
        return wrong
    by, at = command.by, command.at
    said = Event(by, at, Said(command.text), command.id)
    if not state.seq:
        team = team_for(rules.settings.assignment, command.traits)
        opened = Opened(
            command.chat, command.site, command.profile, "sms", command.previous, team
        )
        return (Event(by, at, opened), said)
    if state.status != "closed":
        return (*_woken(state, at), said)
    if rules.settings.sms.reopen == "new_ticket":
        return Refused(Reason.CHAT_CLOSED, start_new=True)
    reopened = StatusChanged("closed", "open", None, "reply")
    return (Event(SYSTEM, at, reopened), said)


def say(state: ChatState, command: Say, rules: Rules) -> Outcome:
    """Append a message; an agent's takes the ticket over, anyone's wakes it."""
    if state.status == "closed":
        return Refused(Reason.CHAT_CLOSED, start_new=True)
    if command.spoilt is not None:
        return command.spoilt
    limits = rules.limits
    wrong = full(state, limits)
    if command.then is None or command.text or command.blobs:
        wrong = _unfit(command, limits) or wrong
    if state.channel == "sms":
        wrong = texting.unfit(command) or wrong
    if wrong is not None:
        return wrong
    if command.by.startswith(AGENT):
        return _reply(state, command, rules)
    said = Said(command.text, command.blobs, None, command.macro)
    message = Event(command.by, command.at, said, command.id)
    return (*_woken(state, command.at), message)


def note(state: ChatState, command: Note, rules: Rules) -> Outcome:
    """Append a note; nobody's turn, owner or receipt changes by it."""
    if state.status == "closed":
        return Refused(Reason.CHAT_CLOSED)
    limits = rules.limits
    wrong = _unfit(command, limits) or full(state, limits)
    if wrong is not None:
        return wrong
    return (Event(command.by, command.at, Noted(command.text), command.id),)


def end(state: ChatState, command: End) -> Outcome:
    """Close the chat; the second time there is nothing left to do."""
    if state.status == "closed":
        return Unchanged(already=True)
    if command.by.startswith(AGENT):
        unseen = guard.unseen(state, command.if_head)
        if unseen is not None:
            return unseen
        closed = Closed("agent", command.no_csat)
    else:
        closed = Closed("shopper")
    return (Event(command.by, command.at, closed, command.id),)


def block(state: ChatState, command: Block) -> Outcome:
    """Close the chat of somebody the shop has blocked; the shopper sees no reason."""
    if state.status == "closed":
        return Unchanged(already=True)
    return (Event(command.by, command.at, Closed("blocked"), command.id),)


def _reply(state: ChatState, command: Say, rules: Rules) -> Outcome:
    by, at, seen = command.by, command.at, command.if_head
    if seen is not None and stepped_in(state, but=by) > seen:
        return guard.stale(state, seen)
    then = command.then
    if then is not None and not (command.text or command.blobs):
        return _silently(state, command, then, rules)
    seized = control.taken_by_reply(state, command)
    if isinstance(seized, Refused):
        return seized
    agent = by[len(AGENT) :]
    handed: tuple[Event, ...] = ()
    if state.assignee != agent:
        taken = _takes_over(state, rules)
        if type(taken) is Refused:
            return taken
        # What is given to somebody in the same breath is not taken first.
        if taken and (then is None or then.assign is UNSET):
            handed = (Event(by, at, Assigned(state.assignee, agent, "reply")),)
    said = Said(command.text, command.blobs, None, command.macro, command.hold)
    message = Event(by, at, said, command.id)
    replied = (*_woken(state, at), *seized, *handed, message)
    if then is None:
        return replied
    done = after(state, command, then, rules, status="open")
    return done if isinstance(done, Refused) else replied + done


def _silently(state: ChatState, command: Say, then: Then, rules: Rules) -> Outcome:
    """Do what a macro without a text does: nothing is said, so nothing is taken."""
    done = after(state, command, then, rules, status=state.status)
    if isinstance(done, Refused):
        return done
    if not done:
        return Unchanged()
    # The last is what the macro is for: it stands for the command.
    return (*done[:-1], msgspec.structs.replace(done[-1], id=command.id))


def _woken(state: ChatState, at: Millis) -> tuple[Event, ...]:
    if state.status != "snoozed":
        return ()
    return (Event(SYSTEM, at, StatusChanged("snoozed", "open", None, "reply")),)


def _takes_over(state: ChatState, rules: Rules) -> bool | Refused:
    """Return whether the reply of another agent makes the ticket theirs (F23)."""
    if state.assignee is None:
        return True
    match rules.settings.assignment.on_reply:
        case "always":
            return True
        case "if_unassigned":
            return False
        case "forbid_others":
            return Refused(Reason.CONFLICT, holder=state.assignee)


def _unfit(command: Start | Say | Note, limits: ChatLimits) -> Refused | None:
    """Return why nobody may say this, or `None`."""
    text, most = command.text, limits.text_bytes
    if len(text) * CHAR_BYTES > most < len(text.encode(errors="replace")):
        return Refused(Reason.TOO_BIG, path="$.text", limit=most)
    if command.blobs:
        wrong = _misnamed(command.blobs, command.known or frozenset())
        return wrong or misspelt(text, "$.text")
    if not text or text.isspace():
        return Refused(Reason.BAD_FRAME, path="$.text", why="is empty")
    return misspelt(text, "$.text")


def _misnamed(blobs: tuple[str, ...], known: frozenset[str]) -> Refused | None:
    """Return why these images cannot go with a message, or `None` (F10)."""
    if len(blobs) > MESSAGE_BLOBS:
        return Refused(Reason.TOO_BIG, path="$.blobs", limit=MESSAGE_BLOBS)
    if not known.issuperset(blobs):
        return Refused(Reason.NO_BLOB, path="$.blobs")
    return None
