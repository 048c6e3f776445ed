"""What servers are put through, and the figures that come out of it."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from benchmarks.readings import Reading, Talk


class Load(NamedTuple):
    """One way to use a server; the load generator's options (loadgen/main.c)."""

    name: str
    mode: Literal["pairs", "fan", "idle", "solo"]
    chats: int
    rate: int = 0
    warm_s: float = 0.7
    time_s: float = 2.5
    settle_s: float = 0.7

    @property
    def connections(self) -> int:
        """How many clients it takes."""
        return self.chats + 1 if self.mode == "fan" else 2 * self.chats

    def options(self) -> tuple[str, ...]:
        """Return it as the load generator wants it."""
        return (
            *("--mode", self.mode),
            *("--chats", str(self.chats)),
            *("--rate", str(self.rate)),
            *("--warm", str(self.warm_s)),
            *("--time", str(self.time_s)),
            *("--settle", str(self.settle_s)),
        )


TALK_200 = Load("talk-200", "pairs", 200)
TALK_1000 = Load("talk-1000", "pairs", 1000)
RATE_500 = Load("rate-500", "pairs", 200, rate=500, time_s=4)
FAN_100 = Load("fan-100", "fan", 100)
FAN_1000 = Load("fan-1000", "fan", 1000)
IDLE = Load("idle-10000", "idle", 5000, settle_s=1.5)

LOADS = (TALK_200, TALK_1000, RATE_500, FAN_100, FAN_1000, IDLE)


class Figure(NamedTuple):
    """One number of a reading, and what to call it."""

    name: str
    title: str
    unit: str
    load: Load
    of: Callable[[Reading], float]
    digits: int = 1
    more_is_better: bool = False


def _talk(reading: Reading) -> Talk:
    if reading.talk is None:
        raise ValueError("nobody talked")
    return reading.talk


def _per_message(reading: Reading) -> float:
    talk = _talk(reading)
    return talk.server_cpu_s * 1e6 / talk.sent


def _per_delivery(reading: Reading) -> float:
    talk = _talk(reading)
    return talk.server_cpu_s * 1e6 / talk.delivered


def _ack_p50(reading: Reading) -> float:
    return _talk(reading).ack_ms.p50


def _ack_p99(reading: Reading) -> float:
    return _talk(reading).ack_ms.p99


def _delivery_p50(reading: Reading) -> float:
    return _talk(reading).delivery_ms.p50


def _delivery_p99(reading: Reading) -> float:
    return _talk(reading).delivery_ms.p99


def _memory(reading: Reading) -> float:
    grown = reading.resident_after_kib - reading.resident_before_kib
    return grown / reading.connections


def _connects(reading: Reading) -> float:
    return reading.connections / reading.connect_cpu_s


FIGURES = (
    Figure(
        "talk-200",
        "CPU per message, 200 chats, saturated",
        "µs",
        TALK_200,
        _per_message,
    ),
    Figure(
        "talk-1000",
        "CPU per message, 1,000 chats, saturated",
        "µs",
        TALK_1000,
        _per_message,
    ),
    Figure(
        "rate-500",
        "CPU per message at 500 messages/s, 200 chats",
        "µs",
        RATE_500,
        _per_message,
        digits=0,
    ),
    Figure(
        "ack-p50",
        "From send to acknowledgement at 500 messages/s, median",
        "ms",
        RATE_500,
        _ack_p50,
        digits=2,
    ),
    Figure(
        "ack-p99",
        "From send to acknowledgement at 500 messages/s, 99th percentile",
        "ms",
        RATE_500,
        _ack_p99,
        digits=2,
    ),
    Figure(
        "delivery-p50",
        "From send to delivery at 500 messages/s, median",
        "ms",
        RATE_500,
        _delivery_p50,
        digits=2,
    ),
    Figure(
        "delivery-p99",
        "From send to delivery at 500 messages/s, 99th percentile",
        "ms",
        RATE_500,
        _delivery_p99,
        digits=2,
    ),
    Figure(
        "fan-100",
        "CPU per delivery, one speaker, 100 listeners",
        "µs",
        FAN_100,
        _per_delivery,
    ),
    Figure(
        "fan-1000",
        "CPU per delivery, one speaker, 1,000 listeners",
        "µs",
        FAN_1000,
        _per_delivery,
    ),
    Figure(
        "memory",
        "Memory per idle connection, 10,000 connections",
        "KiB",
        IDLE,
        _memory,
        digits=2,
    ),
    Figure(
        "connects",
        "Connections accepted per second of CPU",
        "/s",
        IDLE,
        _connects,
        digits=0,
        more_is_better=True,
    ),
)
