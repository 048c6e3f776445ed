"""What a load tester has to notice, shown to it by servers that do it."""

import socket
from collections.abc import Callable
from functools import partial

import msgspec
import pytest
import trio

from broker.wire.codec import JSON
from clients.load import crowd
from clients.load.plan import Chaos, Mix, Plan
from clients.load.plug import Address
from clients.load.report import Report
from clients.load.scene import Host, Scene, Who
from clients.load.seat import Seat
from clients.load.talk import Follower, Talk, Write
from clients.load.texts import AGENT, Texts
from clients.load.vigil import Promise
from tests.clients.load.runs import NOTHING_WRONG, PLAIN, ran
from tests.clients.load.stub import Frame, Lie, Stub, truly
from tests.long import LONG, times

pytestmark = pytest.mark.slow

ADDRESS = Address(socket.AF_INET, ("127.0.0.1", 1), "127.0.0.1", "/ws")
PLAN = Plan(chats=6, agents=2, rate=100, duration=1.5, mix=PLAIN)
Sent = list[tuple[str, Frame]]


LIE_EVERY = times(1000, 50)
LIES_PLAN = msgspec.structs.replace(PLAN, duration=times(12, 1) + 0.5)
STALL_S, STALL_EVERY_S = times(2, 1), times(10, 3)


def once_in_a_while(then: Lie) -> Lie:
    """Lie seldom, as `then` does; else tell the truth."""

    def lie(stub: Stub, who: str, event: Frame) -> Sent:
        lies = stub.told % LIE_EVERY == LIE_EVERY - 10
        return (then if lies else truly)(stub, who, event)

    return lie


def dropped(_stub: Stub, _who: str, _event: Frame) -> Sent:
    return []


def doubled(_stub: Stub, who: str, event: Frame) -> Sent:
    return [(who, event), (who, event)]


def leaked(stub: Stub, who: str, event: Frame) -> Sent:
    """Tell somebody of another chat too, as if it were of theirs."""
    chat = next(chat for chat in stub.events if chat != event["chat"])
    seq = len(stub.events[chat]) + 1
    other = stub.events[chat][0]["by"]
    return [(who, event), (other, event | {"chat": chat, "seq": seq, "prev": seq - 1})]


def swapped(stub: Stub, who: str, event: Frame) -> Sent:
    """Hold one event back until the next one of the same chat for the same person."""
    for number, (held_for, held) in enumerate(stub.kept):
        if held_for == who and held["chat"] == event["chat"]:
            del stub.kept[number]
            return [(who, event), (who, held)]
    if stub.told == 20:
        stub.kept.append((who, event))
        return []
    return [(who, event)]


def relabelled(stub: Stub, who: str, event: Frame) -> Sent:
    """Say the texts of two messages in the wrong order, with the right seqs."""
    sent = swapped(stub, who, event)
    if len(sent) < 2:
        return sent
    (_, late), (_, early) = sent
    return [
        (who, early | {"body": late["body"]}),
        (who, late | {"body": early["body"]}),
    ]


LIES: dict[str, tuple[Lie, str | None]] = {
    "honest": (truly, None),
    "drops": (once_in_a_while(dropped), "lost"),
    "doubles": (once_in_a_while(doubled), "duplicated"),
    "swaps": (swapped, "misordered"),
    "relabels": (relabelled, "misordered"),
    "leaks": (once_in_a_while(leaked), "misrouted"),
}


async def test_each_lie_is_caught_and_called_by_its_name() -> None:
    reports: dict[str, Report] = {}
    # A generator that is starved excuses what it may have missed itself.
    at_once = trio.CapacityLimiter(2 if LONG else len(LIES))

    async def one(name: str, lie: Lie) -> None:
        async with at_once:
            reports[name] = await ran(LIES_PLAN, Stub(lie))

    async with trio.open_nursery() as nursery:
        for name, (lie, _) in LIES.items():
            nursery.start_soon(one, name, lie)
    for name, (_, what) in LIES.items():
        report = reports[name]
        found = {w: wrong.count for w, wrong in report.correctness.items()}
        expected = {w for w in found if w == what}
        assert {w for w, count in found.items() if count} == expected, (name, report)
        assert report.exit in ({99} if what else NOTHING_WRONG), (name, report.why)
        assert report.totals["offered"] == 100 * LIES_PLAN.duration


