"""The report of a run as people read it in a terminal."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from clients.load.comparing import Ratio
from clients.load.figures import KINDS
from clients.load.report import Report

COLUMNS = ("p50", "p90", "p95", "p99", "p999", "max", "count")
STYLES = {"pass": "bold green", "fail": "bold red", None: "bold yellow"}


def printed(report: Report, compared: Sequence[Ratio] = ()) -> None:
    """Print it; without colours where nobody would see them."""
    console = Console(highlight=False)
    console.print(_latencies(report))
    rate = f"offered {report.offered:g}/s, answered {report.achieved:g}/s"
    console.print(f"{rate} over {report.duration_s:g} s, seed {report.seed}")
    console.print(f"traffic {report.traffic_hash or 'was not finished'}")
    wrongs = (f"{w.count} {n}" for n, w in report.correctness.items())
    console.print("correctness: " + ", ".join(wrongs))
    for wrong in report.correctness.values():
        for sample in wrong.samples[:3]:
            console.print(f"  {sample.at:.2f} s, {sample.chat}: {sample.what}")
    if report.errors:
        listed = (f"{n} {code}" for code, n in report.errors.items())
        console.print("errors: " + ", ".join(listed))
    done = {k: n for k, n in report.totals.items() if k.startswith("chaos_")}
    if done:
        listed = (f"{n} {what.removeprefix('chaos_')}" for what, n in done.items())
        console.print("done to the broker: " + ", ".join(listed))
    plain, sent = (report.totals.get(n, 0) for n in ("images_plain", "images"))
    if plain:
        told = f"{plain} of {plain + sent} went as plain messages"
        console.print(f"images: {told}, not uploaded in time or at all")
    made = report.generator
    late = f"generator: {made.lateness_p99_ms or 0:.1f} ms late at p99"
    console.print(f"{late}, {made.cpu_share:.0%} of a core")
    if report.server is not None:
        each = report.server.cpu_us_per_message or 0
        used = f"broker: {report.server.cpu_s:.2f} s of CPU, {each:.0f} us a message"
        console.print(f"{used}, {report.server.memory_mib:.0f} MiB")
    for ratio in compared:
        figures = f"{ratio.old:.1f} -> {ratio.new:.1f}"
        console.print(f"  {ratio.name}: {figures}, {ratio.times:.2f} times")
    console.print(Text(report.why, STYLES[report.verdict]), soft_wrap=True)


def _latencies(report: Report) -> Table:
    table = Table(box=box.SIMPLE, header_style="dim")
    table.add_column("ms")
    for name in COLUMNS:
        table.add_column(name, justify="right")
    for kind in KINDS:
        found = report.latency[kind]
        table.add_row(kind, *(_figure(found[name], name) for name in COLUMNS))
    return table


def _figure(value: float | None, name: str) -> str:
    if value is None:
        return "-"
    return f"{value:g}" if name == "count" else f"{value:.1f}"
