"""The parts of the page that are about the broker alone: starts, threads, stages."""

from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.broker import OURS, SUBPROTOCOLS
from benchmarks.loads import RATE_500, TALK_200, TALK_1000, Load
from benchmarks.ratios import Spread, spread
from benchmarks.readings import Results, Run, Start
from benchmarks.tables import number, ranged, table


class Split(NamedTuple):
    """What the threads of one process cost per message, in µs."""

    main: float
    writer: float
    others: float


def split(run: Run) -> Split | None:
    """Return what the threads cost; the writer is the busiest after the first."""
    talk = run.reading.talk if run.reading else None
    if talk is None or run.wrong or not talk.sent:
        return None
    main = sum(thread.cpu_s for thread in talk.threads if thread.id == run.pid)
    rest = sorted(thread.cpu_s for thread in talk.threads if thread.id != run.pid)
    writer = rest.pop() if rest else 0.0
    micro = 1e6 / talk.sent
    return Split(main * micro, writer * micro, sum(rest) * micro)


def threads(results: Results) -> Iterator[str]:
    """Say what the loop costs per message, and what the disk's thread."""
    rows = [
        row
        for load in (TALK_200, TALK_1000, RATE_500)
        for ours in OURS
        if (row := _thread_row(results, load, ours))
    ]
    if rows:
        yield "## Threads\n"
        yield (
            "CPU per message of the broker's threads, in µs, median [range]: the one "
            "that does everything, and the one that writes the journal.\n"
        )
        yield table(("load", "server", "main", "writer", "others"), rows)


def _thread_row(results: Results, load: Load, ours: str) -> list[str]:
    splits = [
        found
        for run in results.runs
        if run.load == load.name and run.peer == ours
        if (found := split(run))
    ]
    cells = [spread(values) for values in zip(*splits, strict=True)]
    return [load.name, ours, *(ranged(cell, 1) for cell in cells if cell)] * bool(cells)


def starts(results: Results) -> Iterator[str]:
    """Say how soon a broker is ready."""
    rows: list[list[str]] = []
    for after in ("stop", "kill"):
        found = [start for start in results.starts if start.after == after]
        if found:
            rows.append(_start_row(found))
    if rows:
        yield "## Starting\n"
        yield (
            "From the start of the process to its ready line. After a stop: all chats "
            "are open tickets without an actor in memory. After `kill -9`: every chat "
            "was open on a connection of its shopper, and half of them had just begun, "
            "so that the write-ahead log is full.\n"
        )
        head = ("after", "chats", "ready, s", "CPU, s", "memory then, MiB")
        yield table(head, rows)


def _start_row(found: list[Start]) -> list[str]:
    spreads: list[tuple[Spread | None, int]] = [
        (spread(start.ready_s for start in found), 2),
        (spread(start.cpu_s for start in found), 2),
        (spread(start.resident_kib / 1024 for start in found), 0),
    ]
    after = {"stop": "stop", "kill": "`kill -9`"}[found[0].after]
    cells = [ranged(each, digits) for each, digits in spreads if each]
    return [after, number(found[0].chats, 0), *cells]


def stages(results: Results) -> Iterator[str]:
    """Say what each stage of a message's road costs."""
    if not results.stages:
        return
    yield "## Stages\n"
    yield (
        "What one message costs at each stage of its road, alone and warm, in µs of "
        "CPU: best (median). A server under load has colder caches, so that the sum is "
        "a floor. `python -m benchmarks.stages` measures only this.\n"
    )
    names = list(dict.fromkeys(stage.name for stage in results.stages))
    yield table(("stage", *SUBPROTOCOLS), ([n, *_stage(results, n)] for n in names))


def _stage(results: Results, name: str) -> Iterator[str]:
    found = {s.subprotocol: s for s in results.stages if s.name == name}
    for subprotocol in SUBPROTOCOLS:
        stage = found.get(subprotocol) or found.get("")
        yield f"{stage.min_us:.2f} ({stage.median_us:.2f})" if stage else ""
