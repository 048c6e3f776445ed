"""Days on which people do as they like: what they see is still what the journal says.

`SHOPWIRE_DAYS` is how many such days there are, each of another seed; `SHOPWIRE_DAY` is
the seed of one that is to be lived through again.
"""

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
from msgspec.structs import replace

from actors.library import Macro, Then
from actors.settings.ai import AiSettings
from actors.settings.assignment import AssignmentSettings, Condition, Rule, Team
from actors.settings.attention import IdleSettings
from actors.settings.document import Settings
from actors.settings.storefront import RatingSettings
from tests.system.client import Frame
from tests.system.day import RELAXED, Day, Watch
from tests.system.desk import stocked
from tests.system.seats import Seat
from tests.system.shop import in_memory

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("virtual_time")]

DAYS = int(os.environ.get("SHOPWIRE_DAYS", "3"))
STEPS = 300
"""In each day, a third of them in each life of its broker."""
AGENTS = ("ann", "ben", "cid")
SHOPPERS = ("sara", "bob", "eve", "tim", "uma", "ola", "jan")
WATCHES = (
    *(Watch(), Watch("mine"), Watch("unassigned"), Watch("team:floor")),
    *(Watch(status="snoozed"), Watch(status="closed")),
)
MACROS = (
    Macro("soon", "Soon", text="One moment, please.", hold=True),
    Macro("done", "Done", text="Bye!", then=Then(tag=("done",), close=True)),
    Macro("later", "Later", then=Then(snooze="later_today", assign=None)),
)
LEGAL = frozenset(
    {
        *("chat_closed", "not_found", "bad_cursor", "stale_head", "conflict"),
        # `forbidden` is all that the blocked hear.
        *("agent_offline", "agent_full", "bad_status", "rate_limited", "forbidden"),
    }
)
"""How anything may be refused to somebody who does as they like."""


def settled(chance: random.Random) -> Settings:
    """Return how a shop might work."""
    crew = Team("floor", "Floor", ("ann", "cid"))
    law = Team("law", "Law", ("ben",), restricted=True)
    rules = (Rule(Condition(lang="pl"), "law"), Rule(Condition(lang="en"), "floor"))
    return Settings(
        assignment=AssignmentSettings(
            routing=chance.choice(("round_robin", "round_robin", "manual")),
            on_reply=chance.choice(("always", "if_unassigned", "forbid_others")),
            max_chats=chance.choice((1, 2, 3)),
            show_queue=chance.random() < 0.7,
            prefer_recent_s=chance.choice((0, 300)),
            on_leave=chance.choice(("keep", "requeue", "to_team")),
            announce_transfer=chance.choice((None, "A colleague will go on.")),
            rules=rules[: chance.choice((0, 1, 2))],
            teams=(crew, law),
        ),
        idle=chance.choice((IdleSettings(), IdleSettings(20, 5))),
        rating=RatingSettings(ask=True),
        ai=AiSettings(enabled=chance.random() < 0.7, responder="script"),
    )


class Gone(Exception):
    """Nobody is there who could do this."""


