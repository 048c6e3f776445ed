"""Which queue a new ticket goes to, and who may open it there (F26)."""

import msgspec
import pytest

from actors.chat.events import Assigned, Event, Opened, Said, for_shopper
from actors.chat.outcomes import Unchanged
from actors.chat.teams import team_for
from actors.chat.traits import Traits
from actors.ids import SYSTEM, Person
from actors.refusals import Reason
from actors.settings.assignment import AssignmentSettings, Condition, Rule, Team
from actors.settings.document import Settings, problems
from actors.settings.rules import Rules
from tests.actors.scene import (
    ANN,
    BEN,
    SHOPPER,
    Ask,
    Scene,
    assigning,
    ending,
    noting,
    requeuing,
    routing,
    rules,
    saying,
    snoozing,
    starting,
)

SALES = Team("sales", "Sales", ("ann",))
LOCKED = Team("legal", "Legal", ("ann",), restricted=True)


def routed(*conditions: Condition) -> AssignmentSettings:
    """Return settings with a team for each condition, called by its number."""
    return AssignmentSettings(
        rules=tuple(Rule(when, str(n)) for n, when in enumerate(conditions)),
        teams=tuple(Team(str(n), "any") for n in range(len(conditions))),
    )


@pytest.mark.parametrize(
    ("condition", "traits", "fits"),
    [
        (Condition(tag="vip"), Traits(tags=("new", "vip")), True),
        (Condition(tag="vip"), Traits(tags=("vips",)), False),
        (Condition(segment="b2b"), Traits(segments=("b2b",)), True),
        (Condition(segment="b2b"), Traits(tags=("b2b",)), False),
        (Condition(page="https://x/cart"), Traits(page="https://x/cart?a=1"), True),
        (Condition(page="https://x/cart"), Traits(page="https://x/"), False),
        (Condition(page="https://x/cart"), Traits(), False),
        (Condition(lang="pl"), Traits(lang="pl"), True),
        (Condition(lang="pl"), Traits(lang="pl-PL"), True),
        (Condition(lang="pl"), Traits(lang="pl_PL"), True),
        (Condition(lang="pl-PL"), Traits(lang="pl"), False),
        (Condition(lang="p"), Traits(lang="pl"), False),
        (Condition(lang="pl"), Traits(), False),
        (Condition(country="PL"), Traits(country="pl"), True),
        (Condition(country="PL"), Traits(country="DE"), False),
        (Condition(bot_reason="refund"), Traits(bot_reason="refund"), True),
        (Condition(bot_reason="refund"), Traits(), False),
        (Condition(lang="pl", tag="vip"), Traits(tags=("vip",), lang="pl"), True),
        (Condition(lang="pl", tag="vip"), Traits(tags=("vip",), lang="de"), False),
    ],
)
def test_a_rule_fits_if_all_it_asks_for_is_there(
    condition: Condition, traits: Traits, *, fits: bool
) -> None:
    assert team_for(routed(condition), traits) == ("0" if fits else None)


def test_the_first_rule_that_fits_decides() -> None:
    settings = routed(Condition(tag="a"), Condition(lang="pl"), Condition(tag="b"))
    assert team_for(settings, Traits(tags=("b",), lang="pl")) == "1"
    assert team_for(settings, Traits(tags=("b", "a"))) == "0"
    assert team_for(settings, Traits()) is None


NOTHING: dict[str, str] = {}
WRONG: list[tuple[dict[str, object], str]] = [
    ({"rules": [{"if": {"tag": "a"}, "team": "x"}]}, "$.assignment.rules[0].team"),
    (
        {
            "teams": [{"id": "x", "name": "X"}],
            "rules": [{"if": {"tag": "a"}, "team": "x"}, {"if": NOTHING, "team": "x"}],
        },
        "$.assignment.rules[1].if",
    ),
    (
        {"teams": [{"id": "x", "name": "X"}, {"id": "x", "name": "Y"}]},
        "$.assignment.teams[1].id",
    ),
    ({"announce_transfer": "  "}, "$.assignment.announce_transfer"),
]


@pytest.mark.parametrize(("assignment", "path"), WRONG)
def test_a_rule_that_cannot_work_is_named(
    assignment: dict[str, object], path: str
) -> None:
    settings = msgspec.convert({"assignment": assignment}, Settings)
    assert [problem.path for problem in problems(settings)] == [path]


@pytest.mark.parametrize(
    "assignment",
    [
        {"rules": [{"if": {"tagg": "a"}, "team": "x"}]},
        {"rules": [{"when": {"tag": "a"}, "team": "x"}]},
        {"rules": [{"if": {"tag": ""}, "team": "x"}]},
        {"teams": [{"id": "a b", "name": "X"}]},
        {"teams": [{"id": "a"}]},
        {"routing": "random"},
        {"max_chats": 0},
        {"leave_grace_s": 0},
        {"queue_limit": 0},
    ],
)
def test_a_misspelt_one_is_an_error(assignment: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"assignment": assignment}, Settings)


