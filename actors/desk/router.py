"""Who gets which ticket: one at a time, the oldest first, to whoever has least (F25).

The router learns what was committed and who is there, and says what to ask of chats.
It owns no ticket: what it asks for is an ordinary command, which the chat may find
pointless by then, and only the commit that comes back changes the router's table. What
is under way counts as done meanwhile, so that no two tickets go to one free place.

All spans here are on a clock that never goes back.
"""

from collections.abc import Iterator

import msgspec
from msgspec import UNSET, UnsetType

from actors.agent.commands import Presence
from actors.desk.ledger import Ledger
from actors.desk.places import Place, Rank
from actors.ids import AgentId, ChatId, Millis
from actors.settings.assignment import AssignmentSettings

PATIENCE = Millis(30_000)
"""After this an answer is not waited for any more: the chat may be asked again."""
RETRY = Millis(5_000)
"""How long a ticket rests that could not be given away: a full disk, a full chat."""
AFTER_START = Millis(60_000)
"""For so long after a start of the process nobody counts as having left (F28)."""


class Give(msgspec.Struct, frozen=True, gc=False):
    """Ask that a ticket of `team` that waits becomes `to`'s."""

    number: int
    chat: ChatId
    to: AgentId
    team: str | None


class TakeBack(msgspec.Struct, frozen=True, gc=False):
    """Ask that the ticket of an agent who has left waits for another."""

    number: int
    chat: ChatId
    agent: AgentId
    team: str | UnsetType | None = UNSET


Ask = Give | TakeBack


class Asked(msgspec.Struct, frozen=True, gc=False):
    """What a chat was asked, until it has answered; or that it is to be left alone."""

    number: int
    to: AgentId | None
    until: Millis
    moved: bool = False
    """Whether the ticket was heard of meanwhile, as something else than expected."""


class Absence(msgspec.Struct, frozen=True, gc=False):
    """How long an agent has been away, and until when that does not count."""

    since: Millis
    spared: Millis


class Former(msgspec.Struct, frozen=True, gc=False):
    """Who had a ticket that waits again, and since when it does."""

    agent: AgentId
    at: Millis


class Router(msgspec.Struct, gc=False):
    """One site's; owned by one actor and changed in place."""

    settings: AssignmentSettings = AssignmentSettings()
    crews: dict[str, frozenset[str]] = msgspec.field(default_factory=dict)
    """Members of each team."""
    ledger: Ledger = msgspec.field(default_factory=Ledger)
    present: dict[AgentId, Presence] = msgspec.field(default_factory=dict)
    """Who is not offline."""
    asked: dict[ChatId, Asked] = msgspec.field(default_factory=dict)
    coming: dict[AgentId, set[ChatId]] = msgspec.field(default_factory=dict)
    """What is on its way to each."""
    absent: dict[AgentId, Absence] = msgspec.field(default_factory=dict)
    """Those who were there, or have tickets, and are offline."""
    gone: set[AgentId] = msgspec.field(default_factory=set)
    """Those of them who have left."""
    trusted: set[ChatId] = msgspec.field(default_factory=set)
    """Given by hand to somebody who was not there: they stay until that one comes."""
    former: dict[ChatId, Former] = msgspec.field(default_factory=dict)
    served: dict[AgentId, int] = msgspec.field(default_factory=dict)
    """When each was last given a ticket, in numbers that only grow."""
    number: int = 0

    def load(self, agent: AgentId) -> int:
        """Return how many open tickets an agent has, or is about to."""
        return len(self.ledger.held_by(agent)) + len(self.coming.get(agent, ()))

    @property
    def room(self) -> int:
        """How many open tickets an agent may be given."""
        return self.settings.max_chats

    @property
    def crowded(self) -> bool:
        """Whether so many wait that the next one has to be told it will take long."""
        limit = self.settings.queue_limit
        return limit is not None and self.ledger.waiting >= limit


# What the router learns.