def honest() -> Stub:
    stub = Stub()
    stub.lists, stub.reminds_s = True, REMIND_S
    return stub


def wrong_badge(stub: Stub) -> None:
    stub.badge_off = 1


def no_dots(stub: Stub) -> None:
    stub.undotted = True


def no_reminder(stub: Stub) -> None:
    stub.reminders = ()


def unnoticed(stub: Stub) -> None:
    stub.reminders = ("event",)


def reminded_twice(stub: Stub) -> None:
    stub.reminders = ("event", "notice", "event")


def reminded_early(stub: Stub) -> None:
    stub.reminds_s = REMIND_S / 2


def wrong_desk(stub: Stub) -> None:
    stub.desk = "somebody-else"


REMIND_S = 1
STRICT = 7
"""Seed of the runs in which late check-ins count."""
DESK_LIES: dict[Callable[[Stub], None], str] = {
    wrong_badge: "wrong_badges",
    no_dots: "wrong_badges",
    no_reminder: "wrong_check_ins",
    unnoticed: "wrong_check_ins",
    reminded_twice: "wrong_check_ins",
    reminded_early: "wrong_check_ins",
    wrong_desk: "wrong_check_ins",
}


async def test_a_desk_that_is_lied_to_is_caught_and_an_honest_one_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The stub has no misses. Where none is to be found, a machine may stand still.
    def promised(plan: Plan) -> Promise:
        strict = plan.seed == STRICT
        return Promise(REMIND_S * 1000, 60_000, slack=800 if strict else 30_000)

    monkeypatch.setattr(crowd, "promised", promised)
    mix = Mix(typing=0, reads=0.5, row=0, remind_s=REMIND_S)
    plan = Plan(chats=5, agents=1, rate=2, duration=5, mix=mix)
    strict = msgspec.structs.replace(plan, seed=STRICT)
    reports: dict[Callable[[Stub], None] | None, Report] = {}

    async def one(lie: Callable[[Stub], None] | None) -> None:
        stub = honest()
        if lie is not None:
            lie(stub)
        looked_for = lie is not None and DESK_LIES[lie] == "wrong_check_ins"
        reports[lie] = await ran(strict if looked_for else plan, stub)

    async with trio.open_nursery() as nursery:
        for lie in (None, *DESK_LIES):
            nursery.start_soon(one, lie)
    for told, report in reports.items():
        found = {w: wrong.count for w, wrong in report.correctness.items()}
        expected = {DESK_LIES[told]} if told else set[str]()
        samples = [wrong.samples for wrong in report.correctness.values()]
        assert {w for w, count in found.items() if count} == expected, (
            told,
            samples[-2:],
        )
    truth = reports[None]
    assert truth.totals["check_ins"] > 0
    assert truth.totals["badges"] == 1


async def test_a_stall_is_seen_by_those_who_would_have_spoken_during_it() -> None:
    stub = Stub()

    async def stall() -> None:
        while True:
            await trio.sleep(1)
            stub.stalls = float(STALL_S)
            await trio.sleep(STALL_EVERY_S - 1)

    # One chat: its connection is what stands still.
    seconds = 2 * STALL_EVERY_S if LONG else STALL_EVERY_S
    plan = Plan(chats=1, agents=1, rate=times(100, 60), duration=seconds, mix=PLAIN)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stall)
        report = await ran(plan, stub, "send.p99<500ms")
        nursery.cancel_scope.cancel()
    worst = report.latency["send"]["p99"]
    assert worst is not None
    assert 800 * STALL_S < worst < 1500 * STALL_S + 500
    assert report.exit != 0
    assert report.correctness["lost"].count == 0


async def test_a_generator_that_is_starved_says_nothing_of_the_other_side() -> None:
    plan = Plan(chats=1, agents=1, rate=50_000, duration=0.15, mix=PLAIN)
    report = await ran(plan, Stub(), "send.p99<1ms")
    assert report.verdict is None, report.why
    assert report.exit == 3
    assert report.generator.bottleneck


