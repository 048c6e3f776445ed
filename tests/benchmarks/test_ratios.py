from benchmarks.loads import FAN_1000, FIGURES, TALK_200, Figure
from benchmarks.ratios import Spread, compared, per_round, ratio, spread
from tests.benchmarks.examples import results, talked

CPU = next(figure for figure in FIGURES if figure.name == "talk-200")


def test_values_lie_around_their_median() -> None:
    assert spread([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0, 3)
    assert spread([1.0, 2.0]) == Spread(1.5, 1.0, 2.0, 2)
    assert spread([]) is None


def test_a_ratio_is_made_within_each_round() -> None:
    # The second round was three times as slow for both: their ratio does not care.
    found = ratio({0: 10.0, 1: 30.0}, {0: 20.0, 1: 60.0})
    assert found == Spread(0.5, 0.5, 0.5, 2)


def test_a_round_that_one_side_missed_is_in_no_ratio() -> None:
    assert ratio({0: 10.0, 1: 30.0}, {1: 10.0, 2: 5.0}) == Spread(3.0, 3.0, 3.0, 1)
    assert ratio({0: 10.0}, {1: 10.0}) is None


def test_the_cpu_is_shared_among_the_messages_sent() -> None:
    found = results(talked("ws", cpu_s=0.5, sent=10_000))
    assert per_round(found, CPU, "ws") == {0: 50.0}


def test_the_cpu_of_a_fan_is_shared_among_the_deliveries() -> None:
    fan = next(figure for figure in FIGURES if figure.load is FAN_1000)
    run = talked("ws", load="fan-1000", cpu_s=0.5, sent=100, delivered=100_000)
    assert per_round(results(run), fan, "ws") == {0: 5.0}


def test_each_load_gives_figures_of_its_own() -> None:
    found = results(talked("ws"), talked("ws", load="talk-1000", cpu_s=9.0))
    assert per_round(found, CPU, "ws") == {0: 100.0}


def test_a_run_that_went_wrong_is_in_no_figure() -> None:
    runs = (
        talked("ws", number=0, missing=1),
        talked("ws", number=1, misordered=1),
        talked("ws", number=2),
    )
    assert list(per_round(results(*runs), CPU, "ws")) == [2]


def test_two_servers_are_compared_by_a_figure() -> None:
    found = results(
        talked("ours", number=0, cpu_s=1.0),
        talked("theirs", number=0, cpu_s=2.0),
        talked("ours", number=1, cpu_s=3.0),
        talked("theirs", number=1, cpu_s=3.0),
    )
    assert compared(found, CPU, "ours", "theirs") == Spread(0.75, 0.5, 1.0, 2)
    assert compared(found, CPU, "ours", "nobody") is None


def test_every_figure_reads_what_its_load_gives() -> None:
    for figure in FIGURES:
        assert _read(figure) > 0


def _read(figure: Figure) -> float:
    reading = talked("ws", load=figure.load.name).reading
    assert reading is not None
    return figure.of(reading)


def test_loads_are_told_to_the_load_generator() -> None:
    options = TALK_200.options()
    assert options[:4] == ("--mode", "pairs", "--chats", "200")
