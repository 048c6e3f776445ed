"""Badges and dots counted once more."""

from clients.load.badges import Told, dots, judged
from clients.load.heard import Row
from clients.load.talk import Follower, Talk
from clients.load.texts import AGENT

ROWS = {
    "1": Row("1", unread=True, assignee="a"),
    "2": Row("2", unread=False),
    "3": Row("3", unread=True, assignee="b"),
    "4": Row("4", unread=True, control="bot"),
    "5": Row("5", unread=True, status="snoozed"),
}


def talk(said: int, cursor: int) -> Talk:
    made = Talk(said)
    made.begun(str(said), 1, old=False)
    made.ready, made.said = True, said
    follower = made.followers[AGENT] = Follower(made, AGENT, made.chat)
    follower.cursor = follower.hoped = cursor
    return made


def test_a_badge_counts_the_dots_of_what_is_ones_own_or_nobodys() -> None:
    assert list(judged("a", Told(ROWS, 1), {"1": True, "2": False})) == []
    ((_, words),) = judged("a", Told(ROWS, 2), {})
    assert words == "a's badge says 2, 1 tickets have a dot"


def test_a_dot_that_is_wrong_or_a_ticket_that_is_missing_is_said() -> None:
    found = dict(judged("a", Told(ROWS, 1), {"1": False, "2": True, "9": True}))
    assert found.keys() == {"1", "2", "9"}
    assert "was read" in found["1"]
    assert "unread" in found["2"]
    assert "no list" in found["9"]


def test_what_was_not_read_is_to_have_a_dot() -> None:
    read, unread, others, old, ended = (talk(5 + n, 5) for n in range(5))
    others.holder, old.old, ended.ending = "b", True, True
    talks = [read, unread, others, old, ended]
    assert dots("a", talks) == {"5": False, "6": True}
    assert dots("b", [others]) == {"7": True}
    # Its answer was lost with the connection: it may have been read.
    unread.followers[AGENT].hoped = 6
    assert dots("a", [unread]) == {}
