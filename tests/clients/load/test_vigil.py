"""What an agent is told of who waits, judged without anybody waiting."""

import msgspec
import pytest

from clients.load import vigil
from clients.load.figures import Figures
from clients.load.heard import Body, Heard
from clients.load.notices import Notices
from clients.load.oracle import Oracle
from clients.load.plan import Chaos, Mix, Plan
from clients.load.texts import Texts
from clients.load.vigil import Noted, Promise

PROMISE = Promise(remind=10_000, breach=20_000, slack=3_000)
ASKED = Noted(1_000, "asked")
DUE = Noted(11_000, "due", 1_000)
MISSED = Noted(21_000, "missed", 1_000, 1)


def judged(*log: Noted, until: int = 0, promise: Promise = PROMISE) -> list[str]:
    return list(vigil.judged(dict(enumerate(log, 1)), promise, until))


@pytest.mark.parametrize(
    "log",
    [
        (),
        (ASKED, Noted(9_000, "answered")),
        (ASKED, Noted(2_000, "asked"), DUE, Noted(12_000, "answered")),
        (ASKED, DUE, MISSED, Noted(22_000, "closed")),
        (ASKED, Noted(13_900, "due", 1_000), Noted(15_000, "answered")),
        # Answered late, but before anybody could say that it was not reminded.
        (ASKED, Noted(13_000, "answered")),
        (ASKED, DUE, MISSED, Noted(321_000, "missed", 1_000, 2)),
    ],
)
def test_reminders_as_promised_are_right(log: tuple[Noted, ...]) -> None:
    assert judged(*log) == []


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ((DUE,), "nobody waited"),
        ((ASKED, DUE, DUE), "due twice"),
        ((ASKED, DUE, MISSED, MISSED), "missed twice"),
        ((ASKED, Noted(9_000, "due", 1_000)), "due after 8.0 s"),
        ((ASKED, Noted(15_000, "due", 1_000)), "due after 14.0 s"),
        ((ASKED, Noted(11_000, "due", 500)), "counts from -0.500 s"),
        ((ASKED, Noted(14_001, "answered")), "no check-in fell due in 13.0 s"),
        ((ASKED, DUE, Noted(30_000, "closed")), "no check-in was missed in 29.0 s"),
        ((ASKED, DUE, Noted(19_000, "missed", 1_000, 1)), "missed after 18.0 s"),
    ],
)
def test_what_was_not_promised_is_said(log: tuple[Noted, ...], said: str) -> None:
    (found,) = judged(*log)
    assert said in found


def test_the_end_of_a_run_ends_a_silence_too() -> None:
    assert judged(ASKED, until=13_000) == []
    assert judged(ASKED, until=20_000) == ["no check-in fell due in 19.0 s"]


def test_a_clock_that_jumps_tells_no_time_but_an_order() -> None:
    jumping = PROMISE._replace(timed=False)
    early = Noted(2_000, "due", 1_000)
    assert judged(ASKED, early, until=90_000, promise=jumping) == []
    assert len(judged(ASKED, early, early, promise=jumping)) == 1


def test_who_kills_the_broker_waits_longer_for_its_reminders() -> None:
    calm = Plan(mix=Mix(remind_s=5))
    harmed = msgspec.structs.replace(calm, chaos=Chaos(kill=1))
    first, second = vigil.promised(calm), vigil.promised(harmed)
    assert first is not None
    assert second is not None
    assert (first.remind, first.breach) == (5_000, 10_000)
    assert second.slack > first.slack
    assert vigil.promised(Plan()) is None


class Desk:
    """One connection of the agent `a`."""

    def __init__(self, role: str = "agent") -> None:
        self.figures = Figures()
        self.notices = Notices(Oracle(Texts(1), self.figures), "a", role)
        self.notices.live("c")

    def event(self, holder: str | None = "a", state: str = "due") -> None:
        body = Body(state=state, since=7)
        self.notices.happened(Heard("ev", chat="c", kind="checkin", body=body), holder)

    def notice(self, assignee: str | None = "a", state: str = "due") -> None:
        said = Heard("push", chat="c", kind="checkin", state=state, since=7)
        said.assignee = assignee
        self.notices.noticed(said)

    def wrong(self, what: str = "wrong_check_ins") -> list[str]:
        self.notices.left()
        return [sample.what for sample in self.figures.samples.get(what, [])]


def test_a_check_in_is_told_once_to_whom_it_belongs() -> None:
    for first in (True, False):
        desk = Desk()
        if first:
            desk.event()
        desk.notice()
        if not first:
            desk.event()
        assert desk.wrong() == []
    elsewhere = Desk()
    elsewhere.event(holder="b")
    assert elsewhere.wrong() == []


def test_a_check_in_of_another_told_twice_or_never_is_wrong() -> None:
    never, twice, others, shopper = Desk(), Desk(), Desk(), Desk("shopper")
    never.event()
    twice.notice()
    twice.notice()
    others.notice("b")
    shopper.notice()
    said = [desk.wrong() for desk in (never, twice, others, shopper)]
    assert [len(words) for words in said] == [1, 1, 1, 1]


def test_a_supervisor_hears_of_what_others_have_missed() -> None:
    desk = Desk("admin")
    desk.notice("b", "missed")
    assert desk.wrong() == []
    desk.notice("b", "due")
    assert len(desk.wrong()) == 1


def test_nothing_is_expected_of_a_connection_that_is_new() -> None:
    desk = Desk()
    desk.event()
    desk.notices.over()
    desk.event()
    assert desk.wrong() == []


def test_a_badge_that_was_told_is_the_one_of_the_list() -> None:
    desk = Desk()
    desk.notices.listed(Heard("ok", badge=2, ix=5))
    desk.notices.noticed(Heard("badge", n=3))
    desk.notices.noticed(Heard("ix", ix=6, iprev=5))
    desk.notices.listed(Heard("ok", badge=3, ix=6))
    assert desk.wrong("wrong_badges") == []
    desk.notices.noticed(Heard("ix", ix=8, iprev=7))
    desk.notices.listed(Heard("ok", badge=4, ix=8))
    assert len(desk.wrong("wrong_badges")) == 2
