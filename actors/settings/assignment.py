"""Settings of whose a ticket is, and of the lists that it stands in."""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from actors.settings.fields import Name, Problem, Seconds, Section, Text, Word, empty


class Condition(Section, frozen=True, omit_defaults=True):
    """What a new ticket has to be like: all that is said here (spec F26)."""

    tag: Word | None = None
    segment: Word | None = None
    page: Word | None = None
    """How the page's address begins."""
    lang: Word | None = None
    """`pl` takes `pl-PL` too."""
    country: Word | None = None
    bot_reason: Word | None = None


class Rule(Section, frozen=True, rename={"when": "if"}):
    """Tickets that are like this wait in the queue of `team`."""

    when: Condition
    team: Name


class Team(Section, frozen=True):
    """Agents with a queue of their own."""

    id: Name
    name: Annotated[str, Meta(min_length=1, max_length=256)]
    members: Annotated[tuple[Word, ...], Meta(max_length=1000)] = ()
    restricted: bool = False
    """Whether nobody but its members and admins may open its tickets."""


class AssignmentSettings(Section, frozen=True):
    """Whose a ticket is: by replying (F23), by the router (F25 to F28)."""

    on_reply: Literal["always", "if_unassigned", "forbid_others"] = "always"
    routing: Literal["manual", "round_robin"] = "manual"
    max_chats: Annotated[int, Meta(ge=1, le=1000)] = 5
    """Open ones that an agent has room for."""
    queue_limit: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    """How many may wait before the next one is told that it will take long."""
    long_wait: Text | None = (
        "Many people are writing to us just now. It may take a while until we answer."
    )
    """Said to them, then; `None`: nothing."""
    show_queue: bool = False
    """Whether a shopper who waits is told how many are before them."""
    prefer_recent_s: Seconds = 0
    """How long a ticket that came back to the queue prefers the agent it had."""
    on_leave: Literal["keep", "requeue", "to_team"] = "requeue"
    leave_grace_s: Annotated[int, Meta(ge=1, le=86_400)] = 60
    announce_transfer: Text | None = None
    """Said to the shopper when their agent has left; `None`: nothing."""
    rules: Annotated[tuple[Rule, ...], Meta(max_length=200)] = ()
    teams: Annotated[tuple[Team, ...], Meta(max_length=100)] = ()


class InboxSettings(Section, frozen=True):
    """What agents' lists make of a ticket (spec F19)."""

    surface_closed_events: bool = False
    """Whether a closed ticket may have a dot."""


def problems(assignment: AssignmentSettings) -> Iterator[Problem]:
    """Yield what is wrong between fields that are right by themselves."""
    known: set[str] = set()
    for number, team in enumerate(assignment.teams):
        if team.id in known:
            yield Problem(f"$.assignment.teams[{number}].id", "is there twice")
        known.add(team.id)
    for number, rule in enumerate(assignment.rules):
        if rule.when == Condition():
            # It would take everything, and the rules after it would be dead.
            path = f"$.assignment.rules[{number}].if"
            yield Problem(path, "asks for nothing")
        if rule.team not in known:
            path = f"$.assignment.rules[{number}].team"
            yield Problem(path, "is none of the teams")
    yield from empty(assignment.long_wait, "$.assignment.long_wait", "is empty")
    said = assignment.announce_transfer
    yield from empty(said, "$.assignment.announce_transfer", "is empty")
