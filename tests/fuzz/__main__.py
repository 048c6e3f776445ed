"""`python -m tests.fuzz`: a long siege, by a seed that repeats it."""

import argparse
import sys
import tempfile
from pathlib import Path

import trio

from tests.fuzz.attack import PAUSE_S, Attack
from tests.fuzz.siege import FILES_MORE, GROWTH_BYTES, Siege, State, besieged

WARM_UP = 2000
"""Handshakes and frames before anything is measured: imports and caches come once."""
CALM_SHARE = 5000
"""Handshakes and frames for each second of calm that they are compared with: a 99th
percentile wants hundreds of answers, not a lucky few."""

LONG_PAUSE_S = 0.18
"""Between two connections of an attacker where there is time for it (see `PAUSE_S`): as
long as the healthy chat does not come to the end of its journal meanwhile."""


class Verdict:
    """What a siege has come to, in words and in judgement."""

    def __init__(self, lines: list[str], wrong: list[str]) -> None:
        self.lines = lines
        self.wrong = wrong


async def fuzz(
    folder: Path, path: str, count: int, seed: int, pause_s: float = PAUSE_S
) -> Verdict:
    """Attack a broker served by `path`; return how it bore that."""
    async with besieged(folder, path) as siege:
        attack = Attack(siege.address, siege.tokens, siege.chats, seed)
        attack.pause_s = pause_s
        files = siege.state().files
        await attack.run(WARM_UP)
        await siege.calm(files)
        async with siege.healthy() as calm:
            await trio.sleep(max(2, count / CALM_SHARE))
        before = siege.state()
        began = trio.current_time()
        attack.said = 0
        attack.outcomes.clear()
        async with siege.healthy() as under_fire:
            await attack.run(count)
        took = trio.current_time() - began
        after = await siege.calm(before.files)
        lines = [
            f"{path}, seed {seed}, {took:.0f} s",
            f"  {attack.said} handshakes and frames",
            f"  {attack.outcomes.total()} connections",
            f"  ended: {dict(attack.outcomes.most_common())}",
            f"  a chat in calm:     {calm[0]}",
            f"  a chat under fire:  {under_fire[0]}",
            _held(before, after),
        ]
        wrong = _wrong(siege, before, after)
        if attack.outcomes["left hanging"]:
            wrong.append("some who had hung up were left hanging")
        account = under_fire[0]
        if account.unanswered or account.gaps or not account.acked:
            wrong.append("the healthy chat was not answered as it should be")
        return Verdict(lines, wrong)


def _held(before: State, after: State) -> str:
    return (
        f"  pid {before.pid} -> {after.pid}, files {before.files} -> {after.files},"
        f" memory {before.resident / 2**20:.1f} -> {after.resident / 2**20:.1f} MiB,"
        f" CPU {after.cpu_s - before.cpu_s:.1f} s"
    )


def _wrong(siege: Siege, before: State, after: State) -> list[str]:
    wrong = [f"logged: {line}" for line in siege.complaints()]
    if before.pid != after.pid:
        wrong.append("another process")
    if abs(after.files - before.files) > FILES_MORE:
        wrong.append("files were left open")
    if after.resident - before.resident > GROWTH_BYTES:
        wrong.append("memory has grown")
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
        asked = (Path(folder), chosen.path, chosen.count, chosen.seed, chosen.pause)
        verdict = trio.run(fuzz, *asked)
    sys.stdout.write("\n".join([*verdict.lines, *verdict.wrong, ""]))
    sys.exit(1 if verdict.wrong else 0)


if __name__ == "__main__":
    main()
