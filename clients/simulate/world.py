"""A day in virtual time: the same broker, its people, and what its journal says after.

Nothing in it depends on the machine: ids and secrets come from the seed, the wall's
clock begins at a fixed moment, and trio's scheduler is made to repeat itself.
"""

import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from random import Random
from sqlite3 import Connection
from typing import NamedTuple

import trio
import trio.testing

from broker import founding
from broker.config import Config, LimitsConfig
from broker.gate import sign
from broker.office.clerk import carry_out
from broker.office.requests import MintToken
from broker.office.settings import put_settings
from broker.server import Broker
from broker.sites import DEFAULT_SITE
from broker.walltime import begin_at
from clients.simulate.outcome import Hour, Outcome, Summary, Visit, at
from clients.simulate.people import Agent, Shopper
from clients.simulate.shop import HOUR_S, Day

BEGINS = 1_767_571_200.0
"""Monday, 5 January 2026, 00:00 UTC: the same for every day that is simulated."""
TOKEN_S = 14 * 24 * 3600
AFTER_S = 2 * HOUR_S
"""For those who came late to be answered, or to leave."""
CONFIG = founding.relaxed(Config(limits=LimitsConfig(new_chats=100)))
"""The folder is deleted in the end, so it need not survive a power cut."""


class Counted(NamedTuple):
    """What the journal says of a day."""

    digest: str
    events: int
    messages: int
    reminders: int
    breaches: int


def simulated(day: Day, folder: Path) -> Summary:
    """Return what comes of a day in a fresh `folder`; equal days give equal ones."""
    began = time.process_time()
    outcome = Outcome(visits=[])
    with repeatable(day.seed):
        counted = trio.run(
            partial(_lived, day, folder, outcome),
            clock=trio.testing.MockClock(autojump_threshold=0),
        )
    return _summary(day, outcome, counted, time.process_time() - began)


@contextmanager
def repeatable(seed: int) -> Generator[None]:
    """Let trio run tasks in the same order whenever the same happens.

    Two private names of trio's, made for its own tests; one of ours guards them.
    """
    name, inner = "_ALLOW_DETERMINISTIC_SCHEDULING", trio._core._run  # noqa: SLF001  # no public way
    usual = getattr(inner, name)
    setattr(inner, name, True)
    inner._r.seed(seed)  # noqa: SLF001  # (the same)
    try:
        yield
    finally:
        setattr(inner, name, usual)
        inner._r.seed()  # noqa: SLF001  # (the same)


async def _lived(day: Day, folder: Path, outcome: Outcome) -> Counted:
    begin_at(BEGINS)
    chance = Random(f"{day.seed} broker")  # noqa: S311  # to be repeated
    async with Broker.open(folder, CONFIG, virtual=True, chance=chance) as broker:
        saved = await put_settings(
            broker, DEFAULT_SITE, 0, day.settings(), by="agent:boss"
        )
        if not isinstance(saved, int):
            raise TypeError(f"these settings do not hold: {saved}")
        await _hire(day, broker)
        with trio.move_on_at(day.hours * HOUR_S + AFTER_S):
            async with trio.open_nursery() as nursery:
                _staff(day, broker, outcome, nursery)
                await _let_in(day, broker, outcome, nursery)
        return await broker.query(_count)


async def _hire(day: Day, broker: Broker) -> None:
    for number in range(sum(shift.agents for shift in day.working)):
        await carry_out(broker, MintToken(role="agent", sub=f"agent-{number:03}"))


def _staff(day: Day, broker: Broker, outcome: Outcome, nursery: trio.Nursery) -> None:
    number = 0
    for shift in day.working:
        for _ in range(shift.agents):
            agent = Agent(day, number, shift, outcome)
            token = _token(broker, "agent", f"agent-{number:03}")
            nursery.start_soon(agent.work, broker, token)
            number += 1


async def _let_in(
    day: Day, broker: Broker, outcome: Outcome, nursery: trio.Nursery
) -> None:
    for number, came_at in enumerate(day.arrivals()):
        await trio.sleep_until(came_at)
        token = _token(broker, "shopper", f"shopper-{number:06}")
        nursery.start_soon(Shopper(day, number, outcome).visit, broker, token)


def _token(broker: Broker, role: str, sub: str) -> str:
    use = ("shop", DEFAULT_SITE) if role == "shopper" else ("staff", None)
    key = broker.gate.key_for(*use)
    if key is None:
        raise LookupError("a fresh folder has keys")
    expires = broker.clock() / 1000 + TOKEN_S
    return sign(key, {"site": DEFAULT_SITE, "sub": sub, "role": role, "exp": expires})


def _count(db: Connection) -> Counted:
    """Return a hash of every event, to the last byte, and what they are."""
    hashed, kinds = sha256(), {"msg": 0, "due": 0, "missed": 0}
    count = 0
    for row in db.execute("SELECT * FROM event ORDER BY gseq"):
        hashed.update(repr(row).encode())
        count += 1
        kind, body = row[5], row[9]
        if kind == "msg":
            kinds["msg"] += 1
        elif kind == "checkin":
            kinds["missed" if b"missed" in body else "due"] += 1
    digest = hashed.hexdigest()[:16]
    return Counted(digest, count, kinds["msg"], kinds["due"], kinds["missed"])


def _summary(day: Day, outcome: Outcome, counted: Counted, cpu_s: float) -> Summary:
    visits = outcome.visits
    waits = [v.waited_s for v in visits if v.waited_s is not None]
    worked = sum(s.agents * (s.ends - s.begins) for s in day.working) * HOUR_S
    return Summary(
        agents=sum(shift.agents for shift in day.working),
        chats=len(visits),
        answered=sum(v.answered_at is not None for v in visits),
        abandoned=sum(v.left_at is not None for v in visits),
        wait_p50_s=at(waits, 0.5),
        wait_p90_s=at(waits, 0.9),
        wait_p99_s=at(waits, 0.99),
        wait_max_s=at(waits, 1.0),
        reminders=counted.reminders,
        breaches=counted.breaches,
        busy_share=round(outcome.busy_s / worked, 3) if worked else 0.0,
        messages=counted.messages,
        journal_hash=counted.digest,
        events=counted.events,
        cpu_s=round(cpu_s, 1),
        seed=day.seed,
        hours=[_hour(day, number, visits) for number in range(int(day.hours))],
    )


def _hour(day: Day, number: int, visits: list[Visit]) -> Hour:
    inside = [v for v in visits if number <= v.came_at / HOUR_S < number + 1]
    waits = [v.waited_s for v in inside if v.waited_s is not None]
    here = sum(s.agents for s in day.working if s.begins <= number < s.ends)
    gone = sum(v.left_at is not None for v in inside)
    return Hour(number, len(inside), here, at(waits, 0.5), at(waits, 0.9), gone)
