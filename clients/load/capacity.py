"""`shopwire capacity`: how many chats this machine holds, and what gives way first."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click
import msgspec
from rich.console import Console

from clients.load import plan
from clients.load.asked import Files, Wanted
from clients.load.crowd import NotSetUp
from clients.load.loop import AVAILABLE
from clients.load.plan import BadPlan, Plan
from clients.load.report import Report
from clients.load.whole import carried_out

FULL = 0.85
"""Share of a core above which a process of one thread has no more to give."""
CHATS_PER_AGENT = 20
FINER = 2
"""Steps between what held and what did not, once that is known."""
NO_FILES = Files(None, None, None, None, None)


class Step(msgspec.Struct):
    """One run on the way up."""

    chats: int
    rate: float
    send_p99: float | None
    broker_share: float
    """Of a core."""
    generator_share: float
    held: bool
    why: str


class Found(msgspec.Struct):
    """What it comes to; the JSON that `--json` writes."""

    chats: int
    """The most that held; 0 if none did."""
    threshold: str
    limit: str
    """What gave way first."""
    steps: list[Step]


class Climb(NamedTuple):
    """How it is found out."""

    first: int
    per_chat: float
    """Messages of a chat in a second."""
    duration: float
    threshold: plan.Threshold
    most: int
    workers: int


@click.command("capacity")
@click.option("--first", default=50, show_default=True, help="Chats to begin with.")
@click.option("--most", default=20_000, show_default=True, help="And to end with.")
@click.option("--per-chat", default="15/m", show_default=True, help="Messages.")
@click.option("--duration", default="10s", show_default=True, help="Of each step.")
@click.option("--threshold", default="send.p99<150ms", show_default=True)
@click.option("--workers", default=1, show_default=True, help="Load generators.")
@click.option("--json", "to_json", type=click.Path(path_type=Path), metavar="FILE")
def command(to_json: Path | None, **options: object) -> None:
    """Load a broker of its own more and more, until it no longer holds."""
    if not AVAILABLE:
        raise click.ClickException("The load tester needs Linux: it lives on epoll.")
    try:
        climb = Climb(
            first=int(str(options["first"])),
            per_chat=plan.rate(str(options["per_chat"])),
            duration=plan.duration(str(options["duration"])),
            threshold=plan.threshold(str(options["threshold"])),
            most=int(str(options["most"])),
            workers=int(str(options["workers"])),
        )
        found = climbed(climb, tried)
    except BadPlan as error:
        raise click.UsageError(f"{error}.") from error
    if to_json is not None:
        text = msgspec.json.format(msgspec.json.encode(found))
        to_json.write_bytes(text + b"\n")
    Console(highlight=False).print(said(found), soft_wrap=True)


def climbed(climb: Climb, try_: Callable[[Climb, int], Step]) -> Found:
    """Return what is found by doubling until it breaks, and then by halving."""
    steps: list[Step] = []
    held, broke, chats = 0, 0, climb.first
    while not broke and chats <= climb.most:
        steps.append(try_(climb, chats))
        if steps[-1].held:
            held, chats = chats, chats * 2
        else:
            broke = chats
    for _ in range(FINER if held and broke else 0):
        middle = (held + broke) // 2
        steps.append(try_(climb, middle))
        held, broke = (middle, broke) if steps[-1].held else (held, middle)
    failed = [step for step in steps if not step.held]
    limit = _limit(min(failed, key=lambda step: step.chats)) if failed else "nothing"
    return Found(held, climb.threshold.text, limit, steps)


def tried(climb: Climb, chats: int) -> Step:
    """Return how it went with so many chats.

    Raises:
        BadPlan: there are none.
    """
    wanted = Plan(
        chats=chats,
        agents=max(1, chats // CHATS_PER_AGENT),
        rate=chats * climb.per_chat,
        duration=climb.duration,
        workers=min(climb.workers, chats),
    ).checked()
    try:
        report = carried_out(
            Wanted(wanted, (climb.threshold,), None, None, None, NO_FILES)
        )
    except NotSetUp as error:
        return Step(chats, wanted.rate, None, 0.0, 0.0, held=False, why=str(error))
    return step(report)


def step(report: Report) -> Step:
    """Return a run as a step."""
    server = report.server
    share = server.cpu_s / report.duration_s if server else 0.0
    return Step(
        report.plan.chats,
        report.plan.rate,
        report.latency["send"]["p99"],
        round(share, 2),
        report.generator.cpu_share,
        held=report.verdict == "pass",
        why=report.why,
    )


def _limit(broken: Step) -> str:
    """Return what gave way, as far as it can be seen from outside."""
    cores = os.cpu_count() or 1
    if broken.broker_share > FULL:
        return "the broker's core"
    if broken.broker_share + broken.generator_share > FULL * cores:
        return "the machine's cores, shared with the load generator"
    if "bottleneck" in broken.why:
        return "the load generator; more --workers may help"
    return "neither core: the disk, or others on this machine"


def said(found: Found) -> str:
    """Return what was found, in words."""
    lines = [
        f"{step.chats:6} chats, {step.rate:g}/s: p99 {step.send_p99 or 0:.1f} ms,"
        f" broker {step.broker_share:.0%}, generator {step.generator_share:.0%}"
        f" of a core: {'held' if step.held else step.why}"
        for step in found.steps
    ]
    held = f"This machine holds {found.chats} concurrent chats at {found.threshold}"
    first = f"what saturates first: {found.limit}"
    if found.limit == "nothing":
        first = "nothing was saturated up to there"
    return "\n".join([*lines, f"{held}; {first}."])
