"""The report as one page that needs nothing else: to be kept, sent and printed."""

from collections.abc import Callable, Iterable, Sequence
from html import escape

from clients.load.comparing import ratios
from clients.load.figures import KINDS
from clients.load.plots import Chart, Series, drawn
from clients.load.report import PerSecond, Report

PERCENTILES = ("p50", "p90", "p95", "p99", "p999", "max")
WORDS = {"pass": "Held", "fail": "Broke", None: "No verdict"}
STYLE = """
:root{--ink:#1a1d21;--soft:#5d646d;--faint:#e4e7ea;--paper:#fff;--good:#1a7f37;
--bad:#c4232b;--odd:#9a6700;--a:#2f6fde;--b:#0d9488;--old:#a9b0b8}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#9aa3ad;--faint:#2c3138;
--paper:#15181c;--good:#4ac26b;--bad:#ff7b72;--odd:#e3b341;--a:#79aaff;--b:#3ecfc0;
--old:#596069}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:800px;padding:32px 24px 64px;background:var(--paper);
color:var(--ink);font:14px/1.45 system-ui,sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:20px;line-height:1.3;margin:0 0 8px}
h1 b{padding:0 8px;border-radius:8px;color:var(--paper);margin-right:8px}
.pass b{background:var(--good)}.fail b{background:var(--bad)}
.none b{background:var(--odd)}
h2{font-size:14px;margin:32px 0 8px}h2 small{font-weight:400;color:var(--soft)}
p{margin:4px 0}.soft,small{color:var(--soft)}.bad{color:var(--bad)}
.good{color:var(--good)}
table{border-collapse:collapse;width:100%}
th,td{text-align:right;padding:4px 8px;border-bottom:1px solid var(--faint)}
th{font-weight:400;color:var(--soft)}th:first-child,td:first-child{text-align:left;
padding-left:0}
svg{width:100%;height:auto;display:block}.wide{overflow-x:auto}
@media (max-width:560px){.wide svg{min-width:560px}th,td{padding:4px}}
.grid{stroke:var(--faint)}.scale{fill:var(--soft);font-size:11px}
.line{fill:none;stroke-width:1.5;stroke-linejoin:round}.name{font-size:11px}
.a{stroke:var(--a)}.b{stroke:var(--b)}.bad.line{stroke:var(--bad)}.old{stroke:var(--old)}
.light{opacity:.5}.name{stroke:none}.name.a{fill:var(--a)}.name.b{fill:var(--b)}
.name.bad{fill:var(--bad)}.name.old{fill:var(--soft)}
@media print{body{padding:0;max-width:none}h2{break-after:avoid}svg{break-inside:avoid}}
"""

Pick = Callable[[PerSecond], float | None]


def page(report: Report, old: Report | None = None) -> str:
    """Return the page; `old` is laid under the plots, and compared with."""
    parts = [
        _verdict(report),
        _correctness(report),
        table("Latency", "ms", _latencies(report)),
        _thresholds(report),
        *(plot(chart) for chart in _charts(report, old)),
        table("Errors", "by code", _errors(report)) if report.errors else "",
        table("Used", "", _used(report)),
        _beside(report),
        table("Compared", "new over old", _compared(report, old)) if old else "",
    ]
    return whole(f"{WORDS[report.verdict]}: load report", parts)


