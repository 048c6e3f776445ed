"""`python -m benchmarks`: measure this machine, and print or write the page.

Exit 0: measured. 1: the broker itself went wrong in a run. 2: nothing was measured.
"""

import argparse
import datetime as dt
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks import broker, machine, workbench
from benchmarks.broker import OURS, Seeded
from benchmarks.loads import IDLE, LOADS, Load
from benchmarks.measure import (
    Contender,
    contenders,
    measure,
    start_after_kill,
    start_after_stop,
)
from benchmarks.peers import PEERS, Missed, Peer
from benchmarks.readings import Results, Run, Stage, Start, load
from benchmarks.report import render, write
from benchmarks.stages import all_stages

ROUNDS, QUICK_ROUNDS = 5, 1
ASLEEP, QUICK_ASLEEP = 100_000, 10_000
"""Chats that a broker finds in its folder when it starts."""
OURSELVES = "Shopwire"


def main(words: Sequence[str] | None = None) -> int:
    """Measure or read, then print or write; return the exit status."""
    asked = _parser().parse_args(words)
    if asked.results is None:
        results = Bench(asked).results()
    else:
        results = load(asked.results.read_bytes())
    if asked.report is None:
        print(render(results, "performance.svg"))
    else:
        write(results, asked.report)
    if not results.runs and not results.stages:
        return 2
    wrong = any(run.wrong and run.peer in OURS for run in results.runs)
    return int(wrong or OURSELVES in results.skipped)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--rounds", type=int, metavar="N", help=f"rounds; {ROUNDS} if not said")
    add("--quick", action="store_true", help="one short round, to see that it works")
    add("--report", type=Path, metavar="FILE.md", help="write the page, not print it")
    add("--results", type=Path, metavar="FILE.json", help="measured before; not again")
    loads = [each.name for each in LOADS]
    add("--loads", nargs="*", choices=loads, default=loads, help="only these")
    names = [*OURS, *(peer.name for peer in PEERS)]
    add("--servers", nargs="*", choices=names, default=names, help="only these")
    add("--no-starts", action="store_true", help="leave the starts out")
    add("--no-stages", action="store_true", help="leave the stages out")
    return parser


class Bench:
    """One measurement, as it was asked for."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self._asked = asked
        self._rounds: int = asked.rounds or (QUICK_ROUNDS if asked.quick else ROUNDS)
        self._skipped: dict[str, str] = {}

    def results(self) -> Results:
        """Measure what this machine can measure, and note what it cannot."""
        machine.raise_descriptor_limit()
        asked = self._asked
        stages: list[Stage] = [] if asked.no_stages else all_stages()
        runs: list[Run] = []
        starts: list[Start] = []
        able: list[Peer] = []
        if self._can_load():
            able = [peer for peer in PEERS if self._can_run(peer)]
            with broker.workplace() as place:
                seeded = self._seeded(place / "talked")
                field = contenders(seeded, able)
                runs = list(measure(self._wanted(field), self._loads(), self._rounds))
                if seeded is not None and not asked.no_starts:
                    starts = list(self._starts(seeded, place / "asleep"))
        for name, why in self._skipped.items():
            print(f"skipped {name}: {why}", file=sys.stderr)
        ourselves = {OURSELVES: version("shopwire")}
        return Results(
            date=dt.datetime.now(dt.UTC).date().isoformat(),
            rounds=self._rounds,
            quick=asked.quick,
            machine=machine.describe(),
            versions=ourselves | {peer.name: peer.version() for peer in able},
            skipped=self._skipped,
            runs=tuple(runs),
            starts=tuple(starts),
            stages=tuple(stages),
        )

    def _can_load(self) -> bool:
        try:
            workbench.load_generator()
        except workbench.Missing as missing:
            self._skipped["everything but the stages"] = str(missing)
            return False
        return True

    def _can_run(self, peer: Peer) -> bool:
        if peer.name not in self._asked.servers:
            return False
        try:
            peer.prepare()
        except workbench.Missing as missing:
            self._skipped[peer.name] = str(missing)
            return False
        return True

    def _wanted(self, field: Sequence[Contender]) -> list[Contender]:
        return [each for each in field if each.name in self._asked.servers]

    def _loads(self) -> list[Load]:
        wanted = [each for each in LOADS if each.name in self._asked.loads]
        if self._asked.quick:
            return [each._replace(warm_s=0.3, time_s=1) for each in wanted]
        return wanted

    def _seeded(self, folder: Path) -> Seeded | None:
        try:
            return broker.seed(folder, IDLE.chats, answered=True)
        except Missed as missed:
            self._skipped[OURSELVES] = str(missed)
            return None

    def _starts(self, talked: Seeded, folder: Path) -> Iterator[Start]:
        asleep = QUICK_ASLEEP if self._asked.quick else ASLEEP
        try:
            yield from start_after_kill(talked, self._rounds)
            waiting = broker.seed(folder, asleep, answered=False)
            yield from start_after_stop(waiting, self._rounds)
        except Missed as missed:
            self._skipped["the rest of the starts"] = str(missed)


if __name__ == "__main__":
    sys.exit(main())
