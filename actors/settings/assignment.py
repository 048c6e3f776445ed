"""Settings of whose a ticket is, and of the lists that it stands in."""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from actors.settings.fields import (
    Name,
    Problem,
    Seconds,
    Section,
    Text,
    Word,
    empty,
    says,
)


class Condition(Section, frozen=True, omit_defaults=True):
    """What a new ticket has to be like: all that is said here (spec F26)."""

    tag: Annotated[Word | None, says("A tag that the shopper has.")] = None
    segment: Annotated[Word | None, says("A segment that the shopper is in.")] = None
    page: Annotated[
        Word | None, says("How the address of the page begins on which the chat began.")
    ] = None
    lang: Annotated[
        Word | None, says("The shopper's language: pl takes pl-PL too.")
    ] = None
    country: Annotated[Word | None, says("The shopper's country, as PL.")] = None
    bot_reason: Annotated[Word | None, says("Why the bot handed over.")] = None


class Rule(Section, frozen=True, rename={"when": "if"}):
    """Tickets that are like this wait in the queue of `team`."""

    when: Annotated[Condition, says("What a new ticket has to be like: all of it.")]
    team: Annotated[Name, says("Whose queue it waits in then.")]


class Team(Section, frozen=True):
    """Agents with a queue of their own."""

    id: Annotated[Name, says("What rules and `ticket.assign` call it.")]
    name: Annotated[
        str, Meta(min_length=1, max_length=256), says("What people call it.")
    ]
    members: Annotated[
        tuple[Word, ...], Meta(max_length=1000), says("Agents, by their ids.")
    ] = ()
    restricted: Annotated[
        bool, says("Whether nobody but its members and admins may open its tickets.")
    ] = False


class AssignmentSettings(Section, frozen=True):
    """Whose a ticket is: by replying (F23), by the router (F25 to F28)."""

    on_reply: Annotated[
        Literal["always", "if_unassigned", "forbid_others"],
        says(
            "Whether an agent's answer makes the ticket theirs: always, if it "
            "is nobody's, or not at all for others than the one who has it."
        ),
    ] = "always"
    routing: Annotated[
        Literal["manual", "round_robin"],
        says("Whether agents take tickets themselves, or are given them in turn."),
    ] = "manual"
    max_chats: Annotated[
        int, Meta(ge=1, le=1000), says("Open tickets that an agent has room for.")
    ] = 5
    queue_limit: Annotated[
        Annotated[int, Meta(ge=1, le=100_000)] | None,
        says(
            "How many may wait before the next one is told that it will take "
            "long; null: any number."
        ),
    ] = None
    long_wait: Annotated[Text | None, says("Said to them, then; null: nothing.")] = (
        "Many people are writing to us just now. It may take a while until we answer."
    )
    show_queue: Annotated[
        bool, says("Whether a shopper who waits is told how many are before them.")
    ] = False
    prefer_recent_s: Annotated[
        Seconds,
        says(
            "Seconds for which a ticket that came back to the queue prefers "
            "the agent it had."
        ),
    ] = 0
    on_leave: Annotated[
        Literal["keep", "requeue", "to_team"],
        says(
            "What becomes of the tickets of an agent who has left: they keep "
            "them, or they go back to the queue of all or of their team."
        ),
    ] = "requeue"
    leave_grace_s: Annotated[
        int,
        Meta(ge=1, le=86_400),
        says("Seconds in which an agent may come back before that."),
    ] = 60
    announce_transfer: Annotated[
        Text | None,
        says("Said to the shopper when their agent has left; null: nothing."),
    ] = None
    rules: Annotated[
        tuple[Rule, ...],
        Meta(max_length=200),
        says("Whose queue a new ticket waits in: the first that fits."),
    ] = ()
    teams: Annotated[
        tuple[Team, ...], Meta(max_length=100), says("Agents with queues of their own.")
    ] = ()


class InboxSettings(Section, frozen=True):
    """What agents' lists make of a ticket (spec F19)."""

    surface_closed_events: Annotated[
        bool, says("Whether a closed ticket may have a dot, for a late rating.")
    ] = False


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
