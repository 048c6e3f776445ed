"""`shopwire simulate`: a day of a shop in virtual time, to find out whom it takes."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
import msgspec
from rich import box
from rich.console import Console
from rich.table import Table

from actors.settings.document import problems
from clients.simulate.outcome import Summary
from clients.simulate.page import page, rows
from clients.simulate.shop import Day
from clients.simulate.world import simulated

HASHED = "PYTHONHASHSEED"
"""Orders the members of Python's sets, from the start of the process."""
_file = click.Path(dir_okay=False, path_type=Path)


@click.command("simulate")
@click.argument("scenario", required=False, type=_file)
@click.option("--chats", type=int, help="Shoppers that come.  [default: 2000]")
@click.option("--agents", type=int, help="In three shifts.  [default: 30]")
@click.option("--hours", type=float, help="[default: 24]")
@click.option("--capacity", type=int, help="Chats of an agent at once.  [default: 3]")
@click.option("--seed", type=int, help="The same seed gives the same journal.")
@click.option("--what-if", metavar="N,N,…", help="Also with so many agents.")
@click.option("--json", "to_json", metavar="FILE", type=_file)
@click.option("--html", "to_html", metavar="FILE", type=_file)
def command(
    scenario: Path | None,
    what_if: str | None,
    to_json: Path | None,
    to_html: Path | None,
    **changes: object,
) -> None:
    """Let a day go by in seconds: who waits, who leaves, what is missed."""
    if os.environ.get(HASHED) != "0":
        # Another process: this one's sets have their order already.
        again = [sys.executable, "-m", "broker", *sys.argv[1:]]
        done = subprocess.run(again, check=False, env=os.environ | {HASHED: "0"})  # noqa: S603  # our own
        sys.exit(done.returncode)
    day = asked(scenario, {k: v for k, v in changes.items() if v is not None})
    days = [day, *(with_agents(day, count) for count in counts(what_if))]
    found = [lived(each) for each in days]
    if to_json is not None:
        text = msgspec.json.format(msgspec.json.encode(found))
        to_json.write_bytes(text + b"\n")
    if to_html is not None:
        to_html.write_text(page(found))
    shown(found)


def asked(scenario: Path | None, changes: dict[str, Any]) -> Day:
    """Return the day of a scenario file and the command line, which goes before it."""
    try:
        text = scenario.read_bytes() if scenario else b""
        given = msgspec.toml.decode(text, type=dict[str, Any])
        day = msgspec.convert(given | changes, Day)
    except OSError as error:
        raise click.UsageError(f"{scenario}: {error.strerror}.") from error
    except msgspec.MsgspecError as error:
        raise click.UsageError(f"{error}.") from error
    for problem in problems(day.settings()):
        raise click.UsageError(f"{problem}.")
    return day


def counts(what_if: str | None) -> list[int]:
    """Return the numbers of agents to try beside the day's own."""
    try:
        found = [int(part) for part in what_if.split(",")] if what_if else []
    except ValueError:
        found = [0]
    if any(count < 1 for count in found):
        raise click.UsageError(f"--what-if {what_if}: write numbers, as 20,25,30.")
    return found


def with_agents(day: Day, count: int) -> Day:
    """Return the day with so many agents in all, in the same proportions."""
    if not day.shifts:
        return msgspec.structs.replace(day, agents=count)
    whole = sum(shift.agents for shift in day.shifts)
    shifts = tuple(
        msgspec.structs.replace(shift, agents=round(shift.agents * count / whole))
        for shift in day.shifts
    )
    return msgspec.structs.replace(day, agents=count, shifts=shifts)


def lived(day: Day) -> Summary:
    """Return what comes of a day, in a folder that is gone after it."""
    with tempfile.TemporaryDirectory(prefix="shopwire-day-") as folder:
        return simulated(day, Path(folder) / "data")


def shown(days: list[Summary]) -> None:
    """Print the day, and how it would be with others."""
    console = Console(highlight=False)
    head, *lines = rows(days)
    table = Table(*head, box=box.SIMPLE, header_style="dim")
    for column in table.columns:
        column.justify = "right"
    for line in lines:
        table.add_row(*line)
    console.print(table)
    day = days[0]
    console.print(f"{day.chats} chats, {day.messages} messages, {day.cpu_s:g} s of CPU")
    console.print(f"journal {day.journal_hash} ({day.events} events), seed {day.seed}")
