"""`shopwire load`: load a broker, judge it, and say so in an exit code."""

import sys
import time
from functools import partial
from pathlib import Path
from typing import TypedDict, Unpack

import click
import msgspec
import trio

from clients.load import people, plan
from clients.load.crowd import NotSetUp
from clients.load.figures import Shelf
from clients.load.loop import AVAILABLE
from clients.load.plan import BadPlan, Plan, Threshold
from clients.load.report import Report, Run, reported
from clients.load.running import Part, Watched, made, run, soon
from clients.load.table import printed
from clients.load.verdict import summed


class Options(TypedDict):
    """The command line."""

    scenario: Path | None
    url: str | None
    site_key: Path | None
    tokens: Path | None
    chats: int | None
    agents: int | None
    rate: str | None
    duration: str | None
    seed: int | None
    mix: str | None
    chaos: str | None
    threshold: tuple[str, ...]
    json: Path | None


_file = click.Path(dir_okay=False, path_type=Path)


@click.command("load")
@click.argument("scenario", required=False, type=_file)
@click.option("--url", help="ws://HOST:PORT/ws of the broker to load.")
@click.option("--site-key", metavar="FILE", type=_file, help="A shop's key.")
@click.option("--tokens", metavar="FILE", type=_file, help="People, one a line.")
@click.option("--chats", type=int, help="Chats at the same time.")
@click.option("--agents", type=int, help="Among whom they are shared.")
@click.option("--rate", help="Messages of all together, as 200/s.")
@click.option("--duration", help="As 60s.")
@click.option("--seed", type=int, help="The same seed gives the same traffic.")
@click.option("--mix", type=click.Choice(list(plan.MIXES)), help="How people behave.")
@click.option("--chaos", help="What goes wrong, as drop=2%,stall=1%.")
@click.option("--threshold", multiple=True, help="What has to hold, as send.p99<150ms.")
@click.option("--json", metavar="FILE", type=_file, help="Write the report there.")
def command(**options: Unpack[Options]) -> None:
    """Load a broker, and say whether it held.

    Exit code: 0 it held, 99 something broke, 3 no verdict, 2 bad arguments.
    """
    if not AVAILABLE:
        raise click.ClickException("The load tester needs Linux: it lives on epoll.")
    try:
        part, thresholds = asked(options)
    except BadPlan as error:
        raise click.UsageError(f"{error}.") from error
    except people.Unreachable as error:
        raise click.ClickException(f"{error}.") from error
    began = time.time()
    try:
        shelves = ran(part)
    except NotSetUp as error:
        raise click.ClickException(f"It did not begin: {error}.") from error
    report = reported(
        Run(
            part.plan,
            thresholds,
            options["url"] or "",
            began,
            summed(shelves),
            None,
        )
    )
    told(report, options)
    sys.exit(report.exit)


def asked(options: Options) -> tuple[Part, tuple[Threshold, ...]]:
    """Return what the command line asks for.

    Raises:
        BadPlan: it cannot be done.
        Unreachable: there is no such host.
    """
    thresholds = tuple(plan.threshold(text) for text in options["threshold"])
    wanted = planned(options)
    url = options["url"]
    if url is None:
        raise BadPlan("--url ws://HOST:PORT/ws is missing")
    if options["tokens"] is not None:
        crowd = people.from_tokens(options["tokens"], wanted)
    elif options["site_key"] is not None:
        crowd = people.from_site_key(options["site_key"], wanted)
    else:
        raise BadPlan("--url needs --tokens FILE or --site-key FILE")
    return Part(wanted, people.address(url), crowd), thresholds


def planned(options: Options) -> Plan:
    """Return the plan of the command line.

    Raises:
        BadPlan: it makes no sense.
    """
    given: dict[str, object] = {
        name: options[name]
        for name in ("chats", "agents", "seed")
        if options[name] is not None
    }
    if options["rate"] is not None:
        given["rate"] = plan.rate(options["rate"])
    if options["duration"] is not None:
        given["duration"] = plan.duration(options["duration"])
    if options["mix"] is not None:
        given["mix"] = plan.MIXES[options["mix"]]
    if options["chaos"] is not None:
        given["chaos"] = plan.chaos(options["chaos"])
    return msgspec.structs.replace(Plan(), **given).checked()


def ran(part: Part) -> list[Shelf]:
    """Run the part, or the workers that share it.

    Raises:
        NotSetUp: it did not begin.
    """
    try:
        return [trio.run(partial(run, Watched(made(part), soon)))]
    except* NotSetUp as errors:
        raise errors.exceptions[0] from None


def told(report: Report, options: Options) -> None:
    """Print the report, and write it where it is wanted."""
    if options["json"] is not None:
        text = msgspec.json.format(msgspec.json.encode(report))
        options["json"].write_bytes(text + b"\n")
    printed(report)
