"""The bot's turns, and what hands a chat over to people (F35, F36)."""

import pytest
from msgspec.structs import replace

from actors.chat.events import (
    Assigned,
    Closed,
    ControlChanged,
    Event,
    HandoffChanged,
    Opened,
    Said,
    Target,
    TurnTaken,
    for_shopper,
)
from actors.chat.handoff import ANSWER_WITHIN, SIGN_IN_WITHIN, external
from actors.chat.outcomes import Repeated, Unchanged
from actors.ids import BOT, SYSTEM, Millis, Person, Seq
from actors.refusals import Reason
from actors.settings.ai import AiSettings
from actors.settings.assignment import AssignmentSettings, Condition, Rule, Team
from actors.settings.document import Settings
from actors.settings.rules import Rules
from tests.actors.scene import (
    ANN,
    SHOPPER,
    VISITOR,
    Scene,
    ending,
    handed,
    handing,
    passing,
    releasing,
    saying,
    starting,
    taking,
    turning,
)

AI = AiSettings(enabled=True, message="Write to us at hello@shop.example.")


def asked(target: Target = "helpdesk", by: Person = SHOPPER) -> Scene:
    """Return a chat in which the bot is to answer what was just asked."""
    settings = Settings(ai=replace(AI, handoff=target))
    scene = Scene(Rules(1, settings))
    scene.does(by, starting("where is my order"))
    return scene


def turn(scene: Scene) -> int:
    bot = scene.state.bot
    assert bot is not None
    return bot.turn


def offered(target: Target = "helpdesk", by: Person = SHOPPER) -> Scene:
    """Return a chat whose shopper was asked whether a person is to answer."""
    scene = asked(target, by)
    scene.does(BOT, turning(turn(scene), "escalate", reason="order"))
    return scene


def bodies(events: tuple[Event, ...]) -> list[object]:
    return [event.body for event in events]


def states(scene: Scene) -> list[str]:
    made = [event.body for event in scene.events]
    return [body.state for body in made if isinstance(body, HandoffChanged)]


def test_a_chat_begins_with_the_bot_where_there_is_one() -> None:
    scene = asked()
    opened = scene.events[0].body
    assert isinstance(opened, Opened)
    assert (opened.control, scene.state.control) == ("bot", "bot")
    assert turn(scene) == scene.state.seq
    assert Scene().open().state.bot is None


def test_the_bot_greets_before_the_shopper_is_heard() -> None:
    scene = Scene(Rules(settings=Settings(ai=replace(AI, greeting="Hello, I am Bo."))))
    *_, greeting, question = scene.does(SHOPPER, starting())
    assert (greeting.by, greeting.body) == (BOT, Said("Hello, I am Bo.", auto="bot"))
    assert question.by == SHOPPER


def test_an_answer_ends_the_turn_and_is_marked_as_the_bots() -> None:
    scene = asked()
    begun = turn(scene)
    taken, said = scene.does(BOT, turning(begun, "reply", "It is on its way."))
    assert taken.body == TurnTaken(Seq(begun), "reply")
    assert (said.by, said.body) == (BOT, Said("It is on its way.", auto="bot"))
    assert turn(scene) == 0


def test_what_is_said_during_a_turn_waits_for_the_next_one() -> None:
    scene = asked()
    begun = turn(scene)
    for text in ("hello?", "are you there?"):
        scene.does(SHOPPER, saying(text))
    assert turn(scene) == begun
    taken, *_ = scene.does(BOT, turning(begun, "reply", "One moment."))
    assert turn(scene) == scene.state.seq - 1
    assert scene.events[turn(scene) - 1] == taken


def test_a_turn_is_taken_once() -> None:
    scene = asked()
    begun = turn(scene)
    scene.ask(BOT, turning(begun, "reply", "yes"), "turn:4")
    assert isinstance(
        scene.ask(BOT, turning(begun, "reply", "yes"), "turn:4"), Repeated
    )
    scene.does(SHOPPER, saying("and now?"))
    refused = scene.refuses(BOT, turning(begun, "reply", "late"))
    assert (refused.reason, refused.holder) == (Reason.CONFLICT, "bot")


def test_who_takes_control_ends_the_turn() -> None:
    scene = asked()
    begun = turn(scene)
    scene.does(ANN, taking())
    assert turn(scene) == 0
    refused = scene.refuses(BOT, turning(begun, "reply", "late"))
    assert (refused.reason, refused.holder) == (Reason.CONFLICT, "humans")