def whole(title: str, parts: Iterable[str]) -> str:
    """Return a page with a style of its own, made of elements."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f"<main>{''.join(parts)}</main></html>\n"
    )


def _verdict(report: Report) -> str:
    word, plan = WORDS[report.verdict], report.plan
    said = report.why.removeprefix(f"{word}: ")
    who = f"{plan.chats} chats, {plan.agents} agents, {plan.rate:g} messages/s"
    early = ", stopped early" if report.stopped else ""
    return (
        f'<h1 class="{report.verdict or "none"}"><b>{word}</b>{escape(said)}</h1>'
        f'<p class="soft">{escape(report.target)} · {who} · {report.duration_s:g} s'
        f"{early} · {escape(report.began_at)}<br>seed {report.seed} · "
        f"traffic {report.traffic_hash or 'not finished'}</p>"
    )


def _correctness(report: Report) -> str:
    counts = ", ".join(
        f"{wrong.count} {what.replace('_', ' ')}"
        for what, wrong in report.correctness.items()
    )
    clean = not any(wrong.count for wrong in report.correctness.values())
    samples = [
        f'<p class="soft">{sample.at:.2f} s · {escape(sample.chat)} · '
        f"{escape(sample.what)}</p>"
        for wrong in report.correctness.values()
        for sample in wrong.samples
    ]
    problems = [f'<p class="bad">{escape(problem)}</p>' for problem in report.problems]
    style = "good" if clean else "bad"
    return f'<p class="{style}">{counts}</p>' + "".join(problems + samples)


def table(title: str, unit: str, rows: Iterable[Sequence[str]]) -> str:
    """Return rows of cells under a title; the first row is the head."""
    head, *body = rows
    cells = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in body
    )
    small = f" <small>{escape(unit)}</small>" if unit else ""
    rows_ = f"<table><tr>{cells}</tr>{lines}</table>"
    return f'<h2>{escape(title)}{small}</h2><div class="wide">{rows_}</div>'


def _thresholds(report: Report) -> str:
    if not report.thresholds:
        return ""
    rows = [
        ("", "it was", ""),
        *(
            (
                each.threshold,
                "not measured" if each.value_ms is None else f"{each.value_ms:.1f} ms",
                "held" if each.held else "broke",
            )
            for each in report.thresholds
        ),
    ]
    return table("Thresholds", "", rows)


def _latencies(report: Report) -> Iterable[Sequence[str]]:
    yield ("", *PERCENTILES, "count")
    for kind in KINDS:
        found = report.latency[kind]
        cells = (_figure(found[name]) for name in PERCENTILES)
        yield (kind, *cells, str(found["count"]))


def _errors(report: Report) -> Iterable[Sequence[str]]:
    yield ("", "count")
    for code, count in report.errors.items():
        yield (code, str(count))


def _used(report: Report) -> Iterable[Sequence[str]]:
    made, server, totals = report.generator, report.server, report.totals
    yield ("", "CPU s", "µs a message", "late p50 ms", "late p99 ms", "memory MiB")
    late = (_figure(made.lateness_p50_ms), _figure(made.lateness_p99_ms))
    each = made.cpu_s * 1e6 / totals["answered"] if totals.get("answered") else None
    yield ("generator", f"{made.cpu_s:.2f}", _whole(each), *late, "")
    if server is not None:
        cpu = (f"{server.cpu_s:.2f}", _whole(server.cpu_us_per_message))
        yield ("broker", *cpu, "", "", f"{server.memory_mib:.0f}")


def _whole(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _beside(report: Report) -> str:
    """Return what was done, checked and moved beside the messages."""
    totals = report.totals
    done = [(n, k.removeprefix("chaos_")) for k, n in totals.items() if "chaos_" in k]
    parts = [f"{totals.get('check_ins', 0)} check-ins and {totals.get('badges', 0)}"]
    parts[0] += " agents' badges were judged"
    if done:
        parts.append(
            "done to the broker: " + ", ".join(f"{n} {what}" for n, what in done)
        )
    sent, received = totals.get("sent_bytes", 0), totals.get("received_bytes", 0)
    parts.append(f"{sent:,} bytes sent, {received:,} received")
    return f'<p class="soft">{escape(" · ".join(parts))}</p>'


def _compared(report: Report, old: Report) -> Iterable[Sequence[str]]:
    yield ("", "old", "new", "ratio")
    for each in ratios(old, report):
        yield (
            each.name,
            _figure(each.old),
            _figure(each.new),
            f"{each.times:.2f}",
        )


def _charts(report: Report, old: Report | None) -> Iterable[Chart]:
    for kind, what in (("send", "until answered"), ("fanout", "until received")):
        half, most = _latency(kind, "p50"), _latency(kind, "p99")
        lines = [
            _series("p99", "a", report, most),
            _series("p50", "b", report, half),
        ]
        if old:
            lines.append(_series("p99 before", "old", old, most))
        yield Chart(f"{kind.capitalize()}, {what}", "ms", tuple(lines))
    rates = [
        _series("offered", "b", report, lambda second: second.offered),
        _series("answered", "a", report, lambda second: second.answered),
    ]
    yield Chart("Rate", "messages/s", tuple(rates))
    people = _series("connections", "b", report, lambda second: second.connections)
    yield Chart("Connections", "", (people,))
    if report.errors:
        errors = _series("errors", "bad", report, lambda second: second.errors)
        yield Chart("Errors", "per second", (errors,))


def _latency(kind: str, name: str) -> Pick:
    field = f"{kind}_{name}"
    return lambda second: getattr(second, field)


def _series(name: str, style: str, report: Report, pick: Pick) -> Series:
    # What came after the run belongs to no rate.
    lasted = max(int(report.duration_s + 0.5), 1)
    return Series(name, style, [pick(second) for second in report.seconds[:lasted]])


def plot(chart: Chart) -> str:
    """Return a chart under its title."""
    small = f" <small>{escape(chart.unit)}</small>" if chart.unit else ""
    drawing = f'<div class="wide">{drawn(chart)}</div>'
    return f"<h2>{escape(chart.title)}{small}</h2>{drawing}"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
