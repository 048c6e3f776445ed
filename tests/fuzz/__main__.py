"""`python -m tests.fuzz`: a long siege, by a seed that repeats it."""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import trio

from benchmarks.tables import table
from tests.fuzz.attack import PAUSE_S, Attack
from tests.fuzz.healthy import Account
from tests.fuzz.siege import FILES_MORE, GROWTH_BYTES, Siege, State, besieged

WARM_UP = 2000
"""Handshakes and frames before anything is measured: imports and caches come once."""
LOWEST = 19
"""Of priorities: attackers run when nobody else wants to."""
CALM_SHARE = 3000
"""Handshakes and frames for each second of calm that they are compared with: a 99th
percentile wants hundreds of answers, not a lucky few."""
PARTS = 8
"""Of a long siege: calm and fire take turns, so that what else the machine does weighs
on both. The middle one of so many 99th percentiles is none of a bad moment."""
MOST_TIMES = 2.0
"""How much longer the slowest answers may take under fire than in calm."""

LONG_PAUSE_S = 0.18
"""Between two connections of an attacker where there is time for it (see `PAUSE_S`): as
long as the healthy chat does not come to the end of its journal meanwhile."""


class Verdict:
    """What a siege has come to, in words and in judgement."""

    def __init__(self, lines: list[str], wrong: list[str], ratio: float) -> None:
        self.lines = lines
        self.wrong = wrong
        self.ratio = ratio
        """How much longer the slowest answers took under fire: of a short siege that is
        chance, and nothing is held against it."""


class Course(NamedTuple):
    """How a siege went."""

    before: State
    after: State
    calm: list[Account]
    """Of the healthy chat, one for each part."""
    fire: list[Account]

    @property
    def ratio(self) -> float:
        """How much longer the slowest answers took under fire."""
        return _p99(self.fire) / max(_p99(self.calm), 0.01)

    @property
    def failed(self) -> int:
        """How many answers did not come, or were not the next."""
        return sum(each.unanswered + each.gaps for each in self.fire)

    @property
    def files_more(self) -> int:
        """How many more files were open in the end."""
        return self.after.files - self.before.files

    @property
    def growth(self) -> int:
        """How many bytes of memory more it had in the end."""
        return self.after.resident - self.before.resident


async def fuzz(
    folder: Path,
    path: str,
    count: int,
    seed: int,
    *,
    pause_s: float = PAUSE_S,
    parts: int = 1,
) -> Verdict:
    """Attack a broker served by `path`; return how it bore that."""
    async with besieged(folder, path) as siege:
        if parts > 1:
            # They live on the same cores as what they attack, and are to show how the
            # broker bears it, not how the system shares out its time.
            os.setpriority(os.PRIO_PROCESS, 0, LOWEST)
        attack = Attack(siege.address, siege.tokens, siege.chats, seed)
        attack.pause_s = pause_s
        files = siege.state().files
        await attack.run(WARM_UP)
        await siege.calm(files)
        attack.said = 0
        attack.outcomes.clear()
        before, began = siege.state(), trio.current_time()
        calm: list[Account] = []
        fire: list[Account] = []
        for _ in range(parts):
            async with siege.healthy() as accounts:
                await trio.sleep(max(2, count / parts / CALM_SHARE))
            calm += accounts
            async with siege.healthy() as accounts:
                await attack.run(count // parts)
            fire += accounts
            await siege.calm(before.files)
        course = Course(before, siege.state(), calm, fire)
        took, load = trio.current_time() - began, os.getloadavg()[0]
        ended = ", ".join(f"{n} {how}" for how, n in attack.outcomes.most_common())
        lines = [
            f"{path}, seed {seed}, {took:.0f} s, load average {load:.1f}",
            f"{attack.outcomes.total()} connections: {ended}",
            table(("what", "measured", "bound"), _figures(attack, course, count)),
        ]
        return Verdict(lines, _wrong(siege, attack, course), course.ratio)


def _p99(accounts: list[Account]) -> float:
    return statistics.median(each.p99_ms for each in accounts)


def _figures(attack: Attack, course: Course, count: int) -> Iterator[tuple[str, ...]]:
    before, after = course.before, course.after
    acked = sum(each.acked for each in course.fire)
    yield "handshakes and frames", f"{attack.said:,}", f"≥ {count:,}"
    yield "left hanging", f"{attack.outcomes['left hanging']}", "0"
    yield "process", f"{before.pid}, then {after.pid}", "the same"
    yield "descriptors more", f"{course.files_more:+}", f"± {FILES_MORE}"
    most = GROWTH_BYTES / 2**20
    yield "memory more, MiB", f"{course.growth / 2**20:+.1f}", f"≤ {most:.0f}"
    yield "CPU of the broker, s", f"{after.cpu_s - before.cpu_s:.1f}", ""
    yield "answers to the healthy chat", f"{acked:,}", "> 0"
    yield "missing, or not the next", f"{course.failed}", "0"
    yield "99th percentile in calm, ms", f"{_p99(course.calm):.1f}", ""
    yield "under fire, ms", f"{_p99(course.fire):.1f}", ""
    yield "times as long", f"{course.ratio:.2f}", f"≤ {MOST_TIMES:.0f}"


def _wrong(siege: Siege, attack: Attack, course: Course) -> list[str]:
    wrong = [f"logged: {line}" for line in siege.complaints()]
    if course.before.pid != course.after.pid:
        wrong.append("another process")
    if abs(course.files_more) > FILES_MORE:
        wrong.append("files were left open")
    if course.growth > GROWTH_BYTES:
        wrong.append("memory has grown")
    if attack.outcomes["left hanging"]:
        wrong.append("some who had hung up were left hanging")
    if course.failed or not all(each.acked for each in course.fire):
        wrong.append("the healthy chat was not answered as it should be")
    return wrong


def main() -> None:
    """Run it as the command line says; exit 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--path", choices=["fast", "portable"], default="fast")
    parser.add_argument("--pause", type=float, default=LONG_PAUSE_S)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        long = partial(fuzz, pause_s=chosen.pause, parts=PARTS)
        asked = (Path(folder), chosen.path, chosen.count, chosen.seed)
        verdict = trio.run(long, *asked)
    if verdict.ratio > MOST_TIMES:
        verdict.wrong.append("the slowest answers took too long under fire")
    sys.stdout.write("\n".join([*verdict.lines, *verdict.wrong, ""]))
    sys.exit(1 if verdict.wrong else 0)


if __name__ == "__main__":
    main()
