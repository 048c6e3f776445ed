from pathlib import Path

import pytest

from clients.load import plan
from clients.load.plan import BadPlan, Chaos, Plan
from clients.load.scenario import planned, read


def test_durations_and_rates_are_written_as_people_do() -> None:
    assert [plan.duration(t) for t in ("60s", "500ms", "2m", "7")] == [60, 0.5, 120, 7]
    assert [plan.rate(t) for t in ("200/s", "0.5/s", "6000/m")] == [200, 0.5, 100]


def test_a_threshold_may_have_fractions() -> None:
    found = plan.threshold("fanout.p99.9<0.5ms")
    assert (found.kind, found.percentile, found.limit_ms) == ("fanout", 99.9, 0.5)


@pytest.mark.parametrize(
    "text",
    ["", "send.p99", "send.p99<150", "sent.p99<1ms", "send.p0<1ms", "send.p101<1ms"],
)
def test_a_threshold_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadPlan, match="no threshold"):
        plan.threshold(text)


def test_chaos_is_a_list_of_shares_and_counts() -> None:
    assert plan.chaos("drop=2%, stall=0.01,kill=3") == Chaos(
        drop=0.02, stall=0.01, kill=3
    )


@pytest.mark.parametrize(
    "text",
    ["flood=1%", "drop", "drop=x", "drop=200%", "drop=nan", "kill=1%", "full=1.5"],
)
def test_chaos_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(BadPlan):
        plan.chaos(text)


@pytest.mark.parametrize(
    "wrong",
    [
        Plan(chats=0),
        Plan(agents=0),
        Plan(rate=0),
        Plan(duration=0),
        Plan(duration=10**9),
        Plan(workers=11),
        Plan(mix=plan.Mix(shape="round")),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(wrong: Plan) -> None:
    with pytest.raises(BadPlan):
        wrong.checked()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[chaos]\ndrop = 2", "chaos.drop: .*<= 1.0; write drop = 0.02, a share"),
        ("[chaos]\ndrop = inf", "chaos.drop: .*<= 1.0"),
        ("[chaos]\ndorp = 0.1", "chaos.dorp: no such key; there are drop, stall"),
        ("[chaos]\nkill = 1.5", "chaos.kill: .*; write kill = 3"),
        ("[mix]\nends = nan", "mix.ends: .*; write ends = 0.02"),
        ("[mix]\nstorms = [2]", "mix.storms: .*; write storms = "),
        ("[mix]\nfoo = 1", "mix.foo: no such key; there are shape"),
        ("chat = 1", "chat: no such key; there are chats"),
        ("chats = 'x'", "chats: .*; write chats = 20"),
        ("rate = 'fast'", "rate: .*; write 200/s"),
        ("thresholds = ['x']", r"thresholds\[0\]: .*; write send.p99<150ms"),
        ("mix = 'wild'", "mix: there is no 'wild'; write normal"),
        ("chats =", ".*it has to be TOML"),
    ],
)
def test_a_scenario_that_is_wrong_is_told_where_and_what_to_write(
    text: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(BadPlan, match=rf"^{path}: {said}"):
        read(path)


def test_a_scenario_says_what_a_command_line_does(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("chats = 7\n[mix]\nbase = 'day'\nends = 0\n[chaos]\nfull = 2")
    found = planned(read(path))
    assert (found.chats, found.mix.ends, found.mix.inbox) == (7, 0.0, 1.0)
    assert found.chaos == Chaos(full=2)
