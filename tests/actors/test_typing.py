"""Who types is a matter of seconds (F11); in virtual milliseconds, without an actor."""

from actors.chat.typing import RELAY, SHOWN, Typers
from actors.ids import Millis
from tests.actors.scene import ANN, SHOPPER


def at(number: int) -> Millis:
    return Millis(number)


def test_a_sign_is_relayed_at_most_every_three_seconds() -> None:
    typers = Typers()
    relayed = [
        now
        for now in range(0, 10_000, 500)
        if typers.sign(SHOPPER, at(now), note=False)
    ]
    assert relayed == [0, 3000, 6000, 9000]
    assert RELAY == 3000


def test_each_author_is_relayed_alone() -> None:
    typers = Typers()
    assert typers.sign(SHOPPER, at(0), note=False)
    assert typers.sign(ANN, at(1), note=False)


def test_typing_is_over_six_seconds_after_the_last_sign() -> None:
    typers = Typers()
    typers.sign(SHOPPER, at(0), note=False)
    typers.sign(SHOPPER, at(2000), note=False)
    assert typers.next_end() == 2000 + SHOWN
    assert typers.expired(at(2000 + SHOWN - 1)) == []
    ((who, typing),) = typers.expired(at(2000 + SHOWN))
    assert (who, typing.note) == (SHOPPER, False)
    assert typers.next_end() is None
    # With the quarter by which a timer may be late, not more than six seconds.
    assert SHOWN + 250 <= 6000


def test_the_first_of_several_to_go_silent_is_looked_at_first() -> None:
    typers = Typers()
    typers.sign(SHOPPER, at(0), note=False)
    typers.sign(ANN, at(1000), note=True)
    assert typers.next_end() == SHOWN
    assert [who for who, _ in typers.expired(at(SHOWN))] == [SHOPPER]
    assert typers.next_end() == 1000 + SHOWN


def test_who_stops_has_stopped() -> None:
    typers = Typers()
    assert typers.stop(SHOPPER) is None
    typers.sign(SHOPPER, at(0), note=False)
    assert typers.stop(SHOPPER) is not None
    assert typers.stop(SHOPPER) is None
    assert typers.sign(SHOPPER, at(1), note=False)
