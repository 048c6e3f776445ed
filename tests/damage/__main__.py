"""`python -m tests.damage`: kills under load, damaged folders, and what came of it."""

import argparse
import logging
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import randrange

import trio

from clients.load.workers import ROOT
from tests.damage.harms import HARMS, plan
from tests.damage.judging import Case, Outcome, tried
from tests.damage.shop import talked

APART_S = 4
"""Seconds of load for each kill: the broker is back after one."""
FAULTS = "full=4,slow=4,clock=4"


def main() -> None:
    """Run all of it and print the table; exit with 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.damage", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--damages", type=int, default=160)
    parser.add_argument("--seed", type=int, default=randrange(2**32))
    asked = parser.parse_args()
    say(f"seed {asked.seed}")
    # Hundreds of tracebacks of chats that cannot be read: the table says it.
    logging.disable()
    with tempfile.TemporaryDirectory(prefix="shopwire-damage-") as place:
        cases = trio.run(damage, Path(place), asked.damages, asked.seed)
    say(*table(cases))
    held = not any(case.outcome is Outcome.WRONG for case in cases)
    if asked.kills:
        held &= loaded(f"kill={asked.kills}", APART_S * asked.kills, asked.seed)
        held &= loaded(FAULTS, 60, asked.seed)
    say("it held" if held else "it did not hold")
    sys.exit(0 if held else 1)


async def damage(place: Path, many: int, seed: int) -> list[Case]:
    """Return what came of `many` damaged folders."""
    shop = await talked(place)
    return [
        await tried(shop, place / f"case-{n}", harm, f"{seed} {n}")
        for n, harm in enumerate(plan(many))
    ]


def table(cases: list[Case]) -> list[str]:
    """Return the lines that are printed of them."""
    counted = Counter((case.harm, case.outcome) for case in cases)
    heads = "".join(f"  {outcome.value:>24}" for outcome in Outcome)
    lines = [f"{'':26}{heads}  {'named by doctor':>16}"]
    for harm in HARMS:
        numbers = "".join(f"  {counted[harm.name, each]:24}" for each in Outcome)
        named = sum(case.harm == harm.name and case.doctor > 0 for case in cases)
        lines.append(f"{harm.name:26}{numbers}  {named:16}")
    lines += [
        f"wrong: {case.harm}, seed {case.seed!r}: {case.why}"
        for case in cases
        if case.outcome is Outcome.WRONG
    ]
    return lines


def loaded(chaos: str, seconds: int, seed: int) -> bool:
    """Return whether a broker that is harmed under load loses and doubles nothing."""
    words = f"load --chats 40 --agents 4 --rate 40/s --duration {seconds}s".split()
    words += ["--chaos", chaos, "--seed", str(seed)]
    run = subprocess.run(
        [sys.executable, "-m", "broker", *words],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    # What goes wrong before anything is measured is said elsewhere.
    say(f"{chaos} in {seconds} s of load:", (run.stdout or run.stderr).strip())
    return run.returncode == 0


def say(*lines: str) -> None:
    """Print them."""
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
