"""Rules of the bot's turns (F35).

Whatever comes of a turn, something is said: an answer, that the question was not
understood, or the question whether a person is to answer. After two turns in a row that
came to nothing it is the last.
"""

from actors.chat import handoff
from actors.chat.commands import TakeTurn
from actors.chat.events import Event, Said, TurnTaken
from actors.chat.handoff import HUMAN
from actors.chat.limits import full
from actors.chat.outcomes import Outcome
from actors.chat.state import ChatState
from actors.ids import BOT
from actors.refusals import Reason, Refused
from actors.settings.rules import Rules

MOST_FAILED = 2
"""Turns in a row that may come to nothing."""
OFF = "off"
"""Why a chat is handed over whose bot was switched off."""


def take(state: ChatState, command: TakeTurn, rules: Rules) -> Outcome:
    """Say what the bot has to say, if it still is its turn: else it came too late."""
    if state.status == "closed":
        return Refused(Reason.CHAT_CLOSED)
    bot = state.bot
    if state.control != "bot" or bot is None or bot.turn != command.begun:
        return Refused(Reason.CONFLICT, holder=state.control)
    taken = TurnTaken(
        command.begun,
        command.what,
        command.reason,
        command.sources,
        command.responder,
    )
    events = [Event(BOT, command.at, taken, command.id)]
    match command.what:
        case "reply":
            events += [_said(command, text) for text in command.texts]
        case "silent":
            pass
        case "fail" if rules.bot and bot.failed + 1 < MOST_FAILED:
            events.append(_said(command, rules.settings.ai.unsure))
        case "fail" | "escalate":
            events += _escalate(state, command, rules)
    return full(state, rules.limits) or tuple(events)


def _escalate(state: ChatState, command: TakeTurn, rules: Rules) -> list[Event]:
    """Ask whether a person is to answer; who has asked for one is not asked back."""
    wanted = command.reason == HUMAN or not rules.bot
    if not wanted or handoff.needs_login(state, rules.settings.ai.handoff):
        return handoff.offer(state, command.at, command.reason, rules)
    # The end of the turn stands for the command.
    unnamed = TakeTurn("", BOT, command.site, command.at, command.begun, "escalate")
    return list(handoff.hand_over(state, unnamed, command.reason, rules))


def _said(command: TakeTurn, text: str) -> Event:
    return Event(BOT, command.at, Said(text, auto="bot"))