def adopt(router: Router, settings: AssignmentSettings) -> None:
    """Go by `settings` from now on."""
    router.settings = settings
    router.crews = {team.id: frozenset(team.members) for team in settings.teams}


def see(router: Router, agent: AgentId, presence: Presence, now: Millis) -> None:
    """Learn how an agent is seen."""
    if presence == "offline":
        router.present.pop(agent, None)
        router.absent.setdefault(agent, Absence(now, now))
        return
    router.present[agent] = presence
    router.absent.pop(agent, None)
    router.gone.discard(agent)
    router.trusted -= router.ledger.held_by(agent)


def place(router: Router, where: Place, now: Millis) -> bool:
    """Learn where a ticket stands; return if its agent has too many by it now.

    Not if the router gave it to them: then that was decided before.
    """
    chat, agent = where.chat, where.assignee
    old = router.ledger.put(where)
    before = None if old is None else old.assignee
    ours = _compare(router, where, before)
    if where.status == "closed":
        router.former.pop(chat, None)
        router.trusted.discard(chat)
        return False
    if agent != before:
        _change_hands(router, where, before, now)
    if agent is None:
        return False
    if agent not in router.present:
        if old is not None and agent != before and not ours:
            router.trusted.add(chat)
        elif where.counts and chat not in router.trusted:
            # It was snoozed when its agent left, or on its way to them.
            router.absent.setdefault(agent, Absence(now, now))
    # The bot has given back what was theirs all along.
    returned = old is not None and old.control != "humans" and where.counts
    news = agent != before or returned
    return news and not ours and router.load(agent) > router.room


def decline(router: Router, chat: ChatId, number: int, now: Millis) -> None:
    """Learn that nothing came of what a chat was asked."""
    asked = router.asked.get(chat)
    if asked is not None and asked.number == number:
        _settle(router, chat)
        if not asked.moved:
            # As it was, and yet it cannot be done: not at once again.
            router.asked[chat] = Asked(number, None, Millis(now + RETRY))


def begin(router: Router, now: Millis) -> None:
    """Begin with a table that is complete: whose agent is not there may yet come."""
    for agent in router.ledger.held:
        if agent not in router.present:
            router.absent[agent] = Absence(now, Millis(now + AFTER_START))


def spared_until(router: Router, now: Millis) -> Millis | None:
    """Return until when some may come back after a start before they count as gone."""
    ahead = [a.spared for a in router.absent.values() if a.spared > now]
    return min(ahead, default=None)


# What it has to say.


def decide(router: Router, now: Millis) -> list[Ask]:
    """Return what to ask of chats now, in this order; it counts as under way then."""
    for chat, asked in tuple(router.asked.items()):
        if asked.until <= now:
            _settle(router, chat)
    asks: list[Ask] = []
    _take_back(router, now, asks)
    if router.settings.routing == "round_robin":
        _give(router, now, asks)
    return asks


def next_deadline(router: Router) -> Millis | None:
    """Return when `decide` may have something new to say without any news."""
    moments = [asked.until for asked in router.asked.values()]
    if router.settings.on_leave != "keep":
        moments += [_leaves(router, a) for a in router.absent if a not in router.gone]
    return min(moments, default=None)


def _compare(router: Router, where: Place, before: AgentId | None) -> bool:
    """Return whether the ticket went to whom the router had asked it to be given."""
    asked, agent = router.asked.get(where.chat), where.assignee
    if asked is None:
        return False
    given = asked.to is not None and asked.to == agent
    if given or (asked.to is None and agent != before):
        _settle(router, where.chat)
    else:
        # The chat has yet to answer; what it was asked counts until then.
        moved = msgspec.structs.replace(asked, moved=True)
        router.asked[where.chat] = moved
    return given


def _change_hands(
    router: Router, where: Place, before: AgentId | None, now: Millis
) -> None:
    chat, agent = where.chat, where.assignee
    router.trusted.discard(chat)
    router.former.pop(chat, None)
    if agent is not None:
        _serve(router, agent)
    elif before is not None:
        router.former[chat] = Former(before, now)


