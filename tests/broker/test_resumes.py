"""Chats in line to be taken up again."""

from typing import cast

from actors.cells.chat import ChatCell
from actors.cells.orders import Join
from actors.ids import ChatId, SiteId
from actors.runtime.system import Kind
from broker.resumes import AT_ONCE, PATIENCE_S, WAITING, Resumes
from broker.subscription import Subscription


class Reader:
    """A connection whose client reads, or not."""

    def __init__(self, *, low: bool) -> None:
        self.low = low
        self.site = SiteId("default")
        self.transport = self


class Place:
    """A subscription, as far as it matters here."""

    def __init__(self, number: int, *, low: bool = True) -> None:
        self.chat = ChatId(str(number))
        self.peer = Reader(low=low)


class Hall:
    """A line, with those who are told to begin."""

    def __init__(self) -> None:
        self.now = 0.0
        self.begun: list[int] = []
        chats = cast("Kind[ChatCell]", self)
        self.resumes = Resumes(chats, lambda: self.now)
        self.places: list[Subscription] = []

    def tell(self, chat: ChatId, join: Join) -> None:
        assert join.listener is self.places[int(chat)]
        self.begun.append(int(chat))

    def add(self, number: int, *, low: bool = True) -> None:
        for _ in range(number):
            place = cast("Subscription", Place(len(self.places), low=low))
            self.places.append(place)
            self.resumes.add(place)


def test_so_many_begin_and_the_others_wait_in_order() -> None:
    hall = Hall()
    hall.add(AT_ONCE + 10)
    assert hall.begun == [*range(AT_ONCE)]
    assert (hall.resumes.running, hall.resumes.waiting) == (AT_ONCE, 10)
    for number in (5, 0, 7):
        hall.resumes.done(hall.places[number])
    assert hall.begun == [*range(AT_ONCE + 3)]
    for place in hall.places:
        hall.resumes.done(place)
    assert hall.begun == [*range(AT_ONCE + 10)]
    assert (hall.resumes.running, hall.resumes.waiting) == (0, 0)


def test_one_who_leaves_the_line_never_begins() -> None:
    hall = Hall()
    hall.add(AT_ONCE + 2)
    hall.resumes.done(hall.places[AT_ONCE])
    hall.resumes.done(hall.places[0])
    assert hall.begun == [*range(AT_ONCE), AT_ONCE + 1]


def test_one_who_was_never_in_line_changes_nothing() -> None:
    hall = Hall()
    hall.add(AT_ONCE + 1)
    hall.resumes.done(cast("Subscription", Place(0)))
    assert hall.begun == [*range(AT_ONCE)]


def test_the_line_has_an_end() -> None:
    hall = Hall()
    assert hall.resumes.has_room_for(WAITING + 1)
    hall.add(AT_ONCE + WAITING - 5)
    assert hall.resumes.has_room_for(5)
    assert not hall.resumes.has_room_for(6)


def test_who_does_not_read_holds_up_the_others_for_a_moment_only() -> None:
    hall = Hall()
    hall.add(1)
    hall.add(AT_ONCE - 1, low=False)
    hall.add(AT_ONCE)
    hall.resumes.sweep()
    assert len(hall.begun) == AT_ONCE
    hall.now = PATIENCE_S
    hall.resumes.sweep()
    # All but the one who reads, and waits for the disk.
    assert len(hall.begun) == 2 * AT_ONCE - 1
    assert hall.resumes.waiting == 1