def test_given_back_it_answers_what_nobody_has() -> None:
    scene = asked()
    scene.does(ANN, taking())
    scene.does(SHOPPER, saying("hello?"))
    scene.does(ANN, releasing())
    assert turn(scene) > 0
    scene.does(BOT, turning(turn(scene), "reply", "Here I am."))
    scene.does(ANN, saying("and here I am"))
    scene.does(ANN, releasing())
    assert turn(scene) == 0


def test_after_two_turns_that_came_to_nothing_a_person_is_offered() -> None:
    scene = asked()
    _, unsure = scene.does(BOT, turning(turn(scene), "fail", reason="unknown"))
    assert unsure.body == Said(AI.unsure, auto="bot")
    scene.does(SHOPPER, saying("my order"))
    _, question, offer = scene.does(BOT, turning(turn(scene), "fail", reason="unknown"))
    assert question.body == Said(AI.offer, auto="handoff")
    until = Millis(scene.now + ANSWER_WITHIN)
    assert offer.body == HandoffChanged("helpdesk", "offered", until, "unknown")
    assert scene.state.control == "bot"


def test_an_answer_between_begins_the_count_anew() -> None:
    scene = asked()
    for what in ("fail", "reply", "fail"):
        assert what in {"fail", "reply"}
        scene.does(
            BOT, turning(turn(scene), "reply" if what == "reply" else "fail", "x")
        )
        scene.does(SHOPPER, saying("next"))
    assert states(scene) == []


def test_an_offer_is_made_once() -> None:
    scene = offered()
    scene.does(SHOPPER, saying("hm"))
    assert scene.kinds(BOT, turning(turn(scene), "escalate")) == ["turn"]
    assert states(scene) == ["offered"]


def test_a_ticket_is_born_when_the_shopper_says_yes() -> None:
    scene = offered()
    accepted, said, turned, done = scene.does(SHOPPER, handing())
    assert accepted.body == HandoffChanged("helpdesk", "accepted", reason="order")
    assert accepted.id
    assert said.body == Said(AI.connecting, auto="handoff")
    assert turned.body == ControlChanged("bot", "humans", "handoff")
    assert done.body == HandoffChanged("helpdesk", "done")
    assert scene.state.control == "humans"


def test_who_asks_for_a_person_is_not_asked_back() -> None:
    scene = asked()
    events = scene.does(BOT, turning(turn(scene), "escalate", reason="human"))
    assert states(scene) == ["accepted", "done"]
    assert [event.id != "" for event in events] == [True, *[False] * 4]
    assert scene.state.control == "humans"


def test_a_no_leaves_the_chat_with_the_bot() -> None:
    scene = offered()
    (declined,) = scene.does(SHOPPER, handing(yes=False))
    assert declined.body == HandoffChanged("helpdesk", "declined")
    assert scene.state.control == "bot"
    again = scene.refuses(SHOPPER, handing())
    assert (again.reason, again.holder) == (Reason.CONFLICT, "bot")


def test_an_offer_that_nobody_answers_is_withdrawn_once() -> None:
    scene = offered()
    assert scene.wait(ANSWER_WITHIN / 1000 - 1) == []
    assert scene.wait(1) == ["withdrawn"]
    assert scene.wait(3600) == []
    assert states(scene) == ["offered", "withdrawn"]
    assert scene.refuses(SHOPPER, handing()).reason is Reason.CONFLICT


def test_a_visitor_has_to_sign_in_first_and_the_offer_stays() -> None:
    scene = offered(by=VISITOR)
    assert scene.wait(SIGN_IN_WITHIN / 1000 - 1) == []
    assert scene.refuses(VISITOR, handing()).reason is Reason.LOGIN_REQUIRED
    assert states(scene) == ["offered"]
    assert scene.wait(1) == ["withdrawn"]


def test_a_visitor_who_asks_for_a_person_is_offered_one() -> None:
    scene = asked(by=VISITOR)
    scene.does(BOT, turning(turn(scene), "escalate", reason="human"))
    assert (states(scene), scene.state.control) == (["offered"], "bot")


def test_without_a_bot_visitors_start_nothing() -> None:
    assert Scene().refuses(VISITOR, starting()).reason is Reason.LOGIN_REQUIRED


