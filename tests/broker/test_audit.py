"""The audit finds every promise that was broken, and none that was not (U8)."""

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.ids import ChatId, Millis, Person, stream_of
from actors.settings.document import Settings
from broker.audit import MINUTE, Audit, Bounds
from broker.findings import Finding
from storage.records import Change
from tests.actors.client import Client
from tests.actors.scene import (
    ANN,
    Ask,
    assigning,
    ending,
    noting,
    saying,
    snoozing,
    waking,
)
from tests.actors.world import World

HOUR = 60 * MINUTE


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


DOES: tuple[tuple[Person | None, Ask], ...] = (
    *((None, saying()), (ANN, saying()), (ANN, saying(hold=True)), (ANN, noting())),
    *((ANN, snoozing()), (ANN, waking()), (ANN, assigning("ben")), (ANN, ending())),
    *((None, ending()), (ANN, snoozing(None))),
)


@pytest.mark.slow
def test_a_thousand_chats_left_in_any_state_break_none(world: World) -> None:
    chance = random.Random(8)
    world.rules = type(world.rules)(0, Settings())
    ann = world.client(ANN)
    for number in range(1000):
        shopper = world.client(Person(f"shopper:s{number}"))
        chat = world.open(shopper)
        for _ in range(chance.randrange(4)):
            by, what = chance.choice(DOES)
            (shopper if by is None else ann).ask(chat, what)
        if number % 50 == 0:
            world.wait(chance.choice((1, 100, 400)))
    world.turn()
    never = Bounds(unassigned=10**12, question=0, back=0)
    found, counts = counted(world, never)
    assert found == []
    assert min(counts["answered"], counts["waiting"], counts["snoozed"]) > 50
    due = world.read(
        lambda db: db.execute(
            "SELECT stream FROM ticket WHERE due IS NOT NULL ORDER BY random() LIMIT 9"
        ).fetchall()
    )
    for (stream,) in due:
        spoil(world, "UPDATE ticket SET due = NULL WHERE stream = ?", stream)
    found, _ = counted(world, never)
    spoilt = {stream for (stream,) in due}
    assert {stream_of(ChatId(finding.chat)) for finding in found} == spoilt
    assert all(finding.why == "unarmed" for finding in found)
