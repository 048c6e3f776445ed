"""What shoppers and agents of a simulated day do. Their chance is all their own."""

from random import Random
from typing import Any

import trio

from broker.server import Broker
from broker.wire.heard import Fields
from clients.simulate.outcome import Outcome, Visit
from clients.simulate.seat import Seat
from clients.simulate.shop import HOUR_S, Day, Shift, about

MORE_S = 1800.0
"""Longest wait for a further answer; then one gives up."""
OVERTIME_S = 1200.0
"""Longest time after a shift in which an agent finishes what is begun."""
QUESTION, ANSWER = "Where is my order?", "It is on its way, I have just looked."
HOLD = "Still looking into this. Thank you for your patience."


class Shopper:
    """One visit: a question, answers, further ones, and the end."""

    def __init__(self, day: Day, number: int, outcome: Outcome) -> None:
        self._chance = Random(f"{day.seed} shopper {number}")  # noqa: S311  # repeats
        self._day = day
        self._visit = Visit(trio.current_time())
        self._outcome = outcome
        self._answered = trio.Event()
        self._over = False

    async def visit(self, broker: Broker, token: str) -> None:
        """Come, ask and leave."""
        seat = await Seat.open(broker, "shopper", token, self._take)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(seat.read)
            started = await seat.ask("chat.start", text=QUESTION)
            if "chat" in started:
                self._outcome.visits.append(self._visit)
                await self._talk(seat, started["chat"])
            seat.leave()

    async def _talk(self, seat: Seat, chat: str) -> None:
        day, chance = self._day, self._chance
        patience = chance.expovariate(1 / day.patience_s)
        with trio.move_on_after(patience):
            await self._answered.wait()
        if not self._answered.is_set():
            self._visit.left_at = trio.current_time()
            await seat.ask("chat.end", chat=chat)
            return
        self._visit.answered_at = trio.current_time()
        while chance.random() > 1 / day.turns and not self._over:
            await trio.sleep(about(chance, day.think_s))
            self._answered = trio.Event()
            await seat.ask("msg.send", chat=chat, text=QUESTION)
            with trio.move_on_after(MORE_S):
                await self._answered.wait()
        await trio.sleep(about(chance, day.think_s))
        await seat.ask("chat.end", chat=chat)

    def _take(self, frame: Fields) -> None:
        if frame["t"] != "ev":
            return
        if frame["kind"] == "msg" and str(frame["by"]).startswith("agent:"):
            if not frame["body"].get("hold"):
                self._answered.set()
        elif frame["kind"] == "closed":
            self._over = True
            self._answered.set()


class Agent:
    """One shift: whoever waits longest is answered next."""

    def __init__(self, day: Day, number: int, shift: Shift, outcome: Outcome) -> None:
        self._chance = Random(f"{day.seed} agent {number}")  # noqa: S311  # repeats
        self._day = day
        self._shift = shift
        self._outcome = outcome
        self._rows: dict[str, Fields] = {}
        self._news = trio.Event()
        self._reminded: list[str] = []
        self._seat: Seat

    async def work(self, broker: Broker, token: str) -> None:
        """Come at the shift's beginning, and go at its end."""
        await trio.sleep_until(self._shift.begins * HOUR_S + self._chance.random())
        self._seat = seat = await Seat.open(broker, "agent", token, self._take)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(seat.read)
            opened = await seat.ask("inbox.open", view="mine", limit=200)
            for row in opened.get("rows", ()):
                self._rows[row["chat"]] = row
            await self._answer_until(self._shift.ends * HOUR_S)
            await seat.ask("presence.set", state="away")
            await self._finish()
            seat.leave()

    async def _answer_until(self, end: float) -> None:
        while trio.current_time() < end:
            with trio.move_on_at(end):
                await self._answer_next()

    async def _finish(self) -> None:
        with trio.move_on_after(OVERTIME_S):
            while self._rows:
                await self._answer_next()

    async def _answer_next(self) -> None:
        """Answer whoever waits longest, or wait until somebody does."""
        chat = self._next()
        if chat is None and not self._reminded:
            self._news = trio.Event()
            await self._news.wait()
            return
        if chat is None:
            self._reminded.clear()
            return
        began = trio.current_time()
        await trio.sleep(about(self._chance, self._day.answer_s))
        self._outcome.busy_s += trio.current_time() - began
        await self._hold(chat)
        self._rows.get(chat, {})["waiting_since"] = None
        await self._seat.ask("msg.send", chat=chat, text=ANSWER)

    async def _hold(self, answered: str) -> None:
        """Tell those who were waiting meanwhile that they are not forgotten."""
        reminded, self._reminded = self._reminded, []
        for chat in reminded:
            if chat != answered and self._chance.random() < self._day.holds:
                await self._seat.ask("msg.send", chat=chat, text=HOLD, hold=True)

    def _next(self) -> str | None:
        waiting = [
            (row["waiting_since"], chat)
            for chat, row in self._rows.items()
            if row.get("waiting_since") is not None and row["status"] == "open"
        ]
        return min(waiting)[1] if waiting else None

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["t"] == "ix":
            if "row" in frame:
                self._rows[frame["row"]["chat"]] = frame["row"]
            else:
                self._rows.pop(frame["gone"], None)
            self._news.set()
        elif frame["t"] == "push" and frame["kind"] == "checkin":
            self._reminded.append(frame["chat"])
            self._news.set()
