"""The audit finds every promise that was broken, and none that was not (U8)."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from actors.chat.handoff import external
from actors.chat.state import ChatState
from actors.ids import BOT, SYSTEM, ChatId, Millis, Person, stream_of
from actors.leaving import Message
from actors.settings.ai import AiSettings, ZendeskSettings
from actors.settings.document import Settings
from actors.settings.rules import Rules
from broker import promises
from broker.audit import MINUTE, Audit, Bounds
from broker.findings import Finding
from storage import outgoing
from storage.records import Change
from tests.actors.client import Client
from tests.actors.scene import (
    ANN,
    SITE,
    Ask,
    assigning,
    ending,
    handed,
    handing,
    noting,
    passing,
    releasing,
    saying,
    snoozing,
    taking,
    turning,
    waking,
)
from tests.actors.world import World

HOUR = 60 * MINUTE
What = Literal["reply", "silent", "fail", "escalate"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def audited(world: World, bounds: Bounds | None = None) -> list[Finding]:
    found, _ = counted(world, bounds)
    return found


def counted(
    world: World, bounds: Bounds | None = None
) -> tuple[list[Finding], dict[str, int]]:
    def look(db: sqlite3.Connection) -> tuple[list[Finding], dict[str, int]]:
        audit = Audit(db, world.now, lambda _site: world.rules)
        return list(audit.run(bounds or Bounds())), audit.counts

    return world.read(look)


def spoil(world: World, sql: str, *values: object) -> None:
    """Change what is kept behind everybody's back."""
    world.turn()
    changes: list[Change] = []
    write = Change(lambda db: db.execute(sql, values).rowcount, changes.append)
    world.journal.change(write)
    world.turn()
    assert changes[0].result == 1


def waiting(world: World) -> tuple[Client, ChatId]:
    shopper = world.client()
    chat = world.open(shopper)
    world.turn()
    return shopper, chat


def whys(found: list[Finding]) -> list[tuple[str, bool]]:
    return [(finding.why, finding.broken) for finding in found]


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("UPDATE ticket SET due = NULL", "unarmed"),
        ("UPDATE ticket SET due = due + 60000", "unarmed"),
        ("DELETE FROM ticket", "unlisted"),
        ("UPDATE ticket SET assignee = 'ben'", "misplaced"),
        ("UPDATE ticket SET status = 'closed'", "misplaced"),
        ("UPDATE ticket SET status = 'snoozed'", "misplaced"),
        ("UPDATE ticket SET control = 'bot'", "misplaced"),
        ("UPDATE ticket SET team = 'law'", "misplaced"),
        ("UPDATE ticket SET waiting_since = NULL", "misplaced"),
        ("UPDATE event SET body = x'c1' WHERE seq = 4", "unreadable"),
    ],
)
def test_each_broken_promise_is_found(world: World, sql: str, why: str) -> None:
    waiting(world)
    assert audited(world) == []
    spoil(world, sql)
    (finding,) = audited(world)
    assert (finding.why, finding.broken) == (why, True)


def test_a_snooze_that_would_never_end_is_found(world: World) -> None:
    _, chat = waiting(world)
    ann = world.client(ANN)
    ann.ask(chat, snoozing(Millis(world.now + HOUR)))
    assert audited(world) == []
    spoil(world, "UPDATE ticket SET due = NULL")
    assert whys(audited(world)) == [("unarmed", True)]


def test_one_that_ends_with_the_next_reply_needs_no_alarm(world: World) -> None:
    _, chat = waiting(world)
    world.client(ANN).ask(chat, snoozing())
    found, counts = counted(world)
    assert found == []
    assert counts["snoozed"] == 1


def test_who_waits_for_nobody_in_particular_is_listed(world: World) -> None:
    _, chat = waiting(world)
    world.wait(16 * 60)
    (finding,) = audited(world)
    assert (finding.why, finding.broken, finding.chat) == ("unassigned", False, chat)
    assert audited(world, Bounds(unassigned=HOUR)) == []
    world.client(ANN).ask(chat, assigning("ann"))
    assert audited(world) == []


def test_a_chat_that_was_closed_on_a_question_is_listed(world: World) -> None:
    shopper, chat = waiting(world)
    ann = world.client(ANN)
    ann.ask(chat, saying("hi"))
    world.wait(60)
    shopper.ask(chat, saying("and when?"))
    world.wait(60)
    ann.ask(chat, ending())
    (finding,) = audited(world)
    assert (finding.why, finding.agent, finding.broken) == (
        *("closed_on_question", "ann"),
        False,
    )
    assert audited(world, Bounds(question=MINUTE)) == []
    world.wait(25 * 3600)
    assert audited(world) == []


