"""How an agent is seen (F27): values in, values out."""

import pytest

from actors.agent.commands import (
    AnyCommand,
    Choose,
    Connect,
    Disconnect,
    Expel,
    Look,
    Presence,
)
from actors.agent.rules import GRACE, carry_out, next_deadline
from actors.agent.state import AgentState
from actors.ids import Millis

T = Millis(1000)
BEFORE = Look(Millis(T + GRACE - 1))
AFTER = Look(Millis(T + GRACE))
GONE = Disconnect(T)


@pytest.mark.parametrize(
    ("commands", "shown"),
    [
        ([Connect()], ["online"]),
        ([Connect(), Connect(), GONE], ["online"]),
        ([Connect(), GONE, BEFORE], ["online"]),
        ([Connect(), GONE, AFTER], ["online", "offline"]),
        ([Connect(), GONE, AFTER, AFTER], ["online", "offline"]),
        ([Connect(), GONE, Connect(), AFTER], ["online"]),
        ([Connect(), Choose("away")], ["online", "away"]),
        ([Connect(), Choose("away"), GONE, Connect()], ["online", "away"]),
        (
            [Connect(), Choose("away"), GONE, AFTER, Connect()],
            ["online", "away", "offline", "online"],
        ),
        (
            [Connect(), Choose("offline"), Choose("online")],
            ["online", "offline", "online"],
        ),
        (
            [Connect(), Connect(), Choose("away"), GONE, AFTER],
            ["online", "away"],
        ),
        ([Choose("away")], []),
        ([GONE], []),
        ([GONE, Connect()], ["online"]),
        ([Connect(), Connect(), Expel(), GONE, GONE], ["online", "offline"]),
        ([Connect(), GONE, Expel()], ["online", "offline"]),
    ],
)
def test_an_agent_is_seen_as_the_connections_and_they_themselves_say(
    commands: list[AnyCommand], shown: list[Presence]
) -> None:
    state = AgentState()
    changes = [carry_out(state, command) for command in commands]
    assert [change for change in changes if change] == shown


def test_a_look_is_wanted_only_while_there_is_grace() -> None:
    state = AgentState()
    carry_out(state, Connect())
    assert next_deadline(state) is None
    carry_out(state, GONE)
    assert next_deadline(state) == T + GRACE
    carry_out(state, AFTER)
    assert next_deadline(state) is None


def test_a_second_loss_without_a_connection_prolongs_no_grace() -> None:
    state = AgentState()
    carry_out(state, Connect())
    carry_out(state, GONE)
    carry_out(state, Disconnect(Millis(T + 5)))
    assert next_deadline(state) == T + GRACE
