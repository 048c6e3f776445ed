"""The report of a run as a value: what `--json` writes, field by field."""

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from clients.load.plan import Plan, Threshold
from clients.load.verdict import (
    Generator,
    Held,
    Summed,
    Wrong,
    excused,
    faults,
    generator,
    held,
    millis,
    percentiles,
    verdict,
)

EXITS = {"pass": 0, "fail": 99, None: 3}
"""The exit code, by verdict."""


class Server(msgspec.Struct):
    """What the broker used up, if that could be seen."""

    cpu_s: float
    cpu_us_per_message: float | None
    memory_mib: float
    """At the end."""


class PerSecond(msgspec.Struct):
    """One second of the run; latencies belong to the second they began in."""

    second: int
    offered: int
    answered: int
    arrived: int
    errors: int
    connections: int
    send_p50: float | None
    send_p99: float | None
    fanout_p50: float | None
    fanout_p99: float | None


class Report(msgspec.Struct, kw_only=True):
    """Everything that is known of a run."""

    verdict: str | None
    why: str
    """In a sentence."""
    exit: int
    stopped: bool
    """Whether it ended early, because somebody wanted it to."""
    seed: int
    traffic_hash: str | None
    """Of all that was to be done; `None` if it was stopped."""
    target: str
    began_at: str
    duration_s: float
    offered: float
    """Messages in a second that were sent."""
    achieved: float
    """And that were answered."""
    thresholds: list[Held]
    latency: dict[str, dict[str, float | int | None]]
    """In milliseconds."""
    correctness: dict[str, Wrong]
    problems: list[str]
    """What else speaks against the other side."""
    errors: dict[str, int]
    totals: dict[str, int]
    generator: Generator
    server: Server | None
    plan: Plan
    seconds: list[PerSecond]


class Run(NamedTuple):
    """A run that is over."""

    plan: Plan
    thresholds: tuple[Threshold, ...]
    target: str
    """Whom it was against, in words."""
    began: float
    """Seconds since the epoch."""
    figures: Summed
    server: Server | None


def reported(run: Run) -> Report:
    """Return the report of a run."""
    figures = run.figures
    thresholds = [held(figures, threshold) for threshold in run.thresholds]
    itself = generator(figures)
    excused(figures, itself.bottleneck)
    wrong = faults(figures)
    word = verdict(wrong, thresholds, itself.bottleneck)
    lasted = figures.elapsed_s
    return Report(
        verdict=word,
        why=_why(wrong, thresholds, itself.bottleneck, word),
        exit=EXITS[word],
        stopped=figures.stopped,
        seed=run.plan.seed,
        traffic_hash=figures.digest,
        target=run.target,
        began_at=datetime.fromtimestamp(run.began, UTC).isoformat(timespec="seconds"),
        duration_s=round(lasted, 3),
        offered=round(figures.totals["offered"] / lasted, 2),
        achieved=round(figures.totals["answered"] / lasted, 2),
        thresholds=thresholds,
        latency={k: percentiles(h) for k, h in figures.latencies.items()},
        correctness=figures.wrongs,
        problems=figures.problems,
        errors=dict(sorted(figures.errors.items())),
        totals=dict(sorted(figures.totals.items())),
        generator=itself,
        server=run.server,
        plan=run.plan,
        seconds=_seconds(figures),
    )


def _why(
    wrong: list[str], thresholds: list[Held], bottleneck: str | None, word: str | None
) -> str:
    broken = [_broken(each) for each in thresholds if not each.held]
    if wrong:
        return f"Broke: {'; '.join(wrong + broken)}."
    if word is None:
        how = bottleneck or f"its own delay broke {'; '.join(broken)}"
        return f"No verdict: the generator was the bottleneck ({how})."
    if broken:
        return f"Broke: {'; '.join(broken)}."
    held_ = f", {len(thresholds)} of {len(thresholds)} thresholds" if thresholds else ""
    return f"Held: every message arrived once and in order{held_}."


def _broken(each: Held) -> str:
    if each.value_ms is None:
        return f"{each.threshold} (nothing of the kind was measured)"
    return f"{each.threshold} (it was {each.value_ms:.1f} ms)"


def _seconds(figures: Summed) -> list[PerSecond]:
    """Return every second of the run, quiet ones too."""
    rows: list[PerSecond] = []
    last = max(figures.seconds, default=-1)
    for number in range(last + 1):
        second = figures.seconds.get(number)
        send = figures.by_second["send"].get(number)
        fanout = figures.by_second["fanout"].get(number)
        rows.append(
            PerSecond(
                number,
                second.offered if second else 0,
                second.answered if second else 0,
                second.arrived if second else 0,
                second.errors if second else 0,
                second.open if second else 0,
                millis(send.at(0.5)) if send else None,
                millis(send.at(0.99)) if send else None,
                millis(fanout.at(0.5)) if fanout else None,
                millis(fanout.at(0.99)) if fanout else None,
            )
        )
    return rows