def test_a_shopper_who_left_unanswered_is_listed(world: World) -> None:
    shopper, chat = waiting(world)
    world.wait(400)
    shopper.ask(chat, ending())
    assert whys(audited(world)) == [("ended_overdue", False)]


def test_what_could_not_leave_is_listed(world: World) -> None:
    waiting(world)
    spoil(
        world,
        "INSERT INTO outgoing(key, kind, site, line, payload, at, state, attempts)"
        " VALUES ('k', 'mail', 'default', 'l', '{}', 0, 'dead', 9)",
    )
    (finding,) = audited(world)
    assert (finding.why, finding.detail) == ("undelivered", "mail dead: not tried yet")


BOT_FIRST = Rules(
    0,
    Settings(
        ai=AiSettings(
            enabled=True,
            handoff="zendesk",
            zendesk=ZendeskSettings("https://shop.zendesk.com", "bot@shop.example"),
        )
    ),
)
ZENDESK = external("zendesk")


def state_at(world: World, chat: ChatId) -> ChatState:
    return world.cell(chat).state


def turn(world: World, chat: ChatId, what: What) -> None:
    """Have the bot take its turn, if it is its turn."""
    bot = state_at(world, chat).bot
    if bot is not None and bot.turn:
        world.client(BOT).ask(chat, turning(bot.turn, what, "well"))


def arrive(world: World, chat: ChatId) -> None:
    """Have the other system take what waits for it."""
    stream = stream_of(chat)
    for delivery in world.read(lambda db: outgoing.companions(db, f"handoff {stream}")):
        where = msgspec.json.decode(delivery.payload, type=Message)
        forget = "DELETE FROM outgoing WHERE id = ?"
        spoil(world, forget, delivery.id)
        spoil(world, "INSERT INTO relayed VALUES (?, ?)", where.stream, where.seq)


def asked(world: World) -> tuple[Client, ChatId]:
    """Return a chat in which the bot is to answer."""
    world.rules = BOT_FIRST
    return waiting(world)


def handed_over(world: World) -> tuple[Client, ChatId]:
    """Return one that is to go to another system."""
    shopper, chat = asked(world)
    turn(world, chat, "escalate")
    shopper.ask(chat, handing())
    return shopper, chat


def taken_over(world: World) -> tuple[Client, ChatId]:
    """Return one that another system has, and in which the shopper goes on."""
    shopper, chat = handed_over(world)
    arrive(world, chat)
    world.client(SYSTEM).ask(chat, handed("77"))
    shopper.ask(chat, saying("it is blue"))
    arrive(world, chat)
    shopper.ask(chat, saying("or green"))
    return shopper, chat


AWAY = {"bot": asked, "handoff": handed_over, "message": taken_over}


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM outgoing",
        "UPDATE outgoing SET next_at = NULL",
        "UPDATE outgoing SET state = 'dead', next_at = NULL",
    ],
)
@pytest.mark.parametrize("who", AWAY)
def test_what_will_never_leave_is_found(world: World, who: str, sql: str) -> None:
    _, chat = AWAY[who](world)
    assert audited(world) == []
    spoil(world, f"{sql} WHERE id = (SELECT max(id) FROM outgoing)")  # noqa: S608 - constants
    found = [each for each in audited(world) if each.broken]
    assert [(each.why, each.chat) for each in found] == [("unsent", chat)]


@pytest.mark.parametrize("who", AWAY)
def test_what_is_renewed_is_broken_no_more(world: World, who: str) -> None:
    _, chat = AWAY[who](world)
    stream = stream_of(chat)
    assert stream is not None
    before = world.read(lambda db: outgoing.waiting(db, 9))[-1]
    spoil(world, "DELETE FROM outgoing WHERE id = ?", before.id)
    lost = world.read(
        lambda db: promises.made(db, stream, state_at(world, chat), world.rules.limits)
    )
    assert len(lost) == 1
    write: Change = Change(
        lambda db: promises.renew(db, SITE, stream, lost, world.now), lambda _: None
    )
    world.journal.change(write)
    assert audited(world) == []
    after = world.read(lambda db: outgoing.waiting(db, 9))[-1]
    same = ("key", "kind", "site", "line", "payload")
    assert [getattr(after, name) for name in same] == [
        getattr(before, name) for name in same
    ]


