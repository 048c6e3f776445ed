"""What a chat remembers of its bot: whose turn it is, and how a hand-off stands (F35).

A turn begins with something the shopper says while the bot has control, and is over
when the bot has come to an end with it, with or without an answer. One turn at a time:
what is said meanwhile begins the next one, together, when this one is over. Each turn
is named by the seq at which it began; what comes for any other is too late.
"""

import msgspec

from actors.chat.events import HandoffChanged, Target, TurnTaken
from actors.ids import Millis, Seq

NO_TURN = Seq(0)


class HandoffOffer(msgspec.Struct, gc=False):
    """The shopper has been asked whether a person is to answer."""

    until: Millis
    reason: str | None


class Bot(msgspec.Struct, gc=False):
    """Made when the bot first has control; changed in place as the state is."""

    turn: Seq = NO_TURN
    """Where the present turn began; `NO_TURN`: it is nobody's."""
    heard: Seq = Seq(0)
    """Up to where somebody has come to an end with what the shopper said."""
    failed: int = 0
    """Turns in a row that came to nothing."""
    offer: HandoffOffer | None = None
    target: Target | None = None
    """Where a hand-off is on its way to."""
    ref: str | None = None
    """What the system it has gone to calls its ticket."""


def take_turn(bot: Bot, taken: TurnTaken, seq: Seq, said: Seq) -> None:
    """Move `bot` past the end of a turn at `seq`; `said`: the shopper's last word."""
    bot.heard = max(bot.heard, taken.begun)
    bot.turn = seq if said > taken.begun else NO_TURN
    if taken.what == "fail":
        bot.failed += 1
    elif taken.what == "reply":
        bot.failed = 0


def change_handoff(bot: Bot, at: Millis, changed: HandoffChanged) -> None:
    """Move `bot` past a change of the hand-off."""
    bot.offer = bot.target = None
    bot.failed = 0
    match changed.state:
        case "offered":
            bot.offer = HandoffOffer(changed.until or at, changed.reason)
        case "accepted":
            bot.target = changed.target
        case "done":
            bot.ref = changed.ref
        case "declined" | "withdrawn" | "failed":
            pass
