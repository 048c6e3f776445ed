"""Everybody of a run, or of one worker's part of it: gathered, set going, let go."""

import math
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import trio

from clients.load import script
from clients.load.badges import by_agent, lists_of, recounted
from clients.load.figures import Shelf
from clients.load.harm import HARMS
from clients.load.loop import clock
from clients.load.pictures import Pictures
from clients.load.plan import Plan
from clients.load.questions import look
from clients.load.scene import Scene, Who
from clients.load.seat import Seat
from clients.load.second import Second
from clients.load.talk import Follower, Op, Talk, Write
from clients.load.texts import AGENT, BEGIN, END, NOTE, SHOPPER, SIDES, Mark
from clients.load.traffic import Move, Traffic, What
from clients.load.vigil import promised

AT_ONCE = 100
"""Connections that are being made; a broker takes 256 that owe a hello."""
SET_UP_S = 15.0
"""Seconds to begin all chats, and as many more as there are chats by `CHATS_PER_S`."""
CHATS_PER_S = 50
DRAIN_S = 4.5
"""Seconds after the last message for all to arrive: a run ends within seven."""
LATEST_S = 1.0
"""After its duration a run that is behind makes no more moves."""
HOPELESS = ("hello was refused", "Connection refused", "its certificate")
"""How reasons begin that will be no others if one tries again."""
BATCH = 64
"""Moves made before sockets are read again, however late it is."""


class NotSetUp(Exception):
    """Not everybody got to where the run begins; the message says why."""


class People(NamedTuple):
    """Who takes part."""

    shoppers: tuple[Who, ...]
    """One for each chat."""
    agents: tuple[Who, ...]
    """If there are none, each shopper's second device stands in for them."""


