"""Whose queue a new ticket waits in, and who may open it there (F26)."""

from typing import Protocol

from actors.chat.traits import Traits
from actors.ids import AGENT, Person
from actors.settings.assignment import AssignmentSettings, Condition, Team
from actors.settings.rules import Rules


class Queued(Protocol):
    """A ticket, in memory or as its row."""

    @property
    def team(self) -> str | None:
        """Whose queue it is in."""
        ...

    @property
    def assignee(self) -> str | None:
        """Who has it."""
        ...


def team_for(assignment: AssignmentSettings, traits: Traits) -> str | None:
    """Return the team of the first rule that fits; `None` is the queue of all.

    Asked once, when the ticket is made: a later save concerns later tickets.
    """
    for rule in assignment.rules:
        if _fits(rule.when, traits):
            return rule.team
    return None


def may_open(ticket: Queued, who: Person, rules: Rules) -> bool:
    """Return whether an agent may open the ticket: any may, but of restricted teams.

    Those are for their members, for admins, and for whom a ticket was given to.
    """
    if ticket.team is None:
        return True
    team, agent = rules.team(ticket.team), who[len(AGENT) :]
    return team is None or agent == ticket.assignee or not keeps_out(team, agent, rules)


def keeps_out(team: Team, agent: str, rules: Rules) -> bool:
    """Return whether `agent` may open no ticket of `team` but those they hold."""
    if not team.restricted:
        return False
    return agent not in team.members and agent not in rules.admins


def _fits(condition: Condition, traits: Traits) -> bool:
    """Return whether everything that is asked for is there."""
    tag, segment, page = condition.tag, condition.segment, condition.page
    return (
        (tag is None or tag in traits.tags)
        and (segment is None or segment in traits.segments)
        and (page is None or (traits.page or "").startswith(page))
        and _speaks(condition.lang, traits.lang)
        and _same(condition.country, traits.country)
        and condition.bot_reason in (None, traits.bot_reason)
    )


def _speaks(wanted: str | None, lang: str | None) -> bool:
    """Return whether `lang` is the wanted language, or its kind in some country."""
    if wanted is None:
        return True
    wanted, lang = wanted.lower(), (lang or "").lower().replace("_", "-")
    return lang == wanted or lang.startswith(f"{wanted}-")


def _same(wanted: str | None, found: str | None) -> bool:
    return wanted is None or wanted.lower() == (found or "").lower()