def _leaves(router: Router, agent: AgentId) -> Millis:
    absence = router.absent[agent]
    grace = router.settings.leave_grace_s * 1000
    return Millis(max(absence.since + grace, absence.spared))


def _take_back(router: Router, now: Millis, asks: list[Ask]) -> None:
    """Let nobody wait for an agent who has left (F28)."""
    if router.settings.on_leave == "keep" or not router.absent:
        return
    for agent in tuple(router.absent):
        if agent not in router.gone and _leaves(router, agent) <= now:
            router.gone.add(agent)
        if agent not in router.gone:
            continue
        held = router.ledger.held_by(agent) - router.trusted
        if not router.load(agent):
            del router.absent[agent]
            router.gone.discard(agent)
        for chat in sorted(held):
            if chat not in router.asked:
                team = _home(router, agent)
                number = _ask(router, chat, None, now)
                asks.append(TakeBack(number, chat, agent, team))


def _home(router: Router, agent: AgentId) -> str | UnsetType:
    """Return the team whose queue an agent's tickets go to, if the site wants that."""
    if router.settings.on_leave == "to_team":
        for team, crew in router.crews.items():
            if agent in crew:
                return team
    return UNSET


def _give(router: Router, now: Millis, asks: list[Ask]) -> None:
    if not router.ledger.queues:
        return
    room = router.room
    free = {
        agent: load
        for agent, presence in router.present.items()
        if presence == "online" and (load := router.load(agent)) < room
    }
    heads = {team: _unasked(router, team) for team in router.ledger.queues}
    first = {team: rank for team, it in heads.items() if (rank := next(it, None))}
    while free and first:
        for team in [team for team in first if not _crew(router, team, free)]:
            del first[team]
        if not first:
            return
        team = min(first, key=lambda name: first[name])
        chat = first[team][2]
        agent = _whose_turn(router, chat, _crew(router, team, free), now)
        asks.append(Give(_ask(router, chat, agent, now), chat, agent, team))
        free[agent] += 1
        if free[agent] >= room:
            del free[agent]
        following = next(heads[team], None)
        if following is None:
            del first[team]
        else:
            first[team] = following


def _unasked(router: Router, team: str | None) -> Iterator[Rank]:
    # What is asked for stays in the queue until it is committed.
    return (rank for rank in router.ledger.queues[team] if rank[2] not in router.asked)


def _crew(
    router: Router, team: str | None, free: dict[AgentId, int]
) -> dict[AgentId, int]:
    """Return who of `free` may be given tickets of `team`."""
    crew = None if team is None else router.crews.get(team)
    if crew is None:
        return free
    return {agent: load for agent, load in free.items() if agent in crew}


def _whose_turn(
    router: Router, chat: ChatId, crew: dict[AgentId, int], now: Millis
) -> AgentId:
    former, span = router.former.get(chat), router.settings.prefer_recent_s * 1000
    if former is not None and former.agent in crew and now < former.at + span:
        return former.agent
    return min(
        crew, key=lambda agent: (crew[agent], router.served.get(agent, 0), agent)
    )


def _ask(router: Router, chat: ChatId, to: AgentId | None, now: Millis) -> int:
    router.number = number = router.number + 1
    router.asked[chat] = Asked(number, to, Millis(now + PATIENCE))
    if to is not None:
        router.coming.setdefault(to, set()).add(chat)
        _serve(router, to)
    return number


def _settle(router: Router, chat: ChatId) -> None:
    """Wait no longer for a chat's answer."""
    asked = router.asked.pop(chat, None)
    if asked is not None and asked.to is not None:
        coming = router.coming[asked.to]
        coming.discard(chat)
        if not coming:
            del router.coming[asked.to]


def _serve(router: Router, agent: AgentId) -> None:
    router.number += 1
    router.served[agent] = router.number
