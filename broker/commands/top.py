"""`shopwire top`: how a running broker is, over its admin socket."""

import sys
import time
from itertools import count
from pathlib import Path

import click
import trio
from rich.console import Console
from rich.live import Live
from rich.table import Table

from broker.admin import ask_server
from broker.commands import options
from broker.office.requests import LookAtVitals
from broker.vitals import Vitals

LATE_S = 60
"""Seconds of waiting that are shown in red: a minute is long in a chat."""
SLOW_MS = 100
"""Milliseconds of a commit that are shown in red: a disk that is in trouble."""


@click.command("top")
@options.data
@click.option(
    "--every",
    default=2.0,
    show_default=True,
    type=click.FloatRange(0.1, 3600),
    metavar="S",
    help="Seconds between two looks.",
)
@click.option(
    "--count",
    "times",
    type=click.IntRange(1),
    metavar="N",
    help="Look so often, then end.  [default: until Ctrl-C]",
)
def command(folder: Path, every: float, times: int | None) -> None:
    """Show how the broker that serves a folder is, until stopped.

    A table in a terminal; elsewhere a line of `name=value` for each look. Rates are of
    the time since the look before, at first since the start.
    """
    console = Console()
    looks = count() if times is None else range(times)
    before = None
    try:
        with Live(console=console, screen=False, auto_refresh=False) as live:
            for number in looks:
                if number:
                    time.sleep(every)
                now = _look(folder)
                rows = lines(now, before)
                before = now
                if console.is_terminal:
                    live.update(table(now, rows), refresh=True)
                else:
                    click.echo(" ".join(f"{row.name}={row.plain}" for row in rows))
                    sys.stdout.flush()
    except KeyboardInterrupt:
        return


class Line:
    """One number: its name, how it is said, and whether it is a bad one."""

    def __init__(self, name: str, value: float | str, *, bad: bool = False) -> None:
        self.name = name
        self.bad = bad
        self.plain = f"{value:g}" if isinstance(value, int | float) else value


def lines(now: Vitals, before: Vitals | None) -> list[Line]:
    """Return what is shown of `now`, rates as of the time since `before`."""
    seconds = 0.0 if before is None else now.at - before.at

    def rate(name: str) -> float:
        if before is None or seconds <= 0:
            return 0.0
        done: float = getattr(now, name) - getattr(before, name)
        return round(done / seconds, 1)

    commits = now.commits - (before.commits if before else 0)
    spent = now.commit_s - (before.commit_s if before else 0.0)
    commit_ms = round(spent / commits * 1000, 2) if commits else 0.0
    return [
        Line("connections", now.connections),
        Line("http", now.http_connections),
        Line("agents", now.agents_online),
        Line("chats", now.chats),
        Line("unassigned", now.unassigned, bad=now.unassigned > 0 == now.agents_online),
        Line("overdue", now.overdue, bad=now.overdue > 0),
        Line(
            "oldest_wait_s",
            round(now.oldest_wait_s, 1),
            bad=now.oldest_wait_s > LATE_S,
        ),
        Line("events_s", rate("published")),
        Line("deliveries_s", rate("delivered")),
        Line("commits_s", rate("commits")),
        Line("commit_ms", commit_ms, bad=commit_ms > SLOW_MS),
        Line("journal_lag", now.unsettled, bad=now.overloaded),
        Line("refused_s", rate("refused")),
        Line("limited_s", rate("limited")),
        Line("slow_turns", now.slow_turns),
        Line("restarts", now.restarts, bad=now.restarts > 0),
        Line("outgoing", now.outgoing),
        Line("writable", "yes" if now.writable else "no", bad=not now.writable),
        Line("overloaded", "yes" if now.overloaded else "no", bad=now.overloaded),
    ]


MEANINGS = {
    "connections": "clients that have said hello",
    "http": "HTTP connections",
    "agents": "agents who are there",
    "chats": "chats in memory",
    "unassigned": "open tickets that are nobody's",
    "overdue": "chats whose check-in was missed",
    "oldest_wait_s": "seconds of the longest wait for an answer",
    "events_s": "events a second that became durable",
    "deliveries_s": "events a second sent to listeners",
    "commits_s": "commits a second",
    "commit_ms": "milliseconds of a commit, its sync included",
    "journal_lag": "reads and writes that wait for the disk",
    "refused_s": "refusals a second",
    "limited_s": "limits met a second",
    "slow_turns": "turns that made everybody wait, since the start",
    "restarts": "actors restarted, since the start: bugs",
    "outgoing": "mail, webhooks and text messages that wait to leave",
    "writable": "whether the disk takes writes",
    "overloaded": "whether nobody new is let in",
}


def table(now: Vitals, rows: list[Line]) -> Table:
    """Return what a terminal shows."""
    shown = Table(title=f"Shopwire {now.version}", show_header=False, box=None)
    shown.add_column(justify="right")
    shown.add_column(justify="right", min_width=10)
    shown.add_column(style="dim")
    for row in rows:
        value = f"[bold red]{row.plain}[/]" if row.bad else f"[bold]{row.plain}[/]"
        shown.add_row(row.name, value, MEANINGS[row.name])
    return shown


def _look(folder: Path) -> Vitals:
    try:
        answer = trio.run(ask_server, folder, LookAtVitals())
    except TimeoutError as error:
        raise click.ClickException("The broker does not answer.") from error
    if isinstance(answer, Vitals):
        return answer
    if answer is None:
        why = f"Nobody serves {folder}. Name another --data, or `shopwire serve` it."
        raise click.ClickException(why)
    raise click.ClickException(str(answer))
