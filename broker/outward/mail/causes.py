"""Which mail an event causes, to whom and when: values in, values out."""

from collections.abc import Iterator

import msgspec

from actors import codec
from actors.chat.events import Assigned, ControlChanged, Event, Opened
from actors.chat.teams import may_open
from actors.ids import AGENT, Person
from actors.settings.rules import Rules
from storage.accounts import Agent
from storage.mailing import Due, Fresh, News

TOGETHER_MS = 60_000
"""What a shopper says in so long to an agent who is not there is one mail."""
MINUTE_MS = 60_000

_encode = msgspec.json.Encoder().encode


class Opening(msgspec.Struct, frozen=True, tag="new"):
    """There is a ticket that needs a human."""

    stream: int
    to: str


class Given(msgspec.Struct, frozen=True, tag="assigned"):
    """An agent was given a ticket."""

    stream: int
    seq: int
    agent: str


class Missed(msgspec.Struct, frozen=True, tag="mine"):
    """A shopper has said something to an agent, who may not be there."""

    stream: int
    seq: int
    agent: str


class Unseen(msgspec.Struct, frozen=True, tag="unseen"):
    """An agent has said something that the shopper may not have seen."""

    stream: int
    seq: int


Occasion = Opening | Given | Missed | Unseen
"""What a mail is about: where it stands, not what it says."""


def wants(agent: Agent | None, what: str) -> bool:
    """Return whether an agent is to be mailed of such things, and can be."""
    if agent is None or agent.email is None or agent.disabled_at is not None:
        return False
    return what in msgspec.json.decode(agent.notify, type=tuple[str, ...])


def fresh(news: News, rules: Rules, staff: list[Agent]) -> Fresh | None:
    """Return whom to tell of a new ticket, if `news` is that there is one."""
    if not _needs_human(news):
        return None
    email, told = rules.settings.email, dict[str, str]()
    for address in email.notify:
        told.setdefault(address.casefold(), address)
    for agent in staff:
        who = Person(AGENT + agent.id)
        if wants(agent, "new") and may_open(news, who, rules) and agent.email:
            told.setdefault(agent.email.casefold(), agent.email)
    mails = tuple((to, _json(Opening(news.stream, to))) for to in told.values())
    return Fresh(news.stream, news.site, news.record.at, email.digest_after, mails)


def others(news: News, rules: Rules, staff: dict[str, Agent]) -> Iterator[Due]:
    """Yield what else `news` causes."""
    stream, site = news.stream, news.site
    seq, at, by = news.record.seq, news.record.at, news.record.by
    holder = news.assignee
    if news.record.kind == "assigned":
        body = _event(news).body
        agent = body.to if isinstance(body, Assigned) else None
        if agent and by != AGENT + agent and wants(staff.get(agent), "assigned"):
            key = f"assigned:{stream}:{seq}"
            yield Due(key, site, key, _json(Given(stream, seq, agent)), at, at)
    elif news.record.kind != "msg":
        return
    elif by.startswith(AGENT):
        minutes = rules.settings.email.shopper_after_min
        if news.reachable and minutes is not None:
            due = at + minutes * MINUTE_MS
            payload = _json(Unseen(stream, seq))
            yield Due(
                f"unseen:{stream}:{seq}", site, f"unseen {stream}", payload, at, due
            )
    elif (
        holder and by == f"shopper:{news.profile}" and wants(staff.get(holder), "mine")
    ):
        payload = _json(Missed(stream, seq, holder))
        key, line = f"mine:{stream}:{seq}", f"mine {stream}"
        yield Due(key, site, line, payload, at, at + TOGETHER_MS)


def _needs_human(news: News) -> bool:
    """Return whether a human has to see to the ticket from this event on.

    A bot's does not, nor one that an agent has taken from it.
    """
    if news.record.kind not in {Opened.kind, ControlChanged.kind}:
        return False
    body = _event(news).body
    if isinstance(body, ControlChanged):
        return body.to == "humans" and body.why not in {"taken", "reply"}
    return news.control == "humans"


def _event(news: News) -> Event:
    return codec.from_record(news.record)


def _json(occasion: Occasion) -> str:
    return _encode(occasion).decode()
