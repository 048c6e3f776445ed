"""Agents come, go and are seen; desks tell of it (F27)."""

import pytest

from actors.agent.commands import Choose, Connect, Disconnect, Presence
from actors.agent.rules import GRACE
from actors.cells.agent import AgentCell
from actors.cells.desk import Enter
from actors.desk.board import APART
from actors.ids import AgentId, Millis
from tests.actors.scene import SITE
from tests.actors.world import World

KEY = f"{SITE}/ann"


def agent(world: World) -> AgentCell:
    found = world.agents.get(KEY)
    assert found is not None
    return found


def connect(world: World, key: str = KEY) -> None:
    world.agents.tell(key, Connect())
    world.turn()


def disconnect(world: World, key: str = KEY) -> None:
    world.agents.tell(key, Disconnect(world.now))
    world.turn()


class Colleague:
    """Takes the list on arriving."""

    def __init__(self) -> None:
        self.list: dict[AgentId, Presence] = {}

    def presence(self, agents: dict[AgentId, Presence]) -> None:
        self.list = agents


def enter(world: World) -> dict[AgentId, Presence]:
    colleague = Colleague()
    world.desks.tell(SITE, Enter(colleague))
    world.turn()
    return colleague.list


def test_who_connects_is_seen_at_once(world: World) -> None:
    connect(world)
    assert world.room.presences == [{"ann": "online"}]
    assert enter(world) == {"ann": "online"}


def test_a_reload_within_the_grace_is_not_seen(world: World) -> None:
    connect(world)
    disconnect(world)
    world.wait(GRACE / 1000 - 1)
    connect(world)
    world.wait(120)
    assert world.room.presences == [{"ann": "online"}]


def test_who_is_gone_longer_is_seen_to_be(world: World) -> None:
    connect(world)
    disconnect(world)
    world.wait(GRACE / 1000 - 0.1)
    assert enter(world) == {"ann": "online"}
    world.wait(0.5)
    assert enter(world) == {}
    world.wait(APART / 1000)
    assert world.room.presences[-1] == {"ann": "offline"}


def test_a_second_connection_keeps_one_there(world: World) -> None:
    connect(world)
    connect(world)
    disconnect(world)
    world.wait(120)
    assert enter(world) == {"ann": "online"}


def test_changes_in_quick_succession_are_told_as_one_list(world: World) -> None:
    connect(world)
    for command in (Choose("away"), Choose("online"), Choose("away")):
        world.agents.tell(KEY, command)
    for other in ("ben", "cid"):
        connect(world, f"{SITE}/{other}")
    assert len(world.room.presences) == 1
    world.wait(APART / 1000 + 0.3)
    assert world.room.presences[1:] == [
        {"ann": "away", "ben": "online", "cid": "online"}
    ]


def test_a_list_once_given_does_not_change_under_its_taker(world: World) -> None:
    connect(world)
    given = enter(world)
    connect(world, f"{SITE}/ben")
    assert given == {"ann": "online"}


def test_the_wall_clock_set_back_does_not_stop_the_desk(world: World) -> None:
    connect(world)
    world.now = Millis(world.now - 3_600_000)
    world.agents.tell(KEY, Choose("away"))
    world.turn()
    assert world.room.presences[-1] == {"ann": "away"}


def test_a_bug_while_a_list_is_told_is_the_desks_own(world: World) -> None:
    def wrong(*_: object, **__: object) -> None:
        raise RuntimeError

    connect(world)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.room, "presence", wrong)
        world.agents.tell(KEY, Choose("away"))
        world.wait(5)
    assert world.system.restarts == 1
    assert enter(world) == {"ann": "away"}
    world.agents.tell(KEY, Choose("online"))
    world.wait(5)
    assert world.room.presences[-1] == {"ann": "online"}


def test_agents_and_desks_rest_when_all_are_gone(world: World) -> None:
    connect(world)
    world.let_rest()
    assert (len(world.agents), len(world.desks)) == (1, 1)
    disconnect(world)
    world.let_rest()
    assert (len(world.agents), len(world.desks)) == (1, 1)
    world.wait(60)
    world.let_rest()
    assert (len(world.agents), len(world.desks)) == (0, 0)


def test_a_restart_counts_connections_on(world: World) -> None:
    connect(world)
    agent(world).restart()
    disconnect(world)
    world.wait(60)
    assert enter(world) == {}


def test_what_is_no_mail_for_them_is_ignored(world: World) -> None:
    connect(world)
    world.agents.tell(KEY, "what?")
    world.desks.tell(SITE, "what?")
    world.turn()
    assert world.system.restarts == 0