class Crowd:
    """The seats and chats of worker `part`."""

    def __init__(self, plan: Plan, scene: Scene, people: People, part: int = 0) -> None:
        self.plan = plan
        self.scene = scene
        self.figures = scene.figures
        scene.host = self
        if people.agents:
            scene.oracle.promise = promised(plan)
        self.talks = {
            index: Talk(index) for index in range(part, plan.chats, plan.workers)
        }
        self.seats: dict[tuple[int, str], Seat] = {}
        """By chat and side; an agent's is in many places."""
        self.stopped = False
        """Whether it was to end early."""
        self.script = script.read(plan.script) if plan.script else None
        self._pictures = Pictures(scene, plan.seed)
        self._said: Counter[tuple[int, str]] = Counter()
        self._everybody: list[Seat] = []
        self._ready = 0
        self._owned: dict[str, Talk] = {}
        """By the shopper."""
        self._traffic = Traffic(plan)
        self._moves: Iterator[Move] = iter(self._traffic)
        self._move: Move | None = None
        self._sit_down(people)

    def _sit_down(self, people: People) -> None:
        agents: dict[tuple[int, int], Seat] = {}
        count = len(people.agents)
        for index in self.talks:
            shopper = Seat(self.scene, people.shoppers[index], SHOPPER)
            self._owned[shopper.who.sub] = self.talks[index]
            if count:
                place = (index % count, index // count % self.plan.tabs)
                agent = agents.get(place)
                if agent is None:
                    who = people.agents[index % count]
                    agent = agents[place] = Seat(self.scene, who, AGENT)
            else:
                agent = agents[index, 0] = Seat(
                    self.scene, people.shoppers[index], AGENT
                )
            self.seats[index, SHOPPER], self.seats[index, AGENT] = shopper, agent
        shoppers = [self.seats[index, SHOPPER] for index in self.talks]
        self._everybody = [*agents.values(), *shoppers]
        for agent in lists_of(list(agents.values()), self.plan.mix.inbox):
            agent.lists = True

    # Before, during and after.

    async def set_up(self) -> None:
        """Connect everybody and begin all chats.

        Raises:
            NotSetUp: that did not succeed in time.
        """
        deadline = trio.current_time() + SET_UP_S + len(self.talks) / CHATS_PER_S
        coming = iter(self._everybody)
        under_way: list[Seat] = []
        while self._ready < len(self.talks) and not self.stopped:
            under_way = [seat for seat in under_way if not seat.name]
            for seat in coming:
                seat.come()
                under_way.append(seat)
                if len(under_way) >= AT_ONCE:
                    break
            if trio.current_time() > deadline or self._hopeless():
                raise NotSetUp(self._why())
            await trio.sleep(0.01)

    def _hopeless(self) -> bool:
        """Return whether it is known that not all chats will begin."""
        return bool(self.figures.problems) or any(
            seat.why.startswith(HOPELESS) for seat in self._everybody[:1]
        )

    def _why(self) -> str:
        missing = len(self.talks) - self._ready
        for seat in self._everybody:
            if not seat.there:
                return f"{missing} chats did not begin: {seat.who.sub}: {seat.why}"
        errors = ", ".join(f"{n} {code}" for code, n in self.figures.errors.items())
        said = errors or "; ".join(self.figures.problems) or "no answer"
        return f"{missing} chats did not begin: {said}"

    async def run(self, zero: float) -> None:
        """Make all moves, from `zero` of the clock on; return when they are made."""
        self.figures.zero = zero
        loop, end = self.scene.loop, zero + self.plan.duration
        self._next()
        loop.paced = self._play
        # The loop may be waiting for something later.
        loop.at(zero, _begin)
        while not self.stopped and clock() < end + LATEST_S:
            self.figures.second(clock()).open = self.scene.open
            if clock() >= end and self._move is None:
                return
            await trio.sleep(min(0.1, max(end - clock(), 0.001)))

    async def drain(self) -> None:
        """Wait until everything has arrived, for a while; then judge what has not."""
        self._move = None
        deadline = clock() + DRAIN_S
        # Looked for rather than told: it is everybody's, and only once a run.
        while clock() < deadline and self._outstanding():  # noqa: ASYNC110
            await trio.sleep(0.02)
        await recounted(by_agent(self.talks, self.seats), self.scene)
        now = clock()
        self.scene.oracle.vigils(now)
        for seat in self._everybody:
            seat.notices.left()
        for talk in self.talks.values():
            for follower in talk.followers.values():
                self.scene.oracle.skipped(follower, now)
            self._unanswered(talk, now)
            self.scene.oracle.left(talk, self._deaf(talk), now)
            self._receipts(talk, now)
        away = sum(not seat.there for seat in self._everybody)
        if away:
            self.figures.problem(f"{away} connections did not come back")
        self.scene.over = True

    def leave(self) -> None:
        """Let everybody go."""
        self.scene.over = True
        for guest in list(self.scene.guests):
            guest.leave()
        for seat in self._everybody:
            seat.leave()

    def shelved(self, cpu_s: float, elapsed_s: float) -> Shelf:
        """Return what was counted."""
        totals = self.figures.totals
        totals["sent_bytes"] = self.scene.traffic.sent
        totals["received_bytes"] = self.scene.traffic.received
        totals["connections"] = len(self._everybody)
        if not self.stopped:
            for _ in self._moves:
                # The last moments of a run that began late: for the hash alone.
                pass
        shelf = self.figures.shelved(cpu_s, elapsed_s)
        shelf.digest, shelf.stopped = self._traffic.digest, self.stopped
        shelf.scheduled = self._traffic.messages
        if self.script is not None:
            # What a script does depends on what it hears.
            shelf.digest = None
        return shelf

    def _deaf(self, talk: Talk) -> set[str]:
        """Return the sides that nothing could reach."""
        return {
            side
            for side in SIDES
            if not self.seats[talk.index, side].there
            or side not in talk.followers
            or not talk.followers[side].attached
        }

    def _outstanding(self) -> bool:
        return any(
            self._behind(talk) or any(write.sent_at for write in talk.writes.values())
            for talk in self.talks.values()
        )

    def _behind(self, talk: Talk) -> bool:
        """Return whether the agent does not know yet how far the shopper has read."""
        follower = talk.followers.get(SHOPPER)
        told = self.figures.totals["receipts"]
        return bool(follower and told and talk.ready and follower.cursor > talk.receipt)

    def _unanswered(self, talk: Talk, now: float) -> None:
        """Count how long those have waited already who were not answered."""
        for write in talk.writes.values():
            if write.op is Op.SAY and write.sent_at and not write.acked_at:
                self.figures.took("send", write.intended, now)

    def _receipts(self, talk: Talk, now: float) -> None:
        """Compare what the agent was told with what the shopper has read."""
        follower = talk.followers.get(SHOPPER)
        if follower is not None and self._behind(talk):
            words = f"read up to {follower.cursor}, the agent knows of {talk.receipt}"
            self.figures.wrong("wrong_receipts", talk.chat, words, now)

    # Moves.

    def _next(self) -> None:
        for move in self._moves:
            if move.chat in self.talks:
                self._move = move
                return
        self._move = None

    def _play(self) -> float:
        """Make the moves that are due; return when the next one is."""
        zero, now = self.figures.zero, clock()
        for _ in range(BATCH):
            move = self._move
            if move is None or self.stopped:
                return math.inf
            if zero + move.at > now:
                break
            self._next()
            self._make(move, zero + move.at)
        return zero + self._move.at if self._move is not None else math.inf

    def _make(self, move: Move, intended: float) -> None:
        what, talk = move.what, self.talks[move.chat]
        seat = self.seats[move.chat, move.side]
        if what in {What.SAY, What.IMAGE}:
            self.figures.offered(intended, clock())
            self._say(talk, move.side, move.number, intended)
        elif what is What.TYPE:
            self._type(talk, seat)
        elif what is What.READ:
            self.look(talk, move.side)
        elif what is What.NOTE:
            self._note(talk, seat)
        elif what is What.END:
            self._end(talk, seat)
        elif what is What.UPLOAD:
            mark = Mark(talk.index, move.side, move.number)
            self._pictures.upload(seat, talk, mark)
        elif what is What.TWICE:
            Second(self.scene, seat)
        elif what in HARMS:
            seat.harm(HARMS[what])

    def _say(self, talk: Talk, side: str, number: int, intended: float) -> None:
        busy = self.plan.closed and any(w.op is Op.SAY for w in talk.writes.values())
        if not talk.ready or busy:
            talk.waiting.append((side, number))
            return
        mark = Mark(talk.index, side, number)
        id_ = f"{self.scene.run}{talk.index:x}{side}{number:x}"
        write = Write(Op.SAY, id_, talk, mark)
        write.blob = self._pictures.taken(talk, mark)
        write.intended = intended
        self.seats[talk.index, side].write(write)

    def _type(self, talk: Talk, seat: Seat) -> None:
        if talk.ready and "typing" not in self.scene.unknown:
            # With an id, so that a server which has no typing can say so.
            id_ = seat.new_id("t")
            seat.signal({"op": "typing", "id": id_, "chat": talk.chat, "on": True})

    def _note(self, talk: Talk, seat: Seat) -> None:
        if talk.ready and seat.who.role != "shopper":
            number = self.figures.totals["notes"] = self.figures.totals["notes"] + 1
            id_ = f"{self.scene.run}{talk.index:x}{NOTE}{number:x}"
            write = Write(Op.NOTE, id_, talk, Mark(talk.index, NOTE, number))
            write.arrived = True
            seat.write(write)

    def _end(self, talk: Talk, seat: Seat) -> None:
        if talk.ready and not talk.ending and "chat.end" not in self.scene.unknown:
            talk.ending = True
            id_ = f"{self.scene.run}{talk.index:x}{END}{talk.life:x}"
            seat.write(Write(Op.END, id_, talk, Mark(talk.index, END, talk.life)))

    def _begin(self, talk: Talk) -> None:
        """Let the shopper say the first words of a chat."""
        id_ = f"{self.scene.run}{talk.index:x}{BEGIN}{talk.life:x}"
        write = Write(Op.START, id_, talk, Mark(talk.index, BEGIN, talk.life))
        write.intended = clock()
        seat = self.seats[talk.index, SHOPPER]
        look(self.plan, self.scene, seat, talk)
        seat.write(write)

    # For scripts.

    def speak(self, talk: Talk, side: str) -> None:
        """Let one side say something now."""
        now = clock()
        if now < self.figures.zero + self.plan.duration and not self.stopped:
            self._said[talk.index, side] += 1
            self.figures.offered(now, now)
            self._say(talk, side, self._said[talk.index, side], now)

    def sign(self, talk: Talk, side: str) -> None:
        """Let the other side see that one types."""
        self._type(talk, self.seats[talk.index, side])

    def look(self, talk: Talk, side: str) -> None:
        """Say that all was read."""
        follower = talk.followers.get(side)
        if follower is not None and talk.ready:
            self.seats[talk.index, side].read(follower)

    def finish(self, talk: Talk) -> None:
        """End the chat; the shopper begins another one."""
        self._end(talk, self.seats[talk.index, SHOPPER])

    # What seats tell.

    def greeted(self, side: str, who: Who) -> None:
        """Let a shopper who has come begin."""
        if side == SHOPPER:
            self._begin(self._owned[who.sub])

    def began(self, talk: Talk, chat: str, since: int, *, existing: bool) -> None:
        """Let the other side open the chat."""
        talk.begun(chat, since, old=existing)
        follower = Follower(talk, AGENT, chat, since - 1 if existing else 0)
        talk.followers[AGENT] = follower
        self.seats[talk.index, AGENT].open_chat(follower)

    def attached(self, follower: Follower) -> None:
        """Let the talk go on when both sides are there."""
        talk = follower.talk
        if talk.ready or follower.chat != talk.chat or not talk.all_attached():
            return
        talk.ready = True
        if not talk.life:
            self._ready += 1
        waiting, talk.waiting = talk.waiting, []
        for side, number in waiting:
            self._say(talk, side, number, clock())

    def answered(self, write: Write) -> None:
        """Go on after an answer: say what waited for it, or begin anew."""
        talk = write.talk
        if write.op is Op.END:
            talk.over()
            self._begin(talk)
        elif self.plan.closed and talk.waiting and talk.ready:
            side, number = talk.waiting.pop(0)
            self._say(talk, side, number, clock())

    def given_up(self, write: Write, code: str) -> None:
        """Judge a refusal: it may be the run's own doing, or the other side's fault."""
        self.figures.totals["refused"] += 1
        if write.op is Op.END:
            self.scene.unknown.add("chat.end")
            write.talk.ending = False
        own_doing = code == "chat_closed" and (write.talk.life or write.talk.ending)
        if not own_doing and code != "bad_frame":
            self.figures.problem(f"{write.op.name.lower()} was refused with {code}")


def _begin() -> None:
    """Wake the loop, and no more."""
