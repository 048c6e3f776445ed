"""What is counted during a run, and summed up over workers."""

from collections import Counter

import msgspec

from clients.load.histogram import Histogram, Tallied

KINDS = ("send", "fanout", "resume")
"""Latencies, in the order of reports."""
WRONGS = (
    *("lost", "duplicated", "misordered", "misrouted", "altered"),
    *("wrong_receipts", "wrong_badges", "wrong_check_ins"),
)
"""What must not happen, in the order of reports."""
SAMPLES = 10
"""Examples that are kept of each."""


class Second(msgspec.Struct):
    """What happened in one second of the run."""

    offered: int = 0
    answered: int = 0
    arrived: int = 0
    errors: int = 0
    open: int = 0
    """Connections at its end."""


class Sample(msgspec.Struct):
    """One thing that went wrong."""

    at: float
    """Seconds after the beginning."""
    chat: str
    what: str
    """In words."""


class Shelf(msgspec.Struct):
    """Everything that one worker counted, as it goes over a pipe."""

    latencies: dict[str, Tallied]
    lateness: Tallied
    by_second: dict[str, dict[int, Tallied]]
    seconds: dict[int, Second]
    wrongs: dict[str, int]
    samples: dict[str, list[Sample]]
    errors: dict[str, int]
    totals: dict[str, int]
    problems: list[str]
    cpu_s: float
    elapsed_s: float
    digest: str | None
    scheduled: int
    """Messages of all workers together that were to be sent."""
    stopped: bool


class Figures:
    """Counts what happens; times are seconds of the loop's clock."""

    def __init__(self) -> None:
        self.zero = 0.0
        """When the run began; before that only what goes wrong is counted."""
        self.latencies = {kind: Histogram() for kind in KINDS}
        self.lateness = Histogram()
        """From when something was to be sent until it was."""
        self.by_second: dict[str, dict[int, Histogram]] = {kind: {} for kind in KINDS}
        self.seconds: dict[int, Second] = {}
        self.wrongs: Counter[str] = Counter()
        self.samples: dict[str, list[Sample]] = {}
        self.errors: Counter[str] = Counter()
        """Refusals, by code, and lost connections, by why."""
        self.totals: Counter[str] = Counter()
        self.problems: list[str] = []
        """What else speaks against the other side, in words."""

    def second(self, now: float) -> Second:
        """Return what is counted for the second in which `now` lies."""
        number = max(int(now - self.zero), 0)
        found = self.seconds.get(number)
        if found is None:
            found = self.seconds[number] = Second()
        return found

    def offered(self, intended: float, now: float) -> None:
        """Count a message that was just sent."""
        self.totals["offered"] += 1
        self.lateness.add(int((now - intended) * 1e6))
        self.second(now).offered += 1

    def took(self, kind: str, since: float, now: float) -> None:
        """Count a latency that began at `since`; it belongs to that second."""
        micros = int((now - since) * 1e6)
        self.latencies[kind].add(micros)
        seconds = self.by_second[kind]
        number = max(int(since - self.zero), 0)
        histogram = seconds.get(number)
        if histogram is None:
            histogram = seconds[number] = Histogram()
        histogram.add(micros)

    def wrong(self, what: str, chat: str, words: str, now: float) -> None:
        """Count what must not happen."""
        self.wrongs[what] += 1
        kept = self.samples.setdefault(what, [])
        if len(kept) < SAMPLES:
            kept.append(Sample(round(now - self.zero, 3), chat, words))

    def error(self, code: str, now: float) -> None:
        """Count a refusal, or a connection that was lost."""
        self.errors[code] += 1
        self.second(now).errors += 1

    def problem(self, words: str) -> None:
        """Note something that speaks against the other side, once."""
        if words not in self.problems and len(self.problems) < SAMPLES:
            self.problems.append(words)

    def shelved(self, cpu_s: float, elapsed_s: float) -> Shelf:
        """Return everything, to be summed up with what other workers counted."""
        return Shelf(
            latencies={k: h.tallied() for k, h in self.latencies.items()},
            lateness=self.lateness.tallied(),
            by_second={
                kind: {n: h.tallied() for n, h in seconds.items()}
                for kind, seconds in self.by_second.items()
            },
            seconds=self.seconds,
            wrongs=dict(self.wrongs),
            samples=self.samples,
            errors=dict(self.errors),
            totals=dict(self.totals),
            problems=self.problems,
            cpu_s=cpu_s,
            elapsed_s=elapsed_s,
            digest=None,
            scheduled=0,
            stopped=False,
        )
