"""A day that goes by in a second, twice."""

from pathlib import Path

import msgspec
import pytest
import trio
from click.testing import CliRunner
from trio import _core

from clients.simulate import command
from clients.simulate.outcome import Hour, Summary
from clients.simulate.page import page
from clients.simulate.shop import Day, Shift
from clients.simulate.world import simulated

DAY = Day(chats=30, hours=1, shifts=(Shift(3, 0, 1),), turns=2, patience_s=120)


@pytest.mark.slow
def test_the_same_day_has_the_same_journal_and_another_seed_another(
    tmp_path: Path,
) -> None:
    other = msgspec.structs.replace(DAY, seed=2)
    days = [
        simulated(day, tmp_path / str(number))
        for number, day in enumerate((DAY, DAY, other))
    ]
    first, again, another = (msgspec.structs.replace(day, cpu_s=0) for day in days)
    assert first == again
    assert first.journal_hash != another.journal_hash
    assert first.answered + first.abandoned == first.chats == 30
    assert first.answered > 0
    assert first.breaches <= first.reminders


@pytest.mark.slow
def test_fewer_agents_let_people_wait_longer(tmp_path: Path) -> None:
    day = msgspec.structs.replace(DAY, answer_s=90.0, capacity=1)
    few = simulated(command.with_agents(day, 1), tmp_path / "few")
    many = simulated(command.with_agents(day, 9), tmp_path / "many")
    assert few.wait_p50_s is not None
    assert many.wait_p50_s is not None
    assert few.wait_p50_s > many.wait_p50_s
    assert few.abandoned > many.abandoned


def test_the_scheduler_can_still_be_made_to_repeat_itself() -> None:
    assert trio.__version__
    assert hasattr(_core._run, "_ALLOW_DETERMINISTIC_SCHEDULING")
    assert hasattr(_core._run._r, "seed")


def test_a_usual_day_shares_its_agents_among_three_shifts() -> None:
    shifts = Day(agents=30).working
    assert sum(shift.agents for shift in shifts) == 30
    assert [(shift.begins, shift.ends) for shift in shifts] == [
        (0, 8),
        (8, 16),
        (16, 24),
    ]


def test_as_many_come_as_are_to_come_within_the_day() -> None:
    arrivals = Day(chats=500, hours=1.5).arrivals()
    assert len(arrivals) == 500
    assert arrivals == sorted(arrivals)
    assert 0 <= arrivals[0] <= arrivals[-1] <= 1.5 * 3600


def test_the_page_has_a_row_for_each_staffing() -> None:
    hours = [Hour(0, 3, 2, 10.0, 70.0, 1)]
    day = Summary(
        agents=2,
        chats=3,
        answered=2,
        abandoned=1,
        wait_p50_s=10.0,
        wait_p90_s=70.0,
        wait_p99_s=None,
        wait_max_s=None,
        reminders=1,
        breaches=0,
        busy_share=0.5,
        messages=9,
        journal_hash="abc",
        events=12,
        cpu_s=0.1,
        seed=1,
        hours=hours,
    )
    text = page([day, msgspec.structs.replace(day, agents=7)])
    assert "<td>7</td>" in text
    assert "1:10" in text


@pytest.mark.parametrize(
    "options",
    [["--what-if", "none"], ["--chats", "0"], ["--capacity", "0"], ["none.toml"]],
)
def test_a_day_that_makes_no_sense_is_refused(
    options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(command.HASHED, "0")
    run = CliRunner().invoke(command.command, options)
    assert run.exit_code == 2, run.output
