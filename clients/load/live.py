"""What is going on, while it is: a display that stays in place, or a line a second."""

import sys

import trio
from rich.console import Console
from rich.live import Live
from rich.table import Table

from clients.load.crowd import Crowd
from clients.load.figures import Figures
from clients.load.histogram import Histogram
from clients.load.loop import clock

EVERY_S = 0.5
"""Between two looks of a person; drawing takes some milliseconds of the generator's."""


async def shown(crowd: Crowd) -> None:
    """Show how the run goes until cancelled; on stderr, beside the report."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        await _lines(crowd)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            await trio.sleep(EVERY_S)
            live.update(_table(crowd), refresh=True)


async def _lines(crowd: Crowd) -> None:
    while True:
        await trio.sleep(1)
        sys.stderr.write(line(crowd) + "\n")
        sys.stderr.flush()


def line(crowd: Crowd) -> str:
    """Return how the second before this one went, in a line."""
    figures, number = crowd.figures, _last(crowd.figures)
    second = figures.second(figures.zero + number)
    parts = [
        f"{number + 1:4} s",
        f"offered {second.offered}/s",
        f"answered {second.answered}/s",
        *(f"{kind} p99 {_p99(figures, kind, number)}" for kind in ("send", "fanout")),
        f"{second.open} connections",
    ]
    wrong = figures.wrongs.total()
    return "  ".join([*parts, *([f"{wrong} WRONG"] if wrong else [])])


def _table(crowd: Crowd) -> Table:
    figures, number = crowd.figures, _last(crowd.figures)
    second = figures.second(figures.zero + number)
    elapsed = min(clock() - figures.zero, crowd.plan.duration)
    table = Table.grid(padding=(0, 2))
    share = int(30 * elapsed / crowd.plan.duration)
    bar = "━" * share + "[dim]" + "━" * (30 - share) + "[/dim]"
    table.add_row("", f"{bar} {elapsed:.0f} of {crowd.plan.duration:g} s")
    table.add_row("offered", f"{second.offered}/s")
    table.add_row("answered", f"{second.answered}/s")
    for kind in ("send", "fanout"):
        whole = _figure(figures.latencies[kind])
        table.add_row(
            kind, f"p99 {_p99(figures, kind, number)} ms, {whole} ms over all"
        )
    table.add_row("connections", str(second.open))
    late = _figure(figures.lateness)
    table.add_row("generator", f"{late} ms late at p99")
    wrong = figures.wrongs.total()
    table.add_row("wrong", f"[bold red]{wrong}" if wrong else "[green]nothing")
    for code, count in figures.errors.most_common(4):
        table.add_row("", f"{count} {code}")
    return table


def _last(figures: Figures) -> int:
    """Return the number of the last second that is over."""
    return max(int(clock() - figures.zero) - 1, 0)


def _p99(figures: Figures, kind: str, number: int) -> str:
    histogram = figures.by_second[kind].get(number)
    return "-" if histogram is None else _figure(histogram)


def _figure(histogram: Histogram) -> str:
    micros = histogram.at(0.99)
    return "-" if micros is None else f"{micros / 1000:.1f}"
