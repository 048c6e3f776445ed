"""What pages quote of the last measurement is what its page says."""

import re

from docs import measured as quoted
from tests.faults.processes import ROOT

README = (ROOT / "README.md").read_text()
MEASURED = (ROOT / "docs/performance.md").read_text()
ROWS = {
    "each message, 200 chats, saturated": "CPU per message, 200 chats, saturated",
    "each message, 1,000 chats, saturated": "CPU per message, 1,000 chats, saturated",
    "each message at 500 a second": "CPU per message at 500 messages/s, 200 chats",
    "each delivery, one speaker, 1,000 listeners": (
        "CPU per delivery, one speaker, 1,000 listeners"
    ),
}
PEERS = ("socket.io", "centrifuge", "trio-websocket")


def measured(figure: str, peer: str) -> str:
    """Return what the page of figures says of msgpack against `peer`."""
    row = rf"^\| {re.escape(figure)} \| {re.escape(peer)} \| [^|]*\| ([\d.]+) "
    found = re.search(row, MEASURED, re.MULTILINE)
    return found[1] if found else ""


def test_its_ratios_are_the_measured_ones() -> None:
    for said, figure in ROWS.items():
        (row,) = re.findall(rf"^\| {re.escape(said)} \|(.*)\|$", README, re.MULTILINE)
        cells = [cell.strip() for cell in row.split("|")]
        asked = [measured(figure, peer) for peer in PEERS]
        # No target names some of them.
        assert [cell for cell, one in zip(cells, asked, strict=True) if one] == [
            one for one in asked if one
        ], said


def test_its_connection_costs_what_was_measured() -> None:
    memory = measured("Memory per idle connection, 10,000 connections", "itself")
    assert f"An idle connection costs {memory} KiB" in README


def test_all_quotations_are_of_the_last_measurement() -> None:
    stale = [
        page.name for page, text in quoted.pages().items() if page.read_text() != text
    ]
    assert stale == [], "run `make docs`"


def test_a_page_of_figures_is_read_as_it_is_written() -> None:
    page = """# Performance

| figure | against | target |
|---|---|---|

## Figures

### Memory

| server | KiB, median [range] | Shopwire msgpack ÷ it | Shopwire json ÷ it |
|---|---|---|---|
| **Shopwire json** | 2.89 [2.85-2.91] |  |  |
| ws | 1,006 [6.89-6.90] | 0.42 [0.42-0.43] | 0.41 [0.41-0.42] |

## Starting
"""
    assert quoted.figures(page) == {
        "Memory": {
            "Shopwire json": quoted.Row("2.89", ()),
            "ws": quoted.Row("1,006", ("0.42", "0.41")),
        }
    }
