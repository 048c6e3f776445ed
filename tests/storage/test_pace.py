"""When a small batch waits for company, and when it does not."""

import threading
from pathlib import Path

import pytest

from storage import pace as pace_module
from storage.pace import FEW, LINGER_S, MOST_FRUITLESS, Pace
from tests.storage.books import Books, record


class Clock:
    """Time as the test has it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Traffic:
    """Batches at a given distance, and what their pace says."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.pace = Pace(self.clock)

    def batches(self, number: int, *, size: int, every: float) -> list[float]:
        pauses: list[float] = []
        for _ in range(number):
            self.clock.now += every
            pauses.append(self.pace.pause(size))
        return pauses


def test_a_lone_message_never_waits() -> None:
    assert not any(Traffic().batches(100, size=1, every=0.02))


def test_after_a_silence_it_takes_a_while_until_one_waits() -> None:
    traffic = Traffic()
    pauses = traffic.batches(100, size=1, every=0.002)
    assert not any(pauses[:10])
    assert all(pause == LINGER_S for pause in pauses[50:])
    traffic.clock.now += 60
    # Only a silence that lasts is one.
    assert traffic.batches(1, size=1, every=0)[0] in {0, LINGER_S}
    assert not any(traffic.batches(5, size=1, every=0.05)[1:])


def test_a_batch_that_has_gathered_does_not_wait() -> None:
    traffic = Traffic()
    traffic.batches(100, size=1, every=0.001)
    assert not any(traffic.batches(100, size=FEW, every=0.001))


def test_what_a_wait_brings_counts_as_traffic() -> None:
    traffic = Traffic()
    traffic.batches(100, size=1, every=0.002)
    for _ in range(50):
        # One was there, three came during the wait: 2 ms each.
        assert traffic.batches(1, size=1, every=0.008) == [LINGER_S]
        traffic.pace.paused(joined=3)


def test_waits_that_bring_nothing_become_rare() -> None:
    traffic = Traffic()
    traffic.batches(100, size=1, every=0.001)
    waits = 0
    for _ in range(630):
        if traffic.batches(1, size=1, every=0.001)[0]:
            waits += 1
            traffic.pace.paused(joined=0)
    assert waits <= MOST_FRUITLESS + 10
    # One that brings something ends that.
    while not traffic.batches(1, size=1, every=0.001)[0]:
        pass
    traffic.pace.paused(joined=1)
    assert traffic.batches(1, size=1, every=0.001) == [LINGER_S]


def test_a_waiting_batch_takes_along_what_comes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, more = threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        assert seconds == LINGER_S
        waiting.set()
        assert more.wait(15)

    monkeypatch.setattr("storage.worker.sleep", sleep)
    monkeypatch.setattr(pace_module, "DENSE_S", 1)
    books = Books(path)
    books.append(1, record(1))
    assert waiting.wait(15)
    books.append(2, record(1))
    more.set()
    books.settle()
    assert books.journal.stats().largest_batch == 2
    books.close()