def test_a_bot_that_has_answered_owes_nothing(world: World) -> None:
    _, chat = asked(world)
    turn(world, chat, "reply")
    spoil(world, "DELETE FROM outgoing")
    assert audited(world) == []


Step = Callable[[World, Client, ChatId], object]


def by_shopper(what: Ask) -> Step:
    return lambda _world, shopper, chat: shopper.ask(chat, what)


def by(who: Person, what: Ask) -> Step:
    return lambda world, _shopper, chat: world.client(who).ask(chat, what)


def by_bot(what: What) -> Step:
    return lambda world, _shopper, chat: turn(world, chat, what)


STEPS: tuple[Step, ...] = (
    *(by_shopper(saying()), by_shopper(saying()), by_shopper(ending())),
    *(by(ANN, saying()), by(ANN, saying(hold=True)), by(ANN, noting())),
    *(by(ANN, snoozing()), by(ANN, snoozing(None)), by(ANN, waking())),
    *(by(ANN, assigning("ben")), by(ANN, ending()), by(ANN, taking())),
    *(by(ANN, releasing()), by_bot("reply"), by_bot("silent"), by_bot("fail")),
    *(by_bot("escalate"), by_bot("escalate"), by_bot("escalate")),
    *(by_shopper(handing()), by_shopper(handing()), by_shopper(handing(yes=False))),
    *(by(SYSTEM, handed("77")), by(SYSTEM, handed("78")), by(SYSTEM, handed())),
    *(by(ZENDESK, passing("so?")), by(ZENDESK, passing(over=True))),
    lambda world, _shopper, chat: arrive(world, chat),
)
WALKS: tuple[tuple[Step, ...], ...] = (
    (),
    (by(ANN, saying()),),
    (by(ANN, saying()), by_shopper(saying())),
    (by(ANN, taking()), by(ANN, snoozing(None))),
    (by_bot("escalate"), by_shopper(handing())),
    (by_bot("escalate"), by_shopper(handing()), by(SYSTEM, handed("77"))),
)
"""How far a chat is brought on purpose, before chance has it."""
LOST = """
SELECT max(o.id), line FROM outgoing o JOIN ticket t
  ON t.stream = json_extract(payload, '$.stream')
WHERE o.kind = ? AND t.control = ? AND t.status <> 'closed'
  AND NOT EXISTS (SELECT 1 FROM event e WHERE e.stream = t.stream
    AND e.seq > json_extract(payload, '$.seq') AND (e.kind = 'turn'
      OR e.kind = 'control' AND o.kind = 'bot'
      OR e.kind = 'handoff' AND json_extract(payload, '$.seq') <> t.shopper_said))
GROUP BY line ORDER BY random() LIMIT 9"""
"""Turns that nobody has taken, and what has not got to the other system."""


@pytest.mark.slow
def test_a_thousand_chats_left_in_any_state_break_none(world: World) -> None:
    chance = random.Random(8)
    world.rules = BOT_FIRST
    for number in range(1000):
        shopper = world.client(Person(f"shopper:s{number}"))
        chat = world.open(shopper)
        world.turn()
        walk = WALKS[number % len(WALKS)]
        for step in (*walk, *chance.choices(STEPS, k=chance.randrange(4))):
            step(world, shopper, chat)
        if number % 50 == 0:
            world.wait(chance.choice((1, 100, 400)))
    world.turn()
    never = Bounds(unassigned=10**12, question=0, back=0, undelivered=10**12)
    found, counts = counted(world, never)
    assert found == []
    assert min(counts.values()) > 50, counts
    spoilt: set[tuple[str, int | None]] = set()
    woken = "SELECT stream FROM ticket WHERE due IS NOT NULL ORDER BY random() LIMIT 9"
    for (stream,) in world.read(lambda db: db.execute(woken).fetchall()):
        spoil(world, "UPDATE ticket SET due = NULL WHERE stream = ?", stream)
        spoilt.add(("unarmed", stream))
    for kind, control in (("bot", "bot"), ("handoff", "external"), ("handoff", "none")):
        for id_, line in world.read(partial(_lost, kind=kind, control=control)):
            spoil(world, "DELETE FROM outgoing WHERE id = ?", id_)
            spoilt.add(("unsent", int(line.partition(" ")[2])))
    found, _ = counted(world, never)
    assert {(each.why, stream_of(ChatId(each.chat))) for each in found} == spoilt
    assert len(found) == len(spoilt) > 25


def _lost(db: sqlite3.Connection, kind: str, control: str) -> list[tuple[int, str]]:
    return db.execute(LOST, (kind, control)).fetchall()