@pytest.mark.parametrize("by", [SHOPPER, VISITOR])
def test_where_nobody_is_handed_over_the_message_is_said(by: Person) -> None:
    scene = offered("message", by)
    _, said, done = scene.does(by, handing())
    assert said.body == Said(AI.message, auto="handoff")
    assert done.body == HandoffChanged("message", "done")
    assert scene.state.control == "bot"


def test_an_agent_who_steps_in_withdraws_the_offer() -> None:
    scene = offered()
    assert scene.kinds(ANN, saying()) == ["handoff", "control", "assigned", "msg"]
    assert states(scene) == ["offered", "withdrawn"]


def test_the_end_withdraws_it_too() -> None:
    scene = offered()
    assert scene.kinds(SHOPPER, ending()) == ["handoff", "closed"]
    assert scene.deadline() is None


def test_a_team_may_be_chosen_by_why_the_bot_gave_up() -> None:
    rule = Rule(Condition(bot_reason="order"), "orders")
    assignment = AssignmentSettings(rules=(rule,), teams=(Team("orders", "Orders"),))
    scene = Scene(Rules(1, Settings(ai=AI, assignment=assignment)))
    scene.does(SHOPPER, starting())
    scene.does(BOT, turning(turn(scene), "escalate", reason="order"))
    events = scene.does(SHOPPER, handing())
    assert Assigned(None, None, "routing", "orders") in bodies(events)
    assert scene.state.team == "orders"


def test_a_bot_that_was_switched_off_hands_over() -> None:
    scene = asked()
    scene.rules = Rules()
    scene.does(BOT, turning(turn(scene), "escalate", reason="off"))
    assert scene.state.control == "humans"


def test_handed_over_elsewhere_nobody_has_control_until_a_ticket_is_there() -> None:
    scene = offered("zendesk")
    *_, turned = scene.does(SHOPPER, handing())
    assert turned.body == ControlChanged("bot", "none", "handoff")
    done, external_now = scene.does(SYSTEM, handed("77"))
    assert done.body == HandoffChanged("zendesk", "done", ref="77")
    assert external_now.body == ControlChanged("none", "external", "handoff")
    assert isinstance(scene.ask(SYSTEM, handed("77"), "again"), Unchanged)


def test_shoppers_do_not_hear_what_the_other_system_calls_it() -> None:
    scene = offered("zendesk")
    scene.does(SHOPPER, handing())
    done, _ = scene.does(SYSTEM, handed("77"))
    assert for_shopper(done.body) == HandoffChanged("zendesk", "done")


def test_where_the_answer_comes_by_mail_the_chat_is_over() -> None:
    scene = offered("gorgias")
    scene.does(SHOPPER, handing())
    _, said, closed = scene.does(SYSTEM, handed("77"))
    assert said.body == Said(AI.by_mail, auto="handoff")
    assert closed.body == Closed("handoff")


def test_what_fails_elsewhere_is_ours() -> None:
    scene = offered("zendesk")
    scene.does(SHOPPER, handing())
    failed, turned = scene.does(SYSTEM, handed(reason="status 500"))
    assert failed.body == HandoffChanged("zendesk", "failed", reason="status 500")
    assert turned.body == ControlChanged("none", "humans", "handoff")


def test_an_agent_may_step_in_while_a_hand_off_is_on_its_way() -> None:
    scene = offered("gorgias")
    scene.does(SHOPPER, handing())
    scene.does(ANN, saying("I have it"))
    (done,) = scene.does(SYSTEM, handed("77"))
    assert isinstance(done.body, HandoffChanged)
    assert (scene.state.control, scene.state.status) == ("humans", "open")


def test_words_from_the_other_system_are_passed_on_while_it_has_control() -> None:
    scene = offered("zendesk")
    scene.does(SHOPPER, handing())
    zendesk = external("zendesk")
    assert isinstance(scene.ask(zendesk, passing("early")), Unchanged)
    scene.does(SYSTEM, handed("77"))
    (said,) = scene.does(zendesk, passing("Hello from Zendesk"))
    assert (said.by, said.body) == (zendesk, Said("Hello from Zendesk"))
    (closed,) = scene.does(zendesk, passing(over=True))
    assert closed.body == Closed("handoff")
    assert isinstance(scene.ask(zendesk, passing("late")), Unchanged)
