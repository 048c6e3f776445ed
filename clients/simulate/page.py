"""A simulated day as one page that needs nothing else."""

from collections.abc import Iterable, Sequence
from html import escape

from clients.load.page import plot, table, whole
from clients.load.plots import Chart, Series
from clients.simulate.outcome import Summary

WHAT_IF = (
    *("agents", "median wait", "p90 wait", "p99 wait"),
    *("left unanswered", "check-ins missed", "busy"),
)
"""The head of the table over staffing."""


def page(days: Sequence[Summary]) -> str:
    """Return the page of the first of `days`, and a table of all."""
    day = days[0]
    waited = "nobody" if day.wait_p50_s is None else clock(day.wait_p50_s)
    missed = f"{day.breaches} check-ins missed"
    said = f"Half of {day.chats} shoppers waited less than {waited}; {missed}."
    which = f"seed {day.seed} · journal {day.journal_hash} · {day.cpu_s:g} s of CPU"
    what = f"{day.agents} agents · {day.messages:,} messages · {which}"
    parts = [
        f"<h1>{escape(said)}</h1>",
        f'<p class="soft">{what}</p>',
        *(plot(chart) for chart in _charts(day)),
        table("Staffing", "the same day, with more and fewer agents", rows(days)),
    ]
    return whole("A simulated day", parts)


def rows(days: Sequence[Summary]) -> Iterable[Sequence[str]]:
    """Return the table over staffing, its head first, the fewest agents next."""
    yield WHAT_IF
    for day in sorted(days, key=lambda day: day.agents):
        waits = (day.wait_p50_s, day.wait_p90_s, day.wait_p99_s)
        share = day.abandoned / day.chats if day.chats else 0.0
        yield (
            str(day.agents),
            *("-" if wait is None else clock(wait) for wait in waits),
            f"{day.abandoned} ({share:.1%})",
            str(day.breaches),
            f"{day.busy_share:.0%}",
        )


def clock(seconds: float) -> str:
    """Return a wait as people say it: minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _charts(day: Summary) -> Iterable[Chart]:
    minutes = [
        Series(name, style, [None if v is None else v / 60 for v in values])
        for name, style, values in (
            ("p90", "a", [hour.wait_p90_s for hour in day.hours]),
            ("median", "b", [hour.wait_p50_s for hour in day.hours]),
        )
    ]
    yield Chart("Wait for the first answer", "minutes", tuple(minutes), "h")
    came = Series("chats", "a", [hour.chats for hour in day.hours])
    gone = Series("left", "bad", [hour.abandoned for hour in day.hours])
    yield Chart("Came, and left unanswered", "an hour", (came, gone), "h")
    here = Series("agents", "b", [hour.agents for hour in day.hours])
    yield Chart("At work", "agents", (here,), "h")
