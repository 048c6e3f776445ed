import msgspec
import pytest

from benchmarks.broker import OURS
from benchmarks.chart import Bar, Panel, draw
from benchmarks.costs import Split, split
from benchmarks.ratios import Spread
from benchmarks.readings import Stage, Start, load, save
from benchmarks.report import render
from benchmarks.tables import number, ranged, table
from benchmarks.targets import Target, measured, reached
from tests.benchmarks.examples import results, talked

MSGPACK = OURS[0]


def test_a_table_has_a_row_a_server() -> None:
    rows = [["ws", "1.0"], ["a|b", "2.0"]]
    assert table(("server", "µs"), rows) == (
        "| server | µs |\n|---|---|\n| ws | 1.0 |\n| a\\|b | 2.0 |\n"
    )


def test_numbers_are_written_for_people() -> None:
    assert number(12345.678, 1) == "12,345.7"
    assert ranged(Spread(2.0, 1.0, 3.25, 5), 2) == "2.00 [1.00–3.25]"  # noqa: RUF001  # a range


def test_the_page_compares_the_broker_with_each_peer() -> None:
    page = render(
        results(talked(MSGPACK, cpu_s=0.5), talked("socket.io", cpu_s=2.0)), "p.svg"
    )
    assert "| **Shopwire msgpack** | 50.0 [50.0–50.0] |  |  |" in page  # noqa: RUF001  # a range
    assert "| socket.io | 200.0 [200.0–200.0] | 0.25 [0.25–0.25] |  |" in page  # noqa: RUF001  # a range
    assert "All 2 runs were right" in page


def test_the_page_names_the_runs_that_went_wrong() -> None:
    page = render(results(talked(MSGPACK), talked("ws", missing=3)), "p.svg")
    assert "| 1 | talk-200 | ws | 3 missing |" in page
    assert "| ws | " not in page.partition("## Figures")[2].partition("###")[2][:300]


@pytest.mark.parametrize(
    ("target", "value", "kept"),
    [
        (Target("talk-200", "socket.io", 0.5), 0.5, True),
        (Target("talk-200", "socket.io", 0.5), 0.51, False),
        (Target("connects", "centrifuge", 1.5), 1.5, True),
        (Target("connects", "centrifuge", 1.5), 1.4, False),
    ],
)
def test_a_target_is_reached_up_to_its_limit(
    target: Target, value: float, *, kept: bool
) -> None:
    assert reached(target, Spread(value, value, value, 1)) is kept


def test_a_target_against_a_peer_takes_the_ratio() -> None:
    found = results(talked(MSGPACK, cpu_s=1.0), talked("socket.io", cpu_s=2.0))
    target = Target("talk-200", "socket.io", 0.5)
    assert measured(found, target, MSGPACK) == Spread(0.5, 0.5, 0.5, 1)
    assert measured(found, target, OURS[1]) is None


def test_the_threads_are_told_apart() -> None:
    found = split(talked(MSGPACK, cpu_s=1.0, sent=10_000))
    assert found is not None
    assert found == pytest.approx(Split(70.0, 30.0, 0.0))


def test_starts_and_stages_are_on_the_page() -> None:
    found = msgspec.structs.replace(
        results(talked(MSGPACK)),
        starts=(Start(0, "kill", 10_000, 0.62, 0.55, 51_200, 1.0),),
        stages=(Stage("framer: feed", "json", 1.0, 1.2), Stage("gate", "", 5.0, 6.0)),
    )
    page = render(found, "p.svg")
    assert "| `kill -9` | 10,000 | 0.62 [0.62–0.62] |" in page  # noqa: RUF001  # a range
    assert "| framer: feed |  | 1.00 (1.20) |" in page
    assert "| gate | 5.00 (6.00) | 5.00 (6.00) |" in page


def test_results_are_read_as_they_were_saved() -> None:
    found = results(talked(MSGPACK), talked("ws", missing=3))
    assert load(save(found)) == found


def test_the_longest_bar_fills_the_picture() -> None:
    bars = [
        Bar("a <b>", Spread(50.0, 40.0, 100.0, 3), ours=True),
        Bar("c", Spread(25.0, 25.0, 25.0, 3), ours=False),
    ]
    picture = draw([Panel("CPU", "µs", 1, bars)])
    assert 'width="235.0"' in picture  # half of 470: its whisker reaches the end
    assert 'width="117.5"' in picture
    assert "a &lt;b&gt;" in picture
