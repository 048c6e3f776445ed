"""What a shopper is told who writes when nobody will answer soon (F25, F37)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.chat.events import Event, Said
from actors.chat.hours import OpenHours
from actors.chat.state import ChatState
from actors.ids import BOT, Millis
from actors.settings.ai import AiSettings
from actors.settings.assignment import AssignmentSettings
from actors.settings.document import Settings, problems
from actors.settings.hours import HoursSettings
from actors.settings.rules import Rules
from tests.actors.scene import (
    ANN,
    NOON,
    SHOPPER,
    Ask,
    Scene,
    assigning,
    handing,
    noting,
    releasing,
    saying,
    seconds,
    snoozing,
    starting,
    texting,
    turning,
)

REPLY = "We are closed. Back {{hours.next}}."
HOUR = 3600


def at(hour: float) -> Millis:
    return Millis(NOON + seconds(hour * HOUR))


def rules(
    *windows: tuple[float, float],
    said: str | None = REPLY,
    when_no_agents: bool = False,
) -> Rules:
    """Return those of a shop that is open between these hours after noon."""
    spans = tuple((at(begin), at(end)) for begin, end in windows)
    hours = HoursSettings(auto_reply=said, when_no_agents=when_no_agents)
    return Rules(1, Settings(hours=hours), OpenHours(spans))


def autos(events: tuple[Event, ...] | list[Event]) -> list[str]:
    return [
        event.body.text
        for event in events
        if isinstance(event.body, Said) and event.body.auto == "offhours"
    ]


def kinds(events: tuple[Event, ...]) -> list[str]:
    return [
        event.body.auto or "msg" if isinstance(event.body, Said) else event.body.kind
        for event in events
    ]


CLOSED = rules((4, 8), (20, 28))
"""Closed from noon to four, and from eight in the evening to eight in the morning."""


def test_who_writes_while_the_shop_is_closed_is_told_when_it_opens() -> None:
    scene = Scene(CLOSED)
    events = scene.does(SHOPPER, starting())
    assert kinds(events) == ["opened", "legal", "welcome", "msg", "offhours"]
    assert autos(events) == ["We are closed. Back Wednesday, 18 November, 15:06 (UTC)."]
    assert events[-1].by == "system"
    assert scene.state.ball is not None
    assert scene.state.preview == "hello"


def test_it_is_said_once_in_each_closed_period() -> None:
    scene = Scene(CLOSED)
    scene.does(SHOPPER, starting())
    said: list[float] = []
    for half_hours in range(1, 60):
        scene.now = at(half_hours / 2)
        if autos(scene.does(SHOPPER, saying())):
            said.append(half_hours / 2)
    assert said == [8, 28]


def test_open_hours_need_no_reply() -> None:
    scene = Scene(rules((-1, 8))).open()
    assert autos(scene.events) == []


@pytest.mark.parametrize("said", [None, ""])
def test_a_shop_may_say_nothing(said: str | None) -> None:
    assert autos(Scene(rules((4, 8), said=said)).open().events) == []


def test_never_in_answer_to_an_agent() -> None:
    scene = Scene(replace(CLOSED, hours=OpenHours())).open()
    scene.rules = CLOSED
    for what in (saying("hi"), noting(), assigning("ben"), saying("wait", hold=True)):
        scene.does(ANN, what)
    assert autos(scene.events) == []


def test_never_while_the_bot_answers() -> None:
    with_bot = Settings(hours=CLOSED.settings.hours, ai=AiSettings(enabled=True))
    scene = Scene(Rules(1, Settings(), OpenHours())).open()
    scene.rules = replace(CLOSED, settings=with_bot)
    scene.does(ANN, releasing())
    scene.does(SHOPPER, saying("bot?"))
    assert autos(scene.events) == []


def test_who_is_handed_over_to_a_closed_shop_is_told() -> None:
    ai = AiSettings(enabled=True, handoff="helpdesk")
    scene = Scene(replace(CLOSED, settings=replace(CLOSED.settings, ai=ai))).open()
    assert autos(scene.events) == []
    scene.does(BOT, turning(scene.state.seq, "escalate", reason="order"))
    assert autos(scene.events) == []
    events = scene.does(SHOPPER, handing(yes=True))
    assert kinds(events)[-1] == "offhours"


def test_who_was_just_answered_by_a_person_is_not_told() -> None:
    scene = Scene(replace(CLOSED, hours=OpenHours())).open()
    scene.does(ANN, saying("one moment", hold=True))
    scene.rules = CLOSED
    scene.now = Millis(NOON + seconds(599))
    assert autos(scene.does(SHOPPER, saying())) == []
    scene.now = Millis(NOON + seconds(600))
    assert len(autos(scene.does(SHOPPER, saying()))) == 1


def test_a_ticket_that_was_put_aside_comes_back_and_is_answered() -> None:
    scene = Scene(replace(CLOSED, hours=OpenHours())).open()
    scene.does(ANN, snoozing())
    scene.rules = CLOSED
    assert kinds(scene.does(SHOPPER, saying())) == ["status", "msg", "offhours"]


def test_a_text_to_a_closed_shop_is_answered_once() -> None:
    scene = Scene(CLOSED)
    assert len(autos(scene.does(SHOPPER, texting()))) == 1
    assert autos(scene.does(SHOPPER, texting("hello?"))) == []


@pytest.mark.parametrize(("length", "said"), [(1600, 1), (1601, 0)])
def test_no_text_is_answered_with_more_than_a_telephone_takes(
    length: int, said: int
) -> None:
    scene = Scene(rules((10, 12), said="x" * length))
    assert len(autos(scene.does(SHOPPER, texting()))) == said
    assert len(autos(Scene(scene.rules).does(SHOPPER, starting()))) == 1


def test_a_shop_that_never_opens_says_so_without_a_moment() -> None:
    never = Scene(rules()).open()
    assert autos(never.events) == ["We are closed. Back."]
    never.now = at(1000)
    assert autos(never.does(SHOPPER, saying())) == []


def test_nobody_there_counts_as_closed_if_the_shop_says_so() -> None:
    absent = replace(rules((-1, 8), when_no_agents=True), staffed=False)
    scene = Scene(absent).open()
    assert len(autos(scene.events)) == 1
    # Some come and go, and say nothing here: it is not said again.
    scene.rules = replace(absent, staffed=True)
    assert autos(scene.does(SHOPPER, saying())) == []
    scene.rules = absent
    assert autos(scene.does(SHOPPER, saying())) == []
    scene.now = at(0.5)
    scene.does(ANN, saying("I am here."))
    scene.now = at(1)
    assert len(autos(scene.does(SHOPPER, saying()))) == 1


@pytest.mark.parametrize(("counts", "told"), [(True, 0), (False, 1)])
def test_the_bot_is_somebody_only_if_the_shop_says_so(
    *, counts: bool, told: int
) -> None:
    absent = replace(rules((-1, 8), when_no_agents=True), staffed=False)
    ai = AiSettings(enabled=True, counts_online=counts)
    bot = replace(absent, settings=replace(absent.settings, ai=ai))
    scene = Scene(rules((-1, 8))).open()
    scene.rules = bot
    assert len(autos(scene.does(SHOPPER, saying()))) == told


def test_without_that_wish_nobody_is_told() -> None:
    absent = replace(rules((-1, 8)), staffed=False)
    assert autos(Scene(absent).open().events) == []


def test_who_begins_a_chat_that_will_wait_long_is_told_so() -> None:
    crowded = replace(rules((-1, 8)), crowded=True)
    scene = Scene(crowded).open()
    assert autos(scene.events) == [AssignmentSettings().long_wait]
    assert autos(scene.does(SHOPPER, saying())) == []
    quiet = replace(
        crowded, settings=Settings(assignment=AssignmentSettings(long_wait=None))
    )
    assert autos(Scene(quiet).open().events) == []


def test_of_two_reasons_one_is_said() -> None:
    assert len(autos(Scene(replace(CLOSED, crowded=True)).open().events)) == 1


def test_a_full_journal_keeps_its_last_places() -> None:
    limits = replace(CLOSED.limits, chat_events=16 + 4)
    events = Scene(replace(CLOSED, limits=limits)).does(SHOPPER, starting())
    assert autos(events) == []


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("Back {{hours.next}}", True),
        ("Hi {{profile.first_name|there}}", True),
        ("Hi {{profile.first_name}}", False),
        ("{{hours.tomorrow}}", False),
        ("{{hours.next", False),
        (" ", False),
    ],
)
def test_a_reply_that_cannot_be_said_is_refused(text: str, *, fits: bool) -> None:
    found = problems(Settings(hours=HoursSettings(auto_reply=text)))
    assert [problem.path for problem in found] == [] if fits else ["$.hours.auto_reply"]


def test_who_wants_a_reply_has_to_say_which() -> None:
    (problem,) = problems(Settings(hours=HoursSettings(when_no_agents=True)))
    assert problem.path == "$.hours.auto_reply"


STEPS = st.lists(
    st.tuples(
        st.sampled_from([1, 60, 700, 3 * HOUR, 10 * HOUR]),
        st.sampled_from(["ask", "ask", "ask", "answer", "hold", "go", "come", "aside"]),
    ),
    max_size=40,
)
DOES: dict[str, Ask] = {
    "answer": saying("yes"),
    "hold": saying("wait", hold=True),
    "aside": snoozing(),
}


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, absence=st.booleans())
def test_it_is_said_at_most_once_for_each_reason(
    steps: list[tuple[int, str]], *, absence: bool
) -> None:
    """Invariant 14: judged from the events alone, not by the state."""
    scene = Scene(rules((4, 8), (20, 28), (50, 60), when_no_agents=absence)).open()
    for span, step in steps:
        scene.now = Millis(scene.now + seconds(span))
        if step in DOES:
            scene.ask(ANN, DOES[step])
        elif step == "ask":
            scene.does(SHOPPER, saying())
        else:
            scene.rules = replace(scene.rules, staffed=step == "come")
    check(scene, absence=absence)


def check(scene: Scene, *, absence: bool) -> None:
    windows = scene.rules.hours.windows or ()
    answered: Millis | None = None
    told: list[tuple[str, int]] = []
    before: Event | None = None
    for event in scene.events:
        body = event.body
        if isinstance(body, Said) and body.auto == "offhours":
            assert before is not None
            assert (before.by, before.at) == (SHOPPER, event.at)
            is_open = any(begin <= event.at < end for begin, end in windows)
            assert absence or not is_open
            assert answered is None or event.at >= answered + seconds(600)
            passed = sum(edge <= event.at for window in windows for edge in window)
            reason = f"{passed}" if not is_open else f"{passed} after {answered}"
            told.append((reason, event.at))
        elif event.by == ANN and isinstance(body, Said):
            answered = event.at
        before = event
    reasons = [reason for reason, _ in told]
    assert len(set(reasons)) == len(reasons)


def test_a_state_tells_when_it_was_said() -> None:
    state = Scene(CLOSED).open().state
    assert (state.offhours_at, state.answered_at) == (NOON, None)
    assert ChatState().offhours_at is None
