"""Futures, names, and the other ways that are pykka's."""

import pykka
import pytest

from actors.runtime.actor import MAX_HELD, Ref
from actors.runtime.system import TurnedAwayError
from tests.actors.hall import Boom, Hall


def test_an_answer_comes_as_a_future(hall: Hall) -> None:
    ref = Ref(hall.echoes, "a")
    future = ref.ask("this")
    assert not future.done
    hall.system.run()
    assert future.get() == "a heard this"
    assert ref.is_alive()


def test_an_answer_that_is_a_future_is_waited_for(hall: Hall) -> None:
    future = Ref(hall.echoes, "a").ask("later")
    hall.system.run()
    assert not future.done
    hall.later.set("at last")
    assert future.get() == "at last"


def test_an_answer_that_goes_wrong_later_goes_wrong_for_the_asker(hall: Hall) -> None:
    future = Ref(hall.echoes, "a").ask("later")
    hall.system.run()
    hall.later.set_exception((Boom, Boom(), None))
    with pytest.raises(Boom):
        future.get()


def test_a_bug_in_the_answer_reaches_the_asker_and_restarts_the_actor(
    hall: Hall,
) -> None:
    future = Ref(hall.echoes, "a").ask("boom")
    hall.system.run()
    with pytest.raises(Boom):
        future.get()
    assert hall.heard["a"] == ["start", "boom", "restart"]


def test_who_asks_one_with_too_much_mail_is_turned_away(hall: Hall) -> None:
    hall.tell("late", *range(MAX_HELD))
    future = Ref(hall.echoes, "late").ask("x")
    hall.system.run()
    with pytest.raises(TurnedAwayError):
        future.get()


def test_to_ask_and_block_would_stop_the_loop(hall: Hall) -> None:
    ref = Ref(hall.echoes, "a")
    with pytest.raises(RuntimeError):
        _ = ref.ask("x", block=True)
    with pytest.raises(RuntimeError):
        _ = ref.stop(block=True)
    with pytest.raises(NotImplementedError):
        ref.proxy()


def test_stop_lets_go_of_an_actor_that_may_rest(hall: Hall) -> None:
    hall.tell("a", 1)
    ref = hall.echoes.find("a").actor_ref
    stopped, again = ref.stop(), ref.stop()
    hall.system.run()
    assert (stopped.get(), again.get()) == (True, False)
    assert not ref.is_alive()
    assert hall.heard["a"] == ["start", 1, "stop"]


def test_stop_does_not_lose_what_an_actor_has_to_lose(hall: Hall) -> None:
    hall.tell("a", 1)
    echo = hall.echoes.find("a")
    echo.tired = False
    stopped = echo.actor_ref.stop()
    echo.stop()
    hall.system.run()
    assert stopped.get() is False
    echo.tired = True
    echo.stop()
    hall.system.run()
    assert hall.echoes.get("a") is None


def test_when_the_system_stops_all_who_wait_hear_it(hall: Hall) -> None:
    hall.tell("late", 1)
    asked = [Ref(hall.echoes, key).ask("x") for key in ("late", "a")]
    hall.system.run()
    asked.append(Ref(hall.echoes, "b").ask("x"))
    hall.system.stop()
    asked.append(Ref(hall.echoes, "c").ask("x"))
    late, a, b, c = asked
    assert a.get() == "a heard x"
    for future in (late, b, c):
        with pytest.raises(pykka.ActorDeadError):
            future.get()
    hall.system.run()
    assert "b" not in hall.heard


def test_names_are_values(hall: Hall) -> None:
    one, same, other = (Ref(hall.echoes, key) for key in ("a", "a", "b"))
    assert one == same
    assert one != other
    assert one != "a"
    assert len({one, same, other}) == 2
    assert repr(one) == "<Ref urn:shopwire:echo:a>"
    assert str(hall.echoes.find("a")) == "echo/a"
