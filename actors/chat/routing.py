"""Rules of what the router asks of a ticket (F25, F28).

It knows the ticket as it was committed, and by now others may have been quicker: what
it asks for holds only if the ticket still is as the router believes.
"""

from actors.chat.commands import Requeue, Route
from actors.chat.events import Assigned, Event, Said
from actors.chat.limits import full
from actors.chat.outcomes import Outcome, Unchanged
from actors.chat.state import ChatState, counts
from actors.settings.rules import Rules


def route(state: ChatState, command: Route, rules: Rules) -> Outcome:
    """Give the ticket to an agent, unless it needs none any more."""
    waits = counts(state) and state.assignee is None
    if not waits or state.team != command.team:
        return Unchanged()
    change = Assigned(None, command.to, "routing")
    return full(state, rules.limits) or (
        Event(command.by, command.at, change, command.id),
    )


def requeue(state: ChatState, command: Requeue, rules: Rules) -> Outcome:
    """Let the ticket wait for somebody else, as long as it has waited already."""
    if not counts(state) or state.assignee != command.agent:
        return Unchanged()
    by, at = command.by, command.at
    change = Assigned(command.agent, None, "agent_left", command.team)
    handed = Event(by, at, change, command.id)
    said = rules.settings.assignment.announce_transfer
    announced = () if said is None else (Event(by, at, Said(said, auto="handoff")),)
    return full(state, rules.limits) or (handed, *announced)
