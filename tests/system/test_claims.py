"""Two agents reach for one ticket, hundreds of times (spec U7, F23 to F25, F29).

Whatever comes first, there is one owner and one who answers; who was to be told what
they had not seen is told all of it; and nobody's view differs from the journal after.
"""

import random
import sys
from collections import Counter
from functools import partial
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from actors.ids import ChatId, SiteId
from actors.settings.ai import AiSettings
from actors.settings.assignment import AssignmentSettings
from actors.settings.document import Settings
from actors.settings.rules import Rules
from broker.sites import DEFAULT_SITE, Site
from storage import outgoing
from tests.long import times
from tests.system.client import Client, Frame
from tests.system.lists import Mirror
from tests.system.recount import Desk, Fact, Recount
from tests.system.seats import Seat
from tests.system.shop import Shop
from tests.system.test_races import asked_together

pytestmark = pytest.mark.slow

RACES = times(500, short=150)
"""In each subprotocol."""
ROUND = Settings(assignment=AssignmentSettings(routing="round_robin"))
WITH_BOT = replace(ROUND, ai=AiSettings(enabled=True, responder="script"))
"""It has nothing to say: chats are given to it, and taken from it."""
Wish = tuple[Client, str, Frame]


class Floor(NamedTuple):
    """Two agents who watch the same list, and what it should say."""

    shop: Shop
    chance: random.Random
    recount: Recount
    ann: Seat
    ben: Seat
    outcomes: Counter[str]

    @property
    def agents(self) -> tuple[Seat, Seat]:
        """Both, whoever goes first."""
        if self.chance.random() < 0.5:
            return self.ann, self.ben
        return self.ben, self.ann


async def opened(shop: Shop) -> Floor:
    """Return a floor on which nobody is given anything, and which has a bot."""
    shop.broker.sites.add(Site(SiteId(DEFAULT_SITE), "Shop", Rules(1, ROUND)))
    ann, ben = await seated(shop, "ann"), await seated(shop, "ben")
    seed = random.randrange(2**32)
    print(f"seed {seed}", file=sys.stderr)  # noqa: T201  # shown if the test fails
    recount = Recount(Desk(ROUND.assignment.max_chats))
    return Floor(shop, random.Random(seed), recount, ann, ben, Counter())


async def seated(shop: Shop, sub: str) -> Seat:
    """Return an agent who watches all tickets, and is given none."""
    client = await shop.agent(sub)
    await client.ask("presence.set", state="away")
    mirror = Mirror(client, "all")
    await mirror.open()
    return Seat(client, sub, mirror)


async def test_of_two_who_reach_for_a_ticket_one_has_it(shop: Shop) -> None:
    floor = await opened(shop)
    sara = Seat(await shop.shopper(), "sara")
    for _ in range(RACES):
        shop.broker.sites.apply(DEFAULT_SITE, 1, ROUND)
        chat: str = (await sara.ask("chat.start", text="hello"))["chat"]
        shop.broker.sites.apply(DEFAULT_SITE, 1, WITH_BOT)
        for seat in floor.agents:
            await seat.ask("chat.open", chat=chat)
        head = await prepare(floor, chat)
        wishes = wished(floor, chat, head)
        if floor.chance.random() < 0.25:
            wishes.append((sara.client, "chat.end", {"chat": chat}))
        answers = await asked_together(wishes, floor.chance)
        await settled(floor, sara, chat)
        await judge(floor, chat, wishes, answers)
        for seat in floor.agents:
            await seat.ask("presence.set", state="away")
        await sara.ask("chat.end", chat=chat)
        await settled(floor, sara, chat)
        for seat in (floor.ann, floor.ben, sara):
            await seat.ask("chat.leave", chat=chat)
        floor.recount.forget(chat)
    assert len(floor.outcomes) > 12, floor.outcomes
    assert floor.outcomes["stale_head"] > RACES / 20, floor.outcomes