# In the chat.


def with_teams(**settings: object) -> Rules:
    document = {
        "rules": (Rule(Condition(lang="pl"), "sales"),),
        "teams": (SALES, LOCKED),
    }
    return rules(assignment=msgspec.convert(document | settings, AssignmentSettings))


def opened(*, traits: Traits, by: Rules) -> Scene:
    scene = Scene(by)
    scene.does(SHOPPER, starting(traits=traits))
    return scene


def test_the_team_is_in_the_journal_and_a_later_save_changes_nothing() -> None:
    scene = opened(traits=Traits(lang="pl"), by=with_teams())
    body = scene.events[0].body
    assert isinstance(body, Opened)
    assert (body.team, scene.state.team) == ("sales", "sales")
    scene.rules = rules()
    scene.does(SHOPPER, saying())
    assert scene.state.team == "sales"


def test_a_shopper_does_not_see_how_a_shop_divides_its_work() -> None:
    shown = for_shopper(Opened("c", "default", "sue", "chat", None, "sales"))
    assert shown == Opened("c", "default", "sue", "chat")


def test_a_ticket_keeps_its_team_when_it_changes_hands() -> None:
    scene = opened(traits=Traits(lang="pl"), by=with_teams())
    scene.does(BEN, saying())
    scene.does(BEN, assigning(None))
    assert scene.state.team == "sales"


@pytest.fixture
def locked() -> Scene:
    locked = Rule(Condition(lang="pl"), "legal")
    return opened(traits=Traits(lang="pl"), by=with_teams(rules=(locked,)))


def test_a_restricted_team_keeps_its_tickets_to_itself(locked: Scene) -> None:
    for what in (saying(), noting(), assigning("ben"), ending(), snoozing()):
        assert locked.refuses(BEN, what).reason is Reason.NOT_FOUND
    locked.does(ANN, saying())
    locked.does(SHOPPER, saying())


def test_admins_and_who_was_given_the_ticket_may_open_it(locked: Scene) -> None:
    locked.rules = msgspec.structs.replace(locked.rules, admins=frozenset({"ben"}))
    locked.does(BEN, noting())
    locked.does(BEN, assigning("cid"))
    locked.does(Person("agent:cid"), noting())


def test_a_team_that_is_no_more_keeps_nobody_out(locked: Scene) -> None:
    locked.rules = rules()
    locked.does(BEN, noting())


# What the router asks for.


def test_the_router_gives_a_ticket_that_waits() -> None:
    scene = Scene().open()
    (event,) = scene.does(SYSTEM, routing("ann"))
    assert event.body == Assigned(None, "ann", "routing")
    assert scene.state.assignee == "ann"


def test_who_was_quicker_than_the_router_wins() -> None:
    for quicker in (saying(), assigning("ben"), snoozing(), ending()):
        scene = Scene().open()
        scene.does(BEN, quicker)
        assert scene.ask(SYSTEM, routing("ann")) == Unchanged()


def test_a_ticket_is_not_routed_from_a_queue_it_has_left() -> None:
    scene = opened(traits=Traits(lang="pl"), by=with_teams())
    assert scene.ask(SYSTEM, routing("ann", team=None)) == Unchanged()
    scene.does(SYSTEM, routing("ann", team="sales"))


def test_a_ticket_of_one_who_left_waits_as_long_as_it_has() -> None:
    scene = Scene().open()
    scene.does(SYSTEM, routing("ann"))
    ball = scene.state.ball
    assert ball is not None
    scene.wait(60)
    (event,) = scene.does(SYSTEM, requeuing("ann"))
    assert event.body == Assigned("ann", None, "agent_left")
    assert scene.state.ball is ball
    assert ball.taken == scene.state.opened_at


def test_a_ticket_of_one_who_left_may_go_to_a_team() -> None:
    scene = Scene().open()
    scene.does(ANN, saying())
    (event,) = scene.does(SYSTEM, requeuing("ann", team="sales"))
    assert event.body == Assigned("ann", None, "agent_left", "sales")
    assert (scene.state.assignee, scene.state.team) == (None, "sales")


@pytest.mark.parametrize("now", [assigning("ben"), snoozing(), ending()])
def test_what_is_no_longer_theirs_or_open_is_not_taken_back(now: Ask) -> None:
    scene = Scene().open()
    scene.does(ANN, saying())
    scene.does(ANN, now)
    assert scene.ask(SYSTEM, requeuing("ann")) == Unchanged()


def test_the_shopper_is_told_only_if_the_shop_wants_it() -> None:
    told = AssignmentSettings(announce_transfer="Somebody else will help you.")
    scene = Scene(rules(assignment=told)).open()
    scene.does(ANN, saying())
    events: tuple[Event, ...] = scene.does(SYSTEM, requeuing("ann"))
    assert events[1].body == Said("Somebody else will help you.", auto="handoff")
    assert scene.state.ball is None