async def test_what_the_other_side_does_not_know_decides_nothing() -> None:
    mix = Mix(notes=0.1, ends=0.1, faq=1, images=0.3)
    plan = Plan(chats=3, agents=1, rate=40, duration=1, mix=mix)
    stub = Stub()
    stub.config = {"faq": [{"id": "q"}]}
    report = await ran(plan, stub)
    assert report.exit in NOTHING_WRONG, report.why
    assert "picks" not in report.totals
    # There is no HTTP beside its socket.
    assert "images" not in report.totals
    assert report.totals["images_plain"] > 0
    assert report.totals["answered"] == 40


@pytest.mark.parametrize("config", [None, 7, {"faq": "none"}, {"faq": []}])
async def test_questions_that_the_other_side_does_not_have_are_left_alone(
    config: object,
) -> None:
    plan = Plan(chats=1, agents=1, rate=20, duration=0.2, mix=Mix(faq=1))
    stub = Stub()
    stub.config = config
    report = await ran(plan, stub)
    assert report.exit in NOTHING_WRONG, report.why
    assert not report.errors


async def test_the_same_seed_says_the_same() -> None:
    first, again, other = Stub(), Stub(), Stub()
    reports: dict[int, str | None] = {}

    async def one(number: int, stub: Stub, seed: int) -> None:
        planned = Plan(chats=3, agents=1, rate=60, duration=0.5, mix=PLAIN, seed=seed)
        reports[number] = (await ran(planned, stub)).traffic_hash

    async with trio.open_nursery() as nursery:
        for number, stub in enumerate((first, again, other)):
            nursery.start_soon(partial(one, number, stub, 7 + number // 2))
    assert sorted(first.texts) == sorted(again.texts) != sorted(other.texts)
    assert reports[0] == reports[1] != reports[2]


async def test_nothing_is_lost_that_was_never_answered() -> None:
    stub = Stub()

    async def fall_silent() -> None:
        await trio.sleep(0.8)
        stub.silent = True

    async with trio.open_nursery() as nursery:
        nursery.start_soon(fall_silent)
        report = await ran(PLAN, stub)
    assert report.correctness["lost"].count == 0
    assert report.totals["unanswered"] > 0


async def test_a_refusal_of_a_message_is_a_fault() -> None:
    stub = Stub()
    stub.refuses = "forbidden"
    report = await ran(Plan(chats=1, agents=1, rate=20, duration=0.3, mix=PLAIN), stub)
    assert report.exit == 99
    assert "refused with forbidden" in report.why


async def test_who_was_away_when_a_chat_began_opens_it_on_return() -> None:
    plan = Plan(chats=2, agents=1, rate=60, duration=2, mix=PLAIN)
    plan = msgspec.structs.replace(plan, chaos=Chaos(drop=0.5), seed=3)
    report = await ran(plan, Stub())
    assert report.exit in NOTHING_WRONG, report.why
    assert report.latency["resume"]["count"]


class Deaf(Host):
    """Whoever does not care what becomes of seats."""

    def greeted(self, side: str, who: Who) -> None: ...
    def began(self, talk: Talk, chat: str, since: int, *, existing: bool) -> None: ...
    def attached(self, follower: Follower) -> None: ...
    def answered(self, write: Write) -> None: ...
    def given_up(self, write: Write, code: str) -> None: ...


def test_a_chat_that_begins_while_its_agent_is_away_is_opened_later() -> None:
    scene = Scene(ADDRESS, Texts(1), "run")
    scene.host = Deaf()
    seat = Seat(scene, Who("agent", "a", "t"), AGENT)
    follower = Follower(Talk(0), AGENT, "chat-1")
    seat.open_chat(follower)
    seat.opened(JSON.unframed)
    seat.took(JSON.unframed.encode({"t": "welcome", "re": "runh1", "who": "agent:a"}))
    seat.took(JSON.unframed.encode({"t": "ok", "re": "runo2", "chat": "chat-1"}))
    scene.loop.close()
    assert follower.attached
