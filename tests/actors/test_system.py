"""The run queue: order, supervision, passivation, futures; no trio, no journal."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.runtime.actor import MAX_HELD, Ref
from actors.runtime.system import BACKOFF, MAX_CRASHES, WITHIN
from tests.actors.hall import Boom, Hall, Pass, Wish


def test_mail_starts_an_actor_and_comes_in_order(hall: Hall) -> None:
    assert hall.tell("a", 1, 2, 3) == ["start", 1, 2, 3]
    assert hall.tell("a", 4) == ["start", 1, 2, 3, 4]
    assert len(hall.echoes) == 1


def test_a_message_told_while_one_is_heard_comes_after_it(hall: Hall) -> None:
    hall.tell("a", Pass("b", 1), 2)
    assert hall.order == ["a", "a", "a", "b", "b"]


def test_held_mail_waits_in_front_of_what_comes_later(hall: Hall) -> None:
    assert hall.tell("late", 1, 2) == ["start"]
    late = hall.echoes.find("late")
    hall.echoes.tell("late", 3)
    late.release()
    hall.system.run()
    assert hall.heard["late"] == ["start", 1, 2, 3]


def test_held_mail_is_bounded_and_the_rest_is_turned_away(hall: Hall) -> None:
    heard = hall.tell("late", *range(MAX_HELD + 2))
    assert heard == ["start", f"no {MAX_HELD}", f"no {MAX_HELD + 1}"]
    hall.echoes.find("late").release()
    hall.system.run()
    assert len(heard) == MAX_HELD + 3


# Supervision.


def test_a_bug_restarts_its_actor_alone_with_its_mail_kept(hall: Hall) -> None:
    hall.echoes.tell("b", 1)
    heard = hall.tell("a", 1, "boom", 2)
    assert heard == ["start", 1, "boom", "restart", "no boom", 2]
    assert hall.heard["b"] == ["start", 1]
    assert hall.system.restarts == 1


def test_what_a_message_said_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    hall = Hall()
    hall.tell("a", "boom")
    assert "str" in caplog.messages[0]
    assert "boom" not in caplog.messages[0]


def test_one_that_keeps_crashing_is_left_alone_for_a_while_and_never_given_up(
    hall: Hall,
) -> None:
    heard = hall.tell("a", *["boom"] * (MAX_CRASHES + 1), 1)
    assert heard.count("restart") == MAX_CRASHES
    assert 1 not in heard
    hall.wait(BACKOFF)
    assert heard[-2:] == ["restart", 1]


def test_a_backoff_takes_no_more_mail_than_a_load(hall: Hall) -> None:
    heard = hall.tell("a", *["boom"] * (MAX_CRASHES + 1), *range(MAX_HELD + 1))
    assert heard[-1:] == [f"no {MAX_HELD}"]
    hall.wait(BACKOFF)
    assert heard[-1] == MAX_HELD - 1


def test_crashes_long_ago_do_not_count(hall: Hall) -> None:
    for _ in range(20):
        assert hall.tell("a", "boom")[-2:] == ["restart", "no boom"]
        hall.wait(WITHIN / 2)


def test_several_bugs_in_a_backoff_make_one_restart(hall: Hall) -> None:
    heard = hall.tell("a", *["boom"] * (MAX_CRASHES + 1))
    echo = hall.echoes.find("a")
    for _ in range(5):
        hall.system.failed(echo, Boom())
    before = heard.count("restart")
    hall.wait(BACKOFF)
    hall.wait(10 * BACKOFF)
    assert heard.count("restart") == before + 1


def test_a_bug_in_a_call_on_an_actors_behalf_is_that_actors(hall: Hall) -> None:
    echo = hall.echoes.find("a")

    def fail(number: int) -> None:
        raise Boom(number)

    echo.guarded(fail, "question")(5)
    assert hall.heard["a"] == ["start", "restart", "no question"]
    echo.guarded(lambda: None)()
    assert len(hall.heard["a"]) == 3


def test_one_that_was_let_go_of_is_not_restarted_but_its_mail_is_answered(
    hall: Hall,
) -> None:
    echo = hall.echoes.find("a")
    hall.echoes.forget(echo)
    hall.system.failed(echo, Boom(), "question")
    assert hall.heard["a"] == ["start", "stop", "no question"]


@pytest.mark.parametrize("key", ["doomed", "a", "stillborn", "clingy", "restless"])
def test_hooks_that_fail_harm_nobody_else(hall: Hall, key: str) -> None:
    hall.tell(key, "twice", "leave")
    assert hall.tell("b", 1) == ["start", 1]
    for _ in range(10):
        hall.echoes.sweep(10)
    assert hall.tell("b", 2)[-1] == 2


def test_an_actor_that_cannot_be_made_costs_its_message_alone(hall: Hall) -> None:
    asked = Ref(hall.echoes, "unborn").ask(1)
    hall.echoes.tell("unborn", 2)
    assert hall.tell("b", 3) == ["start", 3]
    with pytest.raises(Boom):
        asked.get()
    assert hall.echoes.get("unborn") is None


# Being let go of.


def test_one_untouched_for_a_whole_round_is_let_go_of(hall: Hall) -> None:
    hall.tell("a", 1)
    for _ in range(4):
        hall.echoes.sweep(1)
    assert hall.echoes.get("a") is None
    assert hall.tell("a", 2) == ["start", 1, "stop", "start", 2]


def test_one_that_gets_mail_or_cannot_rest_stays(hall: Hall) -> None:
    hall.tell("a", 1)
    hall.tell("b", 1)
    hall.tell("late", 1)
    hall.echoes.find("b").tired = False
    for _ in range(10):
        hall.echoes.sweep(10)
        hall.tell("a", 2)
    assert {echo.key for echo in hall.echoes} == {"a", "b", "late"}


def test_a_sweep_looks_at_no_more_than_it_is_told(hall: Hall) -> None:
    for number in range(10):
        hall.tell(str(number), 1)
    hall.echoes.sweep(1)  # it begins a round
    hall.echoes.sweep(4)
    assert sum(not echo.touched for echo in hall.echoes) == 4


def test_a_sweep_copes_with_those_that_left_meanwhile(hall: Hall) -> None:
    for number in range(10):
        hall.tell(str(number), 1)
    hall.echoes.sweep(1)
    for number in range(0, 10, 2):
        hall.tell(str(number), "leave")
    hall.echoes.sweep(10)
    assert len(hall.echoes) == 5


def test_what_is_fleeting_starts_nobody(hall: Hall) -> None:
    assert hall.tell("a", Wish()) == []
    assert len(hall.echoes) == 0
    assert hall.tell("a", 1, Wish()) == ["start", 1, Wish()]


# Seeded schedules.


@settings(max_examples=40)
@given(
    seed=st.integers(), mail=st.lists(st.tuples(st.sampled_from("abc"), st.integers()))
)
def test_a_seeded_run_keeps_each_actors_order_and_can_be_repeated(
    seed: int, mail: list[tuple[str, int]]
) -> None:
    runs: list[list[str]] = []
    for _ in range(2):
        hall = Hall(random.Random(seed))
        for key, number in mail:
            hall.echoes.tell(key, number)
        hall.system.run()
        for key in "abc":
            told = [number for to, number in mail if to == key]
            assert hall.heard[key] == (["start", *told] if told else [])
        runs.append(hall.order)
    assert runs[0] == runs[1]


def test_different_seeds_find_different_orders() -> None:
    orders: set[tuple[str, ...]] = set()
    for seed in range(50):
        hall = Hall(random.Random(seed))
        for key in "abc":
            hall.echoes.tell(key, 1)
        hall.system.run()
        orders.add(tuple(hall.order))
    assert len(orders) == 6


def test_mail_that_was_held_comes_in_the_order_in_which_actors_were_ready() -> None:
    hall = Hall()
    keys = ["a", "b", "c"]
    for key in keys:
        hall.tell(key, "hold")
    for key in (*keys, *keys):
        hall.tell(key, f"to {key}")
    hall.order.clear()
    for key in keys:
        actor = hall.echoes.get(key)
        assert actor is not None
        actor.release()
    hall.tell("z", "later")
    assert hall.order == ["a", "a", "b", "b", "c", "c", "z", "z"]
