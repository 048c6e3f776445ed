"""What is said of a long run: what grows is found, and what does not is left alone."""

import msgspec
import pytest

from tests.soak.judging import Sample, growth, judged, windows

MIB = 2**20
HELD = [
    Sample(at=60.0 * n, resident=100 * MIB, files=40, threads=4, wal=0, journal=0)
    for n in range(31)
]
QUICK = [10.0] * 1800


def test_a_run_in_which_nothing_grows_holds() -> None:
    verdict = judged(HELD, QUICK)
    assert (verdict.wrong, verdict.slope_mib_h, verdict.p99) == ([], 0.0, (10.0, 10.0))


def test_what_comes_while_it_warms_up_is_no_growth() -> None:
    warming = [msgspec.structs.replace(each, resident=MIB) for each in HELD[:10]]
    assert judged([*warming, *HELD[10:]], QUICK).wrong == []


def test_what_the_writer_keeps_of_the_file_is_no_leak() -> None:
    filling = [
        msgspec.structs.replace(
            each, resident=100 * MIB + min(grown, 64 * MIB), journal=grown
        )
        for each in HELD
        for grown in [int(each.at) * 50_000]
    ]
    assert judged(filling, QUICK).slope_mib_h == pytest.approx(0, abs=0.01)


def test_memory_that_is_never_given_back_is_found() -> None:
    leaking = [
        msgspec.structs.replace(each, resident=each.resident + int(each.at) * 10_000)
        for each in HELD
    ]
    (wrong,) = judged(leaking, QUICK).wrong
    assert wrong == "memory grows by 34.3 MiB an hour"


@pytest.mark.parametrize(("what", "more"), [("files", 6), ("threads", 1)])
def test_descriptors_and_threads_that_stay_are_found(what: str, more: int) -> None:
    last = msgspec.structs.replace(HELD[-1], **{what: getattr(HELD[-1], what) + more})
    (wrong,) = judged([*HELD[:-1], last], QUICK).wrong
    assert what in wrong


def test_answers_that_become_slow_are_found() -> None:
    slower: list[float | None] = [10.0 + n / 60 for n in range(1800)]
    (wrong,) = judged(HELD, slower).wrong
    assert wrong == "p99 was 12.5 ms, then 37.5"


def test_slower_is_no_fault_while_it_is_quick() -> None:
    assert judged(HELD, [4.0] * 900 + [20.0] * 900).wrong == []


def test_seconds_in_which_nothing_was_said_do_not_count() -> None:
    assert judged(HELD, [None, 10.0, None] * 600).p99 == (10.0, 10.0)


def test_one_bad_second_is_no_trend() -> None:
    assert windows([10.0, 500.0, 11.0, 12.0] * 30) == (12.0, 12.0)


def test_the_slope_is_of_the_nearest_line() -> None:
    assert growth([(0, 1), (1, 3), (2, 5)]) == pytest.approx(2)
    assert growth([(1, 7)]) == 0
