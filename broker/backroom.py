"""What a desk is told of its shop: whom there is to ask, and how long may be waited."""

from collections.abc import Iterable

import msgspec

from actors.settings.rules import Rules
from storage.accounts import Agent


class Member(msgspec.Struct, frozen=True, gc=False):
    """An agent or admin who has an account."""

    id: str
    name: str
    role: str


class Crew(msgspec.Struct, frozen=True, gc=False):
    """A team with a queue of its own."""

    id: str
    name: str
    members: tuple[str, ...]


class Patience(msgspec.Struct, frozen=True, gc=False):
    """After how long a silence a check-in falls due, and is missed (spec U6)."""

    enabled: bool
    remind_s: int
    breach_s: int
    text: str
    """What to say when there is nothing to say yet."""


class Backroom(msgspec.Struct, frozen=True, gc=False):
    """The document that comes with an agent's welcome."""

    version: int
    """Of the settings."""
    name: str
    zone: str
    locale: str
    agents: tuple[Member, ...]
    teams: tuple[Crew, ...]
    check_in: Patience
    on_reply: str
    """Whether a reply takes a ticket over (F23)."""
    ask_rating: bool
    """Whether shoppers are asked how it was when a chat ends."""
    bot: bool
    """Whether there is a bot that a chat may be given to (F36)."""


def backroom(name: str, rules: Rules, accounts: Iterable[Agent]) -> Backroom:
    """Return what agents of the shop called `name` work with."""
    settings = rules.settings
    check_in, assignment = settings.check_in, settings.assignment
    there = (agent for agent in accounts if agent.disabled_at is None)
    return Backroom(
        version=rules.version,
        name=name,
        zone=settings.hours.zone,
        locale=settings.chat.locale,
        agents=tuple(Member(agent.id, agent.name, agent.role) for agent in there),
        teams=tuple(Crew(t.id, t.name, t.members) for t in assignment.teams),
        check_in=Patience(
            check_in.enabled, check_in.remind_s, check_in.breach_s, check_in.auto_text
        ),
        on_reply=assignment.on_reply,
        ask_rating=settings.rating.ask,
        bot=rules.bot,
    )
