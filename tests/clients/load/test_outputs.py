"""Reports as people and programs read them."""

import csv
from io import StringIO
from xml.etree import ElementTree as ET

import msgspec
import pytest

from clients.load.comparing import ratios
from clients.load.figures import Figures, Shelf
from clients.load.outputs import as_csv, as_json, as_junit
from clients.load.page import page
from clients.load.plan import Plan, threshold
from clients.load.plots import Chart, Series, drawn
from clients.load.report import Report, Run, Server, reported
from clients.load.verdict import summed

PLAN = Plan(duration=2, rate=5)


def shelf(*, late_s: float = 0.001, took_s: float = 0.02, lost: int = 0) -> Shelf:
    """Return what was counted in a run of ten messages."""
    figures = Figures()
    for number in range(10):
        at = number / 5
        figures.offered(at, at + late_s)
        figures.totals["answered"] += 1
        figures.took("send", at, at + late_s + took_s)
    for _ in range(lost):
        figures.wrong("lost", "<c>", "seq 4 was skipped", 1.0)
    counted = figures.shelved(0.1, 2.0)
    counted.scheduled = 10
    return counted


def report(counted: Shelf, *thresholds: str) -> Report:
    bounds = tuple(threshold(text) for text in thresholds)
    server = Server(0.5, 50.0, 60.0)
    return reported(Run(PLAN, bounds, "<stub>", 0.0, summed([counted]), server))


@pytest.mark.parametrize(
    ("counted", "bound", "verdict", "code"),
    [
        (shelf(), "send.p99<30ms", "pass", 0),
        (shelf(), "send.p99<20.5ms", None, 3),
        (shelf(took_s=0.05), "send.p99<20ms", "fail", 99),
        (shelf(lost=1), "send.p99<30ms", "fail", 99),
        (shelf(late_s=0.5), "send.p99<900ms", None, 3),
        (shelf(late_s=0.5, lost=1), "send.p99<900ms", "fail", 99),
        (shelf(), "resume.p99<30ms", "fail", 99),
    ],
)
def test_the_verdict_follows_from_the_figures(
    counted: Shelf, bound: str, verdict: str | None, code: int
) -> None:
    made = report(counted, bound)
    assert (made.verdict, made.exit) == (verdict, code), made.why


def test_what_was_not_sent_in_time_leaves_no_verdict() -> None:
    counted = shelf()
    counted.scheduled = 20
    assert report(counted).verdict is None


def test_a_late_generator_does_not_blame_others_for_what_had_not_come() -> None:
    counted = shelf(late_s=2, lost=3)
    counted.totals["never_came"] = 3
    made = report(counted)
    assert made.verdict is None
    assert made.correctness["lost"].count == 0


def test_the_json_has_what_the_contract_names() -> None:
    said = msgspec.json.decode(as_json(report(shelf(), "send.p99.9<1000ms")))
    assert {"verdict", "thresholds", "offered", "achieved"} <= said.keys()
    for kind in ("send", "fanout", "resume"):
        assert {"p50", "p95", "p99", "p999"} <= said["latency"][kind].keys()
    for what in ("lost", "duplicated", "misordered", "misrouted"):
        assert said["correctness"][what]["count"] == 0
    names = said["generator"].keys()
    assert {name.partition("_")[0] for name in names} >= {"lateness", "cpu"}
    assert (said["offered"], said["achieved"]) == (5.0, 5.0)


def test_a_second_is_a_line_and_a_promise_a_test_case() -> None:
    made = report(shelf(lost=1), "send.p99<30ms", "fanout.p99<30ms")
    rows = list(csv.DictReader(StringIO(as_csv(made))))
    assert [row["offered"] for row in rows] == ["5", "5"]
    suite = ET.fromstring(as_junit(made))  # noqa: S314  # our own
    failed = {case.get("name") for case in suite if case.find("failure") is not None}
    assert failed == {"fanout.p99<30ms", "nothing lost"}


def test_the_page_is_whole_and_shows_what_others_named_as_text() -> None:
    made = report(shelf(lost=1), "send.p99<30ms")
    text = page(made, report(shelf()))
    assert "<stub>" not in text
    assert "&lt;c&gt;" in text
    assert "http" not in text
    assert text.count("<svg") == text.count("</svg>") >= 4


def test_a_line_has_gaps_and_an_empty_chart_is_one() -> None:
    gap = Series("p99", "a", [1.0, None, 3.0, 2.5])
    assert drawn(Chart("Send", "ms", (gap,))).count("M") == 2
    assert "<svg" in drawn(Chart("Send", "ms", (Series("p99", "a", []),)))


def test_ratios_are_of_what_both_have() -> None:
    old, new = report(shelf()), report(shelf(took_s=0.041))
    found = {each.name: round(each.times, 1) for each in ratios(old, new)}
    assert found["send.p99"] == 2.0
    assert "resume.p99" not in found
