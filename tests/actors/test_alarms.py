from actors.cells.alarms import Alarms
from actors.ids import ChatId, Millis
from actors.runtime.timers import Timers

A, B = ChatId("a"), ChatId("b")


class Tower:
    def __init__(self) -> None:
        self.now = 1_795_000_000.0
        self.rung: list[ChatId] = []
        self.timers = Timers(lambda: self.now, lambda: None)
        self.alarms = Alarms(self.timers, self.rung.append)

    def set(self, chat: ChatId, seconds: float | None) -> None:
        due = None if seconds is None else Millis(int((self.now + seconds) * 1000))
        self.alarms.set(chat, due)

    def wait(self, seconds: float) -> list[ChatId]:
        self.now += seconds
        self.timers.advance()
        rung = self.rung.copy()
        self.rung.clear()
        return rung


def test_each_chat_has_one_alarm_that_rings_once() -> None:
    tower = Tower()
    tower.set(A, 10)
    tower.set(B, 20)
    assert len(tower.alarms) == 2
    assert tower.wait(11) == [A]
    assert len(tower.alarms) == 1
    assert tower.wait(100) == [B]
    assert tower.wait(1000) == []
    assert len(tower.alarms) == 0


def test_an_alarm_is_moved_both_ways_and_taken_away() -> None:
    tower = Tower()
    tower.set(A, 10)
    tower.set(A, 30)
    assert tower.wait(20) == []
    tower.set(A, 5)
    assert tower.wait(6) == [A]
    tower.set(A, 5)
    tower.set(A, None)
    tower.set(A, None)
    assert len(tower.alarms) == 0
    assert tower.wait(100) == []


def test_what_is_due_already_rings_at_once() -> None:
    tower = Tower()
    tower.set(A, -1000)
    assert tower.wait(0) == [A]


def test_an_alarm_set_while_it_rings_rings_again() -> None:
    tower = Tower()
    tower.alarms = Alarms(tower.timers, lambda chat: tower.set(chat, 10))
    tower.set(A, 10)
    tower.wait(11)
    assert len(tower.alarms) == 1


def test_asked_and_answered_a_thousand_times_a_chat_is_filed_once() -> None:
    tower = Tower()
    for _ in range(1000):
        tower.now += 0.1
        tower.set(A, 300)
        tower.set(A, None)
    assert (len(tower.timers), len(tower.alarms), tower.alarms.due(A)) == (1, 0, None)
    tower.set(A, 300)
    assert tower.wait(301) == [A]
    tower.set(B, 10)
    tower.set(B, None)
    assert tower.wait(11) == []
    assert len(tower.timers) == 0
    tower.set(B, 10)
    assert tower.wait(11) == [B]
