"""A shop at work in virtual time, held against a recount of its journal at every step.

Whatever the people of a day do, the same has to be true after it: every list and badge
is what the journal says, every conversation is the journal as far as one may see it,
the router's table is a recount, and nobody waits while somebody is free.
"""

from collections import Counter
from typing import NamedTuple

import trio

from actors.ids import AgentId, Person, SiteId
from actors.settings.document import Settings
from broker import founding
from broker.config import Config
from broker.office import blocking
from broker.office.settings import put_settings
from broker.sites import DEFAULT_SITE
from tests.system.client import Client, Frame
from tests.system.lists import Mirror
from tests.system.recount import Desk, Recount
from tests.system.seats import Seat
from tests.system.shop import Shop

SETTLED_S = 5.5
"""Seconds after which everything that is told seldom was told: cursors after one,
presence after two, places in the queue after five."""
RELAXED = founding.relaxed(Config())
"""These tests restart brokers and kill none: what the disk does is of no concern."""
POLISH = frozenset({"ola", "jan"})
"""Shoppers who speak Polish; the others speak English."""


class Watch(NamedTuple):
    """A list that somebody has on the screen."""

    view: str = "all"
    status: str = "open"


class Day:
    """A shop, everybody in it, and what they should see."""

    def __init__(self, shop: Shop, settings: Settings) -> None:
        self.shop = shop
        self.settings = settings
        self.seats: list[Seat] = []
        self.boss = "boss"
        self.recount = Recount(self._desk())
        self.states: dict[str, str] = {}
        """How agents are seen, as the supervisor was told."""
        self.refusals: Counter[str] = Counter()

    # People.

    async def agent(self, sub: str, *watches: Watch) -> Seat:
        """Have an agent come, with a connection for each list; return the first."""
        seats = [await self._sit(sub, watch) for watch in watches or (Watch(),)]
        return seats[0]

    async def shopper(self, sub: str) -> Seat:
        """Have a shopper come."""
        seat = Seat(await self._welcomed(sub), sub)
        self.seats.append(seat)
        return seat

    async def _welcomed(self, sub: str, **hello: object) -> Client:
        client = await self.shop.connect()
        locale = "pl" if sub in POLISH else "en"
        token = self.shop.token("shopper", sub, locale=locale)
        assert (await client.hello(token=token, **hello))["t"] == "welcome"
        return client

    async def _sit(self, sub: str, watch: Watch) -> Seat:
        role = "admin" if sub == self.boss else "agent"
        client = await self.shop.agent(sub, role)
        mirror = Mirror(client, watch.view, status=watch.status, limit=200)
        await mirror.open()
        seat = Seat(client, sub, mirror)
        self.seats.append(seat)
        return seat

    async def go(self, sub: str) -> None:
        """Cut all connections of somebody."""
        for seat in self.seats:
            if seat.sub == sub and seat.here:
                await seat.leave()

    async def block(self, sub: str, *, on: bool) -> None:
        """Want nothing more of a shopper, or hear them again."""
        broker = self.shop.broker
        if on:
            by = Person(f"agent:{self.boss}")
            await blocking.block(broker, DEFAULT_SITE, sub, "swears", by=by)
        else:
            await blocking.unblock(broker, DEFAULT_SITE, sub)

    def of(self, sub: str) -> Seat:
        """Return the first connection that somebody has."""
        return next(seat for seat in self.seats if seat.here and seat.sub == sub)

    # Steps.

    async def save(self, settings: Settings) -> None:
        """Have these settings hold from now on."""
        version = self.shop.broker.sites.rules_of(DEFAULT_SITE).version
        saved = await put_settings(
            self.shop.broker, DEFAULT_SITE, version, settings, by="agent:boss"
        )
        assert saved == version + 1
        self.settings = settings
        self.recount.desk = self._desk()

    def _desk(self) -> Desk:
        assignment = self.settings.assignment
        locked = (
            (t.id, frozenset(t.members)) for t in assignment.teams if t.restricted
        )
        return Desk(assignment.max_chats, frozenset({self.boss}), tuple(locked))

    async def do(
        self, seat: Seat, op: str, *, refused: str | None = None, **fields: object
    ) -> Frame:
        """Have somebody do something, and see that all is as it should be."""
        answer = await seat.ask(op, **fields)
        assert answer.get("code") == refused, (op, fields, answer)
        await self.settle()
        return answer

    def _note(self, sub: str, asked: Frame, answer: Frame) -> None:
        """Note what is in no journal: flags, which end with the agent's next look."""
        if answer["t"] == "err":
            self.refusals[answer["code"]] += 1
        elif asked["op"] == "ticket.unread":
            self.recount.marks.add((asked["chat"], sub))
        elif asked["op"] == "read":
            self.recount.marks.discard((asked["chat"], sub))

    async def wait(self, seconds: float) -> None:
        """Let time pass, the settling included."""
        await trio.sleep(seconds - SETTLED_S)
        await self.settle()

    async def settle(self) -> None:
        """Let everything be told, then check all there is."""
        await trio.sleep(SETTLED_S)
        await self.check()
        if self._misplaced():
            # Something fell due meanwhile, and they are to be told a little later.
            await trio.sleep(SETTLED_S)
            await self.check()
        wrong = self._misplaced()
        assert not wrong, ("who, was told, and is", wrong)

    async def check(self) -> None:
        """Compare what everybody has with the journal."""
        size = -1
        while size != (size := await self.recount.catch_up(self.shop)):
            # What fell due while frames were taken was told meanwhile.
            for seat in self.seats:
                await seat.absorb()
                for asked, answer in seat.answered:
                    self._note(seat.sub, asked, answer)
                seat.answered.clear()
        self.seats = [seat for seat in self.seats if seat.here]
        for seat in self.seats:
            seat.check(self.recount)
        self._check_router()

    # What is checked beside what everybody has.

    def _check_router(self) -> None:
        desk = self.shop.broker.house.desks.find(SiteId(DEFAULT_SITE))
        router, held = desk.router, self.recount.held()
        assert {
            str(agent): set(chats) for agent, chats in router.ledger.held.items()
        } == held
        queues = {
            team: [chat for _, _, chat in queue]
            for team, queue in router.ledger.queues.items()
        }
        assert queues == self.recount.queues(), "whoever waits"
        for seat in self.seats:
            if seat.sub == self.boss:
                for push in seat.client.presences:
                    self.states |= {a["agent"]: a["state"] for a in push["agents"]}
                seat.client.presences.clear()
        free = [
            agent
            for agent, state in self.states.items()
            if state == "online"
            and len(held.get(agent, ())) < self.recount.desk.max_chats
        ]
        for agent in self.states:
            assert router.load(AgentId(agent)) == len(held.get(agent, ()))
        crews = {team.id: team.members for team in self.settings.assignment.teams}
        if self.settings.assignment.routing == "round_robin":
            for team, queue in queues.items():
                crew = crews.get(team or "")
                idle = [a for a in free if crew is None or a in crew]
                assert not idle, ("they wait in vain", queue, idle)

    def _misplaced(self) -> list[tuple[str, int, int]]:
        """Return which shoppers were told what of the queue, and what is right."""
        assignment = self.settings.assignment
        if assignment.routing == "manual" or not assignment.show_queue:
            return []
        queues = self.recount.queues().values()
        places = {chat: n for queue in queues for n, chat in enumerate(queue, 1)}
        return [
            (seat.sub, told, right)
            for seat in self.seats
            for chat in (() if seat.insider else seat.logs)
            if self.recount.tickets[chat].status != "closed"
            and (told := seat.position.get(chat, 0)) != (right := places.get(chat, 0))
        ]

    # The broker's own restart.

    def picture(self) -> Frame:
        """Return all that everybody has, but for who is there."""
        return {
            f"{number} {seat.sub}": (
                {chat: log.position for chat, log in seat.logs.items()},
                seat.list
                and [_still(row) for _, row in sorted(seat.list.rows.items())],
                seat.list and seat.list.badge,
            )
            for number, seat in enumerate(self.seats)
        }

    async def move_to(self, shop: Shop) -> None:
        """Have everybody come back to a broker that was started anew."""
        self.shop, self.states, seats = shop, {}, self.seats
        self.seats = []
        for old in seats:
            places = {chat: log.position for chat, log in old.logs.items()}
            resume = {"chats": places}
            if old.list is None:
                seat = Seat(await self._welcomed(old.sub, resume=resume), old.sub)
            else:
                role = "admin" if old.sub == self.boss else "agent"
                client = await shop.agent(old.sub, role, resume=resume)
                asked = old.list.asked
                mirror = Mirror(client, str(asked["view"]), status=asked["status"])
                await mirror.open(limit=200)
                seat = Seat(client, old.sub, mirror)
            seat.come_back(old)
            self.seats.append(seat)


def _still(row: Frame) -> Frame:
    return row | {"flags": [flag for flag in row["flags"] if flag != "online"]}
