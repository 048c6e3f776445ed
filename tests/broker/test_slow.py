"""What took long is told, now and then, and never by what somebody wrote."""

import logging

import msgspec
import pytest

from actors.runtime.actor import Actor
from actors.runtime.system import Kind, System
from actors.runtime.timers import Timers
from broker.config import LogConfig
from broker.slow import APART_S, Slow


class Say(msgspec.Struct):
    text: str


class Order(msgspec.Struct):
    command: Say


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_turn_is_slow_from_the_configured_time_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    slow = Slow(LogConfig(slow_turn_ms=40), Clock())
    slow.turned(0.039)
    assert caplog.messages == []
    slow.turned(0.041)
    assert "a turn took 41 ms" in caplog.text
    assert slow.slow_turns == 1
    assert sum(slow.turns.counts) == 2


def test_a_thousand_slow_turns_are_a_line_in_ten_seconds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    slow = Slow(LogConfig(slow_turn_ms=1), clock)
    for _ in range(1000):
        slow.turned(1)
    assert len(caplog.messages) == 1
    clock.now += APART_S
    slow.turned(1)
    assert len(caplog.messages) == 2
    assert "999 more" in caplog.messages[1]
    assert slow.slow_turns == 1001


class Sleepy(Actor):
    """Takes as long as it is told to."""

    clock: Clock

    def on_receive(self, message: object) -> None:
        assert isinstance(message, Order)
        self.clock.now += len(message.command.text) / 10


def test_an_actor_is_named_by_kind_and_kind_of_message_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    Sleepy.clock = clock
    slow = Slow(LogConfig(slow_actor_ms=500), clock)
    system = System(Timers(clock, lambda: None), watch=slow.watch)
    kind: Kind[Sleepy] = Kind(system, "sleepy", Sleepy)
    for text in ("hi", "canary", "ho"):
        kind.tell("ann@shop.example", Order(Say(text)))
    system.run()
    assert slow.slow_actors == 1
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "an actor took 600 ms: a sleepy with Order of Say" in caplog.text
    assert "canary" not in caplog.text
    assert "ann" not in caplog.text


def test_nobody_looks_at_the_clock_if_nobody_watches() -> None:
    system = System(Timers(Clock(), lambda: None))
    Sleepy.clock = Clock()
    Kind(system, "sleepy", Sleepy).tell("a", Order(Say("long enough to be slow")))
    system.run()