class Whim:
    """What people of a day may do next."""

    def __init__(self, day: Day, chance: random.Random) -> None:
        self.day = day
        self.chance = chance
        self.acts: list[Callable[[], tuple[Seat, str, Frame] | None]] = [
            *(self.ask, self.ask, self.say, self.say, self.end, self.rate),
            *(self.reply, self.reply, self.reply, self.macro, self.note, self.tag),
            *(self.look, self.look, self.flag, self.give, self.give, self.hand_on),
            *(self.answer, self.answer, self.put_aside, self.wake, self.open),
            *(self.open, self.leave, self.be_seen, self.control),
        ]

    async def step(self) -> None:
        """Have some do something at once, somebody come or go, or time pass."""
        kind = self.chance.randrange(12)
        if kind == 0:
            await self.come_or_go()
        elif kind == 1:
            await trio.sleep(self.chance.choice((10, 40, 100, 400, 1500)))
        else:
            busy: set[int] = set()
            for _ in range(self.chance.choice((1, 1, 2, 3))):
                await self.act(busy)
        await self.day.settle()
        assert self.day.refusals.keys() <= LEGAL

    async def act(self, busy: set[int]) -> None:
        """Have somebody ask for something; `busy` are those who did so in this step."""
        try:
            wish = self.chance.choice(self.acts)()
        except Gone:
            return
        if wish is not None and id(wish[0]) not in busy:
            seat, op, fields = wish
            busy.add(id(seat))
            await seat.say(op, **fields)

    # Whoever comes and goes.

    async def come_or_go(self) -> None:
        """Have somebody leave without a word, or come back."""
        sub = self.chance.choice((*AGENTS, *SHOPPERS))
        if sub not in AGENTS and self.chance.random() < 0.2:
            await self.day.block(sub, on=self.chance.random() < 0.5)
        elif any(seat.sub == sub for seat in self.day.seats):
            await self.day.go(sub)
        elif sub in AGENTS:
            await self.day.agent(sub, *self.chance.sample(WATCHES, 2))
        else:
            await self.day.shopper(sub)

    def someone(self, *, insider: bool) -> Seat:
        """Return a connection of an agent, or of a shopper."""
        seats = [seat for seat in self.day.seats if seat.insider == insider]
        if not seats:
            raise Gone
        return self.chance.choice(seats)

    def chat(self, seat: Seat | None = None) -> str:
        """Return any chat, or one that `seat` has open; the newer the likelier."""
        known = [*self.day.recount.tickets] if seat is None else [*seat.logs]
        return self.chance.choice(known[-6:]) if known else "none"

    # What shoppers do.

    def ask(self) -> tuple[Seat, str, Frame]:
        """Begin a chat, or go on."""
        return self.someone(insider=False), "chat.start", {"text": "hello\nthere"}

    def say(self) -> tuple[Seat, str, Frame]:
        """Say something more."""
        seat = self.someone(insider=False)
        text = self.chance.choice(("well?", "zażółć " * 20, "👩‍👩‍👧 thanks"))
        return seat, "msg.send", {"chat": self.chat(seat), "text": text}

    def end(self) -> tuple[Seat, str, Frame] | None:
        """End a chat."""
        if self.chance.random() < 0.5:
            return None
        seat = self.someone(insider=self.chance.random() < 0.5)
        return seat, "chat.end", {"chat": self.chat(seat)}

    def rate(self) -> tuple[Seat, str, Frame]:
        """Say how it was."""
        seat = self.someone(insider=False)
        score = self.chance.randrange(1, 6)
        return seat, "rate", {"chat": self.chat(seat), "score": score}

    # What agents do.

    def reply(self) -> tuple[Seat, str, Frame]:
        """Answer, hold, or answer only to what one has seen."""
        fields: Frame = {"chat": self.chat(), "text": "let me see"}
        match self.chance.randrange(4):
            case 0:
                fields["hold"] = True
            case 1:
                fields["if_head"] = self.chance.randrange(12)
            case _:
                pass
        return self.someone(insider=True), "msg.send", fields

    def macro(self) -> tuple[Seat, str, Frame]:
        """Send what is ready."""
        macro = self.chance.choice(MACROS).id
        fields = {"chat": self.chat(), "macro": macro}
        return self.someone(insider=True), "msg.send", fields

    def note(self) -> tuple[Seat, str, Frame]:
        """Leave a note."""
        fields = {"chat": self.chat(), "text": "between us"}
        return self.someone(insider=True), "note.add", fields

    def tag(self) -> tuple[Seat, str, Frame]:
        """Put tags on, and take others off."""
        tags = self.chance.sample(("vip", "late", "pl", "done"), 3)
        fields = {"chat": self.chat(), "add": tags[:2], "remove": tags[2:]}
        return self.someone(insider=True), "ticket.tag", fields

    def look(self) -> tuple[Seat, str, Frame]:
        """Read, up to the end or less."""
        seat = self.someone(insider=self.chance.random() < 0.8)
        chat = self.chat()
        ticket = self.day.recount.tickets.get(chat)
        head = len(ticket.facts) if ticket else 9
        fields = {"chat": chat, "seq": self.chance.choice((head, head, head // 2))}
        return seat, self.chance.choice(("read", "read", "got")), fields

    def flag(self) -> tuple[Seat, str, Frame]:
        """Have a ticket be as if one had not read it."""
        return self.someone(insider=True), "ticket.unread", {"chat": self.chat()}

    def give(self) -> tuple[Seat, str, Frame]:
        """Give a ticket to somebody, to a team, or to nobody."""
        to = self.chance.choice((*AGENTS, *AGENTS, "boss", "team:floor", None))
        fields = {"chat": self.chat(), "to": to, "force": self.chance.random() < 0.5}
        return self.someone(insider=True), "ticket.assign", fields

    def hand_on(self) -> tuple[Seat, str, Frame]:
        """Hand a ticket on, or offer it."""
        seat, _, fields = self.give()
        fields["accept"] = self.chance.random() < 0.7
        return seat, "ticket.transfer", fields | {"note": "see above"}

    def answer(self) -> tuple[Seat, str, Frame]:
        """Take what one was offered, or do not."""
        offers = [
            (seat, frame["chat"])
            for seat in self.day.seats
            for frame in seat.client.heard[-40:]
            if frame.get("kind") == "transfer_offer"
        ]
        seat, chat = (self.someone(insider=True), self.chat())
        if offers:
            seat, chat = self.chance.choice(offers)
        yes = self.chance.random() < 0.6
        return seat, "transfer.answer", {"chat": chat, "yes": yes}

    def put_aside(self) -> tuple[Seat, str, Frame]:
        """Snooze a ticket."""
        presets = ("later_today", "tomorrow", "one_week", "next_reply")
        fields: Frame = {"chat": self.chat(), "preset": self.chance.choice(presets)}
        if self.chance.random() < 0.5:
            soon = self.day.shop.broker.clock() + self.chance.choice((61, 600)) * 1000
            fields = {"chat": fields["chat"], "until": soon}
        return self.someone(insider=True), "ticket.snooze", fields

    def wake(self) -> tuple[Seat, str, Frame]:
        """Bring a ticket back."""
        return self.someone(insider=True), "ticket.wake", {"chat": self.chat()}

    def open(self) -> tuple[Seat, str, Frame] | None:
        """Listen to a chat."""
        insider = self.chance.random() < 0.8
        seat, chat = self.someone(insider=insider), self.chat()
        if chat in seat.logs:
            return None
        return seat, "chat.open", {"chat": chat}

    def leave(self) -> tuple[Seat, str, Frame] | None:
        """Listen no more."""
        seat = self.someone(insider=True)
        chat = self.chat(seat)
        return (seat, "chat.leave", {"chat": chat}) if chat in seat.logs else None

    def control(self) -> tuple[Seat, str, Frame]:
        """Let the bot answer, or answer in its place."""
        op = self.chance.choice(("control.release", "control.take"))
        return self.someone(insider=True), op, {"chat": self.chat()}

    def be_seen(self) -> tuple[Seat, str, Frame]:
        """Say how one wants to be seen."""
        state = self.chance.choice(("online", "online", "away"))
        return self.someone(insider=True), "presence.set", {"state": state}


@pytest.mark.parametrize("number", range(DAYS))
async def test_on_any_day_all_is_as_the_journal_says(
    tmp_path: Path, number: int
) -> None:
    seed = int(os.environ.get("SHOPWIRE_DAY", random.randrange(2**32)))
    print(f"day {number}: seed {seed}", file=sys.stderr)  # noqa: T201  # shown if it fails
    chance = random.Random(seed)
    settings = settled(chance)
    day: Day | None = None
    for _ in range(3):
        await trio.sleep(chance.choice((0, 100, 4 * 3600)))
        async with in_memory(tmp_path, RELAXED) as shop:
            if day is None:
                day = Day(shop, settings)
                await day.save(settings)
                await stocked(shop, *MACROS)
                await day.agent("boss", Watch(), Watch(status="closed"))
                for sub in AGENTS:
                    await day.agent(sub, Watch(), chance.choice(WATCHES))
                for sub in (*SHOPPERS, *SHOPPERS[:3]):
                    await day.shopper(sub)
            else:
                await day.move_to(shop)
            whim = Whim(day, chance)
            for _ in range(STEPS // 3):
                await whim.step()
            if chance.random() < 0.5:
                rooms = chance.choice((1, 2, 4))
                assignment = replace(day.settings.assignment, max_chats=rooms)
                await day.save(replace(day.settings, assignment=assignment))
                await day.settle()
