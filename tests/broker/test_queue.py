"""Chats that catch up over one connection: one at a time, whatever becomes of them."""

from collections.abc import Callable
from typing import Any, NamedTuple

from broker.subscription import Queue


class Narrow:
    """A transport that has room when the test says so."""

    def __init__(self) -> None:
        self.low = True
        self.waiting: list[Callable[[], None]] = []

    def when_drained(self, then: Callable[[], None]) -> None:
        self.waiting.append(then)


class Chat:
    """A subscription, as far as a queue knows it."""

    def __init__(self) -> None:
        self.over = False


class Scene(NamedTuple):
    """A queue that knows no more of its chats than a test does."""

    transport: Narrow
    queue: Any
    chats: list[Chat]

    def turns(self) -> list[bool]:
        return [self.queue.turn_of(chat) for chat in self.chats]

    def wait(self, chat: int, called: list[int]) -> None:
        self.queue.when_drained(self.chats[chat], lambda: called.append(chat))

    def leave(self, chat: int) -> bool:
        left: bool = self.queue.leave(self.chats[chat])
        return left

    def drain(self) -> None:
        waiting, self.transport.waiting[:] = [*self.transport.waiting], []
        for then in waiting:
            then()


def scene() -> Scene:
    transport: Any = Narrow()
    return Scene(transport, Queue(transport), [Chat() for _ in range(4)])


def test_the_first_to_ask_has_its_turn() -> None:
    s = scene()
    assert s.turns() == [True, False, False, False]


def test_a_turn_is_no_use_without_room() -> None:
    s = scene()
    s.transport.low = False
    assert s.turns() == [False, False, False, False]
    s.transport.low = True
    assert s.turns() == [True, False, False, False]


def test_the_next_begins_when_the_first_is_done() -> None:
    s, called = scene(), list[int]()
    for chat in range(3):
        s.wait(chat, called)
    s.drain()
    assert called == [0]
    s.wait(0, called)
    s.drain()
    assert called == [0, 0]
    assert s.leave(0) is True
    s.drain()
    assert called == [0, 0, 1]
    assert s.leave(1) is True
    s.drain()
    assert called == [0, 0, 1, 2]
    assert s.leave(2) is False


def test_who_leaves_out_of_turn_changes_nothing() -> None:
    s, called = scene(), list[int]()
    for chat in range(2):
        s.wait(chat, called)
    assert s.leave(3) is True
    s.drain()
    assert called == [0]


def test_those_who_have_left_meanwhile_are_passed_over() -> None:
    s, called = scene(), list[int]()
    for chat in range(4):
        s.wait(chat, called)
    s.chats[1].over = s.chats[2].over = True
    assert s.leave(1) is True
    assert s.leave(0) is True
    s.drain()
    assert called == [0, 3]


def test_a_queue_of_those_who_have_left_is_empty() -> None:
    s, called = scene(), list[int]()
    for chat in range(3):
        s.wait(chat, called)
    s.chats[1].over = s.chats[2].over = True
    assert s.leave(0) is False
    assert s.turns() == [True, False, False, False]
