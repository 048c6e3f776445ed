"""The README's figures are those of the last measurement."""

import re

from tests.faults.processes import ROOT

README = (ROOT / "README.md").read_text()
MEASURED = (ROOT / "docs/performance.md").read_text()
ROWS = {
    "each message, 200 chats, saturated": "CPU per message, 200 chats, saturated",
    "each message, 1,000 chats, saturated": "CPU per message, 1,000 chats, saturated",
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
        assert cells == [measured(figure, peer) for peer in PEERS], said


def test_its_connection_costs_what_was_measured() -> None:
    memory = measured("Memory per idle connection, 10,000 connections", "itself")
    assert f"An idle connection costs {memory} KiB" in README
