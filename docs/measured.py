"""Writes what other pages quote of `docs/performance.md`, so that they say the same.

Tables of the README, of the comparison and of the page on sizing. Each stands between a
comment with its name and an `end`: `make docs` after a measurement.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from docs.keys import END

DOCS = Path(__file__).parent
MEASURED = DOCS / "performance.md"
PAGES = {
    "ratios": DOCS.parent / "README.md",
    "against": DOCS / "comparison.md",
    "costs": DOCS / "sizing.md",
}
OURS = ("Shopwire msgpack", "Shopwire json")
SATURATED = tuple(
    f"CPU per message, {chats} chats, saturated" for chats in ("200", "1,000")
)
AT_RATE = "CPU per message at 500 messages/s, 200 chats"
LATE = "From send to acknowledgement at 500 messages/s, 99th percentile"
DELIVERY = "CPU per delivery, one speaker, 1,000 listeners"
SILENT = "Memory per idle connection, 10,000 connections"
ACCEPTED = "Connections accepted per second of CPU"
ROW = re.compile(r"^\| \*{0,2}([^|*]+?)\*{0,2} \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$")


class Row(NamedTuple):
    """One server under one load."""

    own: str
    """The median, in the figure's unit."""
    ratios: tuple[str, ...]
    """Shopwire's ÷ it, by msgpack and by json; none for Shopwire itself."""


Table = dict[str, dict[str, Row]]


def figures(text: str) -> Table:
    """Return what the page has measured: by figure and by server."""
    found: Table = {}
    _, _, text = text.partition("\n## Figures\n")
    text, _, _ = text.partition("\n## ")
    for part in text.split("\n### ")[1:]:
        name, _, lines = part.partition("\n")
        rows = [row for line in lines.splitlines() if (row := ROW.match(line))]
        found[name] = {
            server: Row(_median(own), tuple(_median(each) for each in of if each))
            for server, own, *of in (row.groups() for row in rows[1:])
        }
    return found


def pages() -> dict[Path, str]:
    """Return the pages that quote, their quotations anew."""
    text = MEASURED.read_text()
    table = figures(text)
    written = {
        "ratios": _ratios(table),
        "against": _against(table, text),
        "costs": _costs(table, text),
    }
    return {
        page: _with(page.read_text(), name, written[name])
        for name, page in PAGES.items()
    }


def _with(text: str, name: str, lines: Iterator[str]) -> str:
    begin = f"<!-- {name}: written by docs/generate.py -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(END)
    return "\n".join([before + begin, "", *lines, "", END]) + after


def _ratios(table: Table) -> Iterator[str]:
    peers = {
        "socket.io": "socket.io",
        "centrifuge": "centrifuge (Go)",
        "trio-websocket": "trio-websocket",
    }
    rows = {
        "each message, 200 chats, saturated": SATURATED[0],
        "each message, 1,000 chats, saturated": SATURATED[1],
        "each message at 500 a second": AT_RATE,
        "each delivery, one speaker, 1,000 listeners": DELIVERY,
    }
    yield f"| CPU of Shopwire's, in times the other's | {' | '.join(peers.values())} |"
    yield "|---|---|---|---|"
    for said, figure in rows.items():
        cells = [table[figure][peer].ratios[0] for peer in peers]
        yield f"| {said} | {' | '.join(cells)} |"
    yield ""
    yield (
        f"An idle connection costs {table[SILENT][OURS[0]].own} KiB with its chat,"
        f" {table[SILENT]['socket.io'].ratios[0]} times socket.io's."
    )


def _against(table: Table, text: str) -> Iterator[str]:
    columns = {
        "a message, saturated": SATURATED,
        "a message at 500 a second": (AT_RATE,),
        "99 in 100 are acknowledged within, at 500 a second": (LATE,),
        "a delivery to one of 1,000": (DELIVERY,),
        "memory of a silent connection": (SILENT,),
        "connections accepted": (ACCEPTED,),
    }
    peers = ("socket.io", "ws", "centrifuge", "websockets", "trio-websocket")
    day = re.search(r"^Measured on ([\d-]+)", text, re.MULTILINE)
    yield f"Of {day[1]}:" if day else ""
    yield ""
    yield f"| Shopwire's, in times of | {' | '.join(columns)} |"
    yield f"|---{'|---' * len(columns)}|"
    for peer in peers:
        cells = [
            _range(ratio for figure in of for ratio in table[figure][peer].ratios)
            for of in columns.values()
        ]
        yield f"| {peer} | {' | '.join(cells)} |"


def _costs(table: Table, text: str) -> Iterator[str]:
    def own(figure: str) -> str:
        return _range(table[figure][each].own for each in OURS)

    rows = {
        "CPU of a message, when there is one every 2 ms": f"{own(AT_RATE)} µs",
        "CPU of a message, when there is always one more": (
            f"{_range(table[each][ours].own for each in SATURATED for ours in OURS)} µs"
        ),
        "CPU of one more delivery of a message": f"{own(DELIVERY)} µs",
        "connections taken in, in a second of CPU": own(ACCEPTED),
        "memory of a silent connection, with its chat": f"{own(SILENT)} KiB",
        "memory after a start with 100,000 open tickets": _start(text, "100,000"),
    }
    yield "| what | costs |"
    yield "|---|---|"
    for what, costs in rows.items():
        yield f"| {what} | {costs} |"


def _start(text: str, chats: str) -> str:
    row = re.search(rf"^\| stop \| {chats} \|.*\| (\d+) \[[^|]*\|$", text, re.MULTILINE)
    return f"{row[1]} MiB" if row else ""


def _range(told: Iterator[str]) -> str:
    values = sorted(set(told), key=lambda each: float(each.replace(",", "")))
    return values[0] if len(values) == 1 else f"{values[0]} to {values[-1]}"


def _median(cell: str) -> str:
    return cell.partition(" ")[0]
