"""What `shopwire top` shows, as lines of text for whatever room there is."""

import os
from itertools import zip_longest

from broker.vitals import Vitals

LATE_S = 60
"""Seconds of waiting that are shown in red: a minute is long in a chat."""
SLOW_MS = 100
"""Milliseconds of a commit that are shown in red: a disk that is in trouble."""
NAME, VALUE, BETWEEN = 13, 5, 2
"""Columns of the longest name, of a number and between two numbers where each is only
named: two fit side by side into 40."""
TITLE = 2
"""Lines of the title, the empty one below it included."""
RED, BOLD, DIM, PLAIN = "\x1b[1;31m", "\x1b[1m", "\x1b[2m", "\x1b[0m"


class Line:
    """One number: its name, how it is said, and whether it is a bad one."""

    def __init__(self, name: str, value: float | str, *, bad: bool = False) -> None:
        self.name = name
        self.bad = bad
        self.plain = value if isinstance(value, str) else f"{value:.12g}"
        self.short = value if isinstance(value, str) else _short(value)
        """The same in `VALUE` columns."""


def lines(now: Vitals, before: Vitals | None) -> list[Line]:
    """Return what is shown of `now`, rates as of the time since `before`.

    What is looked for first is first: it is what stays where there is little room.
    """
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
    "refused_s": "refusals a second, on sockets and over HTTP",
    "limited_s": "limits met a second",
    "slow_turns": "turns that made everybody wait, since the start",
    "restarts": "actors restarted, since the start: bugs",
    "outgoing": "mail, webhooks and texts that wait to leave",
    "writable": "whether the disk takes writes",
    "overloaded": "whether nobody new is let in",
}
WIDE = NAME + 12 + BETWEEN * 2 + max(map(len, MEANINGS.values()))
"""Columns that it takes to say beside each number what it means."""


def drawn(
    now: Vitals, rows: list[Line], room: os.terminal_size, *, hint: str = ""
) -> list[str]:
    """Return what fits into `room`, with `hint` in the title; the last goes first."""
    width, height = room
    if width >= WIDE and height >= len(rows):
        shown = [_explained(row) for row in rows]
    else:
        shown = _side_by_side(rows, width, height)
    if len(shown) + TITLE > height:
        return shown
    return [f"Shopwire {now.version}  {hint}"[:width].rstrip(), "", *shown]


def _explained(row: Line) -> str:
    said = f"{RED if row.bad else BOLD}{row.plain:>12}{PLAIN}"
    between = " " * BETWEEN
    return f"{row.name:>{NAME}}{between}{said}{between}{DIM}{MEANINGS[row.name]}{PLAIN}"


def _side_by_side(rows: list[Line], width: int, height: int) -> list[str]:
    """Return the rows in as many columns as it takes, each read downwards."""
    most = max(1, (width + BETWEEN) // (NAME + 1 + VALUE + BETWEEN))
    columns = min(most, -(-len(rows) // max(1, height)))
    each = min(max(1, height), -(-len(rows) // columns))
    parts = [rows[at * each :][:each] for at in range(columns)]
    between = " " * BETWEEN
    return [
        between.join(_named(row, width) for row in line if row is not None)
        for line in zip_longest(*parts)
    ]


def _named(row: Line, width: int) -> str:
    name = f"{row.name:<{NAME}} "[: max(0, width - VALUE)]
    said = f"{row.short:>{VALUE}}"[:width]
    return f"{name}{RED if row.bad else BOLD}{said}{PLAIN}"


def _short(value: float) -> str:
    """Return a number of none or more in at most `VALUE` characters."""
    for unit in ("", "k", "M", "G"):
        said = f"{value:.3g}" if value < 100 else f"{value:.0f}"  # noqa: PLR2004  # 3 digits
        if len(said + unit) <= VALUE:
            return said + unit
        value /= 1000
    return "9999G"
