"""Presence is pushed as one list, at most every two seconds (F27)."""

from actors.desk.board import APART, Board
from actors.ids import AgentId, Millis

ANN, BEN = AgentId("ann"), AgentId("ben")
T = Millis(50_000)


def later(span: int) -> Millis:
    return Millis(T + span)


def test_the_first_change_is_pushed_at_once_and_the_next_ones_together() -> None:
    board = Board()
    board.note(ANN, "online")
    assert board.take(T) == {"ann": "online"}
    board.note(ANN, "away")
    board.note(BEN, "online")
    board.note(ANN, "online")
    assert board.take(later(1)) == {}
    assert board.next_push(later(1)) == later(APART)
    assert board.take(later(APART)) == {"ann": "online", "ben": "online"}
    assert board.take(later(9999)) == {}
    assert board.next_push(later(9999)) is None


def test_who_is_offline_is_told_of_once_and_not_kept() -> None:
    board = Board()
    board.note(ANN, "online")
    board.note(ANN, "offline")
    board.note(BEN, "offline")
    assert board.present == {}
    assert board.take(T) == {"ann": "offline", "ben": "offline"}


def test_a_clock_that_was_set_back_silences_nobody() -> None:
    board = Board()
    board.note(ANN, "online")
    assert board.take(T)
    board.note(ANN, "away")
    an_hour_ago = later(-3_600_000)
    assert board.next_push(an_hour_ago) == an_hour_ago
    assert board.take(an_hour_ago) == {"ann": "away"}
