"""The page: from results to Markdown, and the picture beside it."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.broker import OURS
from benchmarks.chart import Bar, Panel, draw
from benchmarks.costs import stages, starts, threads
from benchmarks.loads import FIGURES, Figure
from benchmarks.prose import CAVEATS, HEAD, METHOD
from benchmarks.ratios import Spread, compared, per_round, spread
from benchmarks.readings import Results, save
from benchmarks.tables import number, ranged, table
from benchmarks.targets import (
    READY_AFTER_KILL_S,
    TARGETS,
    Target,
    figure_of,
    measured,
    reached,
)

BUSY = 0.9
"""Share of its core past which the load generator may be what is measured."""
CHARTED = ("talk-200", "rate-500", "fan-1000", "memory", "connects")


def write(results: Results, page: Path) -> None:
    """Write the page, and beside it the picture and the results it is made of."""
    page.write_text(render(results, page.with_suffix(".svg").name))
    page.with_suffix(".svg").write_text(draw(_panels(results)))
    page.with_suffix(".json").write_bytes(save(results))


def render(results: Results, picture: str) -> str:
    """Return the page."""
    parts = (
        HEAD.format(date=results.date, picture=picture),
        "## Against the targets\n",
        *_targets(results),
        METHOD.format(rounds=results.rounds),
        *_where(results),
        "## Figures\n",
        *_figures(results),
        *starts(results),
        *threads(results),
        *stages(results),
        CAVEATS,
        *_generator_bound(results),
        *_wrong(results),
    )
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


def peers(results: Results) -> list[str]:
    """Return who took part, the broker first."""
    return list(dict.fromkeys([*OURS, *(run.peer for run in results.runs)]))


# --- Targets ------------------------------------------------------------------------


def _targets(results: Results) -> Iterator[str]:
    rows = [_target_row(results, target) for target in TARGETS]
    head = ("figure", "against", "target", *OURS)
    yield table(head, [*rows, _ready_row(results)])


def _target_row(results: Results, target: Target) -> list[str]:
    figure = figure_of(target)
    sign = "≥" if figure.more_is_better else "≤"
    unit = " times" if target.peer else f" {figure.unit}"
    cells = [_judged(target, measured(results, target, ours)) for ours in OURS]
    limit = f"{sign} {target.limit:g}{unit}"
    return [figure.title, target.peer or "itself", limit, *cells]


def _judged(target: Target, found: Spread | None) -> str:
    if found is None:
        return "not measured"
    digits = 2 if target.peer else figure_of(target).digits
    return f"{ranged(found, digits)} {_mark(ok=reached(target, found))}"


def _ready_row(results: Results) -> list[str]:
    found = spread(s.ready_s for s in results.starts if s.after == "kill")
    limit = f"≤ {READY_AFTER_KILL_S:g} s"
    title = "Ready after `kill -9` with 10,000 open chats"
    if found is None:
        return [title, "itself", limit, "not measured", ""]
    kept = found.median <= READY_AFTER_KILL_S
    return [title, "itself", limit, f"{ranged(found, 2)} {_mark(ok=kept)}", ""]


def _mark(*, ok: bool) -> str:
    return "✓" if ok else "**missed**"


# --- Figures ------------------------------------------------------------------------


def _figures(results: Results) -> Iterator[str]:
    for figure in FIGURES:
        rows = [_figure_row(results, figure, peer) for peer in peers(results)]
        if any(rows):
            yield f"### {figure.title}\n"
            head = ("server", f"{figure.unit}, median [range]")
            yield table((*head, *(f"{ours} ÷ it" for ours in OURS)), filter(None, rows))


def _figure_row(results: Results, figure: Figure, peer: str) -> list[str]:
    found = spread(per_round(results, figure, peer).values())
    if found is None:
        return []
    against = [compared(results, figure, ours, peer) for ours in OURS]
    cells = [
        "" if ratio is None or peer in OURS else ranged(ratio, 2) for ratio in against
    ]
    return [_bold(peer), ranged(found, figure.digits), *cells]


def _bold(peer: str) -> str:
    return f"**{peer}**" if peer in OURS else peer


def _panels(results: Results) -> list[Panel]:
    return [
        Panel(figure.title, figure.unit, figure.digits, _bars(results, figure))
        for figure in FIGURES
        if figure.name in CHARTED
    ]


def _bars(results: Results, figure: Figure) -> Sequence[Bar]:
    found = (
        (peer, spread(per_round(results, figure, peer).values()))
        for peer in peers(results)
        # Next to a floor that does nothing, nobody's differences can be seen.
        if not (figure.more_is_better and peer == "C floor")
    )
    return [Bar(peer, lies, peer in OURS) for peer, lies in found if lies]


# --- Where, and what went wrong -----------------------------------------------------


def _where(results: Results) -> Iterator[str]:
    machine = results.machine
    loads = spread(run.load_average for run in results.runs)
    yield "## Machine\n"
    rows = [
        ["processor", f"{machine.processor}, {machine.cores} cores"],
        ["memory", f"{machine.memory_gib:g} GiB"],
        ["system", machine.system],
        ["Python", machine.python],
        ["load average before a run", ranged(loads, 2) if loads else "unknown"],
        *([name, version] for name, version in results.versions.items()),
        *([name, f"skipped: {why}"] for name, why in results.skipped.items()),
    ]
    yield table(("what", "is"), rows)
    if loads and loads.median > machine.cores / 2:
        # The benchmarks themselves keep about one core busy.
        yield (
            "Other work ran on the same cores meanwhile: a load average of 1 would be "
            "the benchmarks' own. Waiting times and starts are worth little here."
        )


def _generator_bound(results: Results) -> Iterator[str]:
    busy = sorted(
        {
            f"{run.peer} ({run.load})"
            for run in results.runs
            if run.reading is not None and (talk := run.reading.talk) is not None
            if talk.client_cpu_s > BUSY * talk.wall_s
        }
    )
    if busy:
        yield (
            f"In some run the load generator was busy for more than {BUSY:.0%} of the "
            f"time with {', '.join(busy)}: there it, and not the server, set the pace."
        )


def _wrong(results: Results) -> Iterator[str]:
    wrong = [run for run in results.runs if run.wrong]
    count = number(len(results.runs), 0)
    if not wrong:
        yield f"All {count} runs were right: nothing lost, misrouted or out of order."
        return
    yield f"Of {count} runs these went wrong, and are in no figure above:\n"
    rows: Iterable[list[str]] = (
        [str(run.round + 1), run.load, run.peer, run.wrong or ""] for run in wrong
    )
    yield table(("round", "load", "server", "what"), rows)