async def prepare(floor: Floor, chat: str) -> int:
    """Let the ticket be somebody's, or offered, or the bot's; return the head."""
    first, second = floor.agents
    match floor.chance.randrange(5):
        case 0:
            await first.ask("ticket.assign", chat=chat, to=first.sub)
        case 1:
            await first.ask("msg.send", chat=chat, text="hello, how can I help")
            offer = {"chat": chat, "to": second.sub, "accept": True}
            assert (await first.ask("ticket.transfer", **offer))["t"] == "ok"
        case 2:
            assert (await first.ask("control.release", chat=chat))["t"] == "ok"
        case _:
            pass
    return len(await floor.shop.journal(chat))


def wished(floor: Floor, chat: str, head: int) -> list[Wish]:
    """Return what both want of the ticket; the router may want to give it away too."""
    wishes: list[Wish] = []
    guarded = floor.chance.random() < 0.4
    first, second = floor.agents
    for seat, other in ((first, second), (second, first)):
        said = {"chat": chat, "text": f"I am {seat.sub}"}
        wish: Wish = (seat.client, "msg.send", said | {"if_head": head})
        others: list[Wish] = [
            (seat.client, "msg.send", said),
            (seat.client, "ticket.assign", {"chat": chat, "to": seat.sub}),
            (seat.client, "ticket.transfer", {"chat": chat, "to": other.sub}),
            (seat.client, "transfer.answer", {"chat": chat, "yes": True}),
            (seat.client, "control.take", {"chat": chat}),
        ]
        wishes.append(wish if guarded else floor.chance.choice((wish, *others)))
        if floor.chance.random() < 0.3:
            wishes.append((seat.client, "presence.set", {"state": "online"}))
    return wishes


async def settled(floor: Floor, sara: Seat, chat: str) -> None:
    """Take all that came of it, and compare what everybody has with the journal."""
    broker = floor.shop.broker
    desk = broker.house.desks.find(SiteId(DEFAULT_SITE))
    before, calm = -1, 0
    # Twice: what the file has may not have been told yet when everybody caught up.
    while calm < 2:  # twice
        # What the router has asked for may be committed while the journal is read, and
        # what comes of a turn of the bot's too.
        asked = any(ChatId(chat) in coming for coming in desk.router.coming.values())
        asked = asked or bool(await broker.query(partial(outgoing.waiting, limit=1)))
        size = await floor.recount.catch_up(floor.shop)
        calm = calm + 1 if size == before and not asked else 0
        before = size
        for seat in (floor.ann, floor.ben, sara):
            await seat.catch_up()
    for seat in (floor.ann, floor.ben, sara):
        seat.check(floor.recount)
    held = {str(who): set(chats) for who, chats in desk.router.ledger.held.items()}
    assert held == floor.recount.held()


async def judge(
    floor: Floor, chat: str, wishes: list[Wish], answers: list[Frame]
) -> None:
    """See that every answer is what the journal says of it."""
    facts = floor.recount.tickets[chat].facts
    by_id = {entry.id: entry for entry in await floor.shop.journal(chat) if entry.id}
    for (client, op, fields), answer in zip(wishes, answers, strict=True):
        floor.outcomes[f"{op} {answer.get('code', 'ok')}"] += 1
        if answer["t"] == "err":
            assert answer["re"] not in by_id
            assert answer["code"] in {"chat_closed", "stale_head", "conflict"}, answer
        elif "seq" in answer:
            assert by_id[answer["re"]].seq == answer["seq"]
        if "if_head" in fields:
            floor.outcomes["stale_head"] += answer.get("code") == "stale_head"
            guarded(facts, client.who, fields["if_head"], answer)


def guarded(facts: list[Fact], who: str, seen: int, answer: Frame) -> None:
    """See that a guarded reply was sent if nobody had stepped in, and only then."""
    if answer["t"] == "ok":
        between = facts[seen : answer["seq"] - 1]
        assert not any(steps_in(fact, who) for fact in between), (answer, between)
    elif answer["code"] == "stale_head":
        missed = facts[seen : answer["head"]]
        assert any(steps_in(fact, who) for fact in missed), (answer, missed)
        told = [fact.told(fact.seq - 1, insider=True) for fact in missed]
        assert answer["events"] == told


def steps_in(fact: Fact, who: str) -> bool:
    """Return whether somebody else answered by this, or has the ticket now."""
    if fact.kind == "assigned":
        return fact.body["to"] is not None and f"agent:{fact.body['to']}" != who
    return fact.kind == "msg" and fact.by.startswith("agent:") and fact.by != who
