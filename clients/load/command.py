"""`shopwire load`: load a broker, judge it, and say so in an exit code."""

import sys
from pathlib import Path

import click

from clients.load import plan
from clients.load.asked import Files, Options, given
from clients.load.comparing import ratios, read
from clients.load.crowd import NotSetUp
from clients.load.loop import AVAILABLE
from clients.load.outputs import as_csv, as_json, as_junit
from clients.load.page import page
from clients.load.people import Unreachable
from clients.load.plan import BadPlan
from clients.load.report import Report
from clients.load.table import printed
from clients.load.whole import carried_out

_file = click.Path(dir_okay=False, path_type=Path)


@click.command("load")
@click.argument("scenario", required=False, type=_file)
@click.option("--url", help="ws[s]://HOST:PORT/ws; without it a broker is started.")
@click.option("--ca", metavar="FILE", type=_file, help="Authorities to believe.")
@click.option("--insecure", is_flag=True, help="Believe any certificate.")
@click.option("--site-key", metavar="FILE", type=_file, help="A shop's key.")
@click.option("--tokens", metavar="FILE", type=_file, help="People, one a line.")
@click.option("--chats", type=int, help="Chats at the same time.  [default: 10]")
@click.option("--agents", type=int, help="Who share them.  [default: 2]")
@click.option("--tabs", type=int, help="Connections of an agent.  [default: 1]")
@click.option("--rate", help="Messages of all together.  [default: 10/s]")
@click.option("--duration", help="[default: 10s]")
@click.option("--seed", type=int, help="The same seed gives the same traffic.")
@click.option("--mix", type=click.Choice(list(plan.MIXES)), help="How people behave.")
@click.option("--closed", is_flag=True, help="People wait for answers.")
@click.option("--chaos", help="What goes wrong, as drop=2%,stall=1%,kill=3.")
@click.option("--threshold", multiple=True, help="What has to hold: send.p99<150ms.")
@click.option("--workers", type=int, help="Processes to share the work.  [default: 1]")
@click.option("--script", metavar="FILE.py", type=_file, help="Behaviour of your own.")
@click.option("--json", metavar="FILE", type=_file, help="Write the report there.")
@click.option("--html", metavar="FILE", type=_file, help="As a page with plots.")
@click.option("--csv", metavar="FILE", type=_file, help="Its seconds, one a line.")
@click.option("--junit", metavar="FILE", type=_file, help="Its promises, as tests.")
@click.option("--compare", metavar="OLD.json", type=_file, help="With an old report.")
def command(**options: object) -> None:
    """Load a broker, and say whether it held.

    Exit code: 0 it held, 99 something broke, 3 no verdict, 2 bad arguments.
    """
    if not AVAILABLE:
        raise click.ClickException("The load tester needs Linux: it lives on epoll.")
    try:
        wanted = given(Options.of(options))
        old = read(wanted.files.compare) if wanted.files.compare else None
        wanted.files.check()
        report = carried_out(wanted)
    except BadPlan as error:
        raise click.UsageError(f"{error}.") from error
    except (Unreachable, NotSetUp) as error:
        raise click.ClickException(f"It did not begin: {error}.") from error
    written(report, old, wanted.files)
    printed(report, ratios(old, report) if old else [])
    sys.exit(report.exit)


def written(report: Report, old: Report | None, files: Files) -> None:
    """Write the report where it is wanted."""
    if files.json is not None:
        files.json.write_bytes(as_json(report))
    if files.csv is not None:
        files.csv.write_text(as_csv(report))
    if files.junit is not None:
        files.junit.write_text(as_junit(report))
    if files.html is not None:
        files.html.write_text(page(report, old))
