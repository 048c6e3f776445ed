from hypothesis import given
from hypothesis import strategies as st

from clients.load.plan import MIXES, Chaos, Plan
from clients.load.traffic import Move, Traffic, What

plans = st.builds(
    Plan,
    chats=st.integers(1, 8),
    rate=st.sampled_from([3.0, 20.0, 77.7]),
    duration=st.sampled_from([0.5, 2.0, 7.3]),
    seed=st.integers(0, 9),
    mix=st.sampled_from([*MIXES.values()]),
    chaos=st.sampled_from([Chaos(), Chaos(drop=0.2, stall=0.1)]),
)


@given(plans)
def test_moves_come_in_time_within_the_run_and_numbered_from_one(plan: Plan) -> None:
    moves = list(Traffic(plan))
    assert moves == sorted(moves)
    assert all(0 <= move.at < plan.duration for move in moves)
    said: dict[tuple[int, str], list[int]] = {}
    for move in moves:
        if move.what in {What.SAY, What.IMAGE}:
            said.setdefault((move.chat, move.side), []).append(move.number)
    for numbers in said.values():
        assert numbers == list(range(1, len(numbers) + 1))


@given(plans)
def test_the_same_plan_has_the_same_traffic(plan: Plan) -> None:
    first, again = Traffic(plan), Traffic(plan)
    assert list(first) == list(again)
    assert first.digest == again.digest is not None


def test_all_that_was_asked_for_is_offered() -> None:
    traffic = Traffic(Plan(chats=5, rate=200, duration=3.05))
    assert traffic.digest is None
    moves: list[Move] = list(traffic)
    assert sum(move.what is What.SAY for move in moves) == traffic.messages == 610
