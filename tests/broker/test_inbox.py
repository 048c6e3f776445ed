"""Lists and badges by law: always what a recount would say, however slow the client.

The inbox, its watchers and the frames they send, driven by random changes; what clients
have made of the frames is compared with a list made anew from the rows and cursors.
"""

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.cells.loading import listing_of
from actors.cells.opening import Opening
from actors.cells.telling import Telling, Watch
from actors.cells.watching import Open
from actors.desk.inbox import Inbox
from actors.desk.views import Key, View, ViewName, hidden_from
from actors.ids import AgentId
from actors.settings.assignment import AssignmentSettings, Team
from actors.settings.document import Settings
from actors.settings.rules import Rules
from broker.inbox import InboxWatch, Press, behind, cursor_of
from broker.wire.codec import MSGPACK
from broker.wire.frames import FromServer
from storage.records import TicketRow

AGENTS = ("ann", "ben")
TEAMS = (Team("vip", "VIP", members=("ann",), restricted=True), Team("eu", "EU"))
RULES = Rules(settings=Settings(assignment=AssignmentSettings(teams=TEAMS)))
STREAMS = st.integers(1, 6)
Frame = dict[str, Any]

changes = st.one_of(
    st.tuples(
        st.just("row"),
        STREAMS,
        st.fixed_dictionaries(
            {
                "status": st.sampled_from(["open", "open", "snoozed", "closed"]),
                "assignee": st.sampled_from([None, *AGENTS]),
                "team": st.sampled_from([None, "vip", "eu"]),
                "channel": st.sampled_from(["chat", "sms"]),
                "control": st.sampled_from(["humans", "humans", "bot"]),
                "waiting_since": st.sampled_from([None, 5, 6]),
                "last_at": st.integers(1, 4),
                "shopper_said": st.integers(0, 5),
                "said_by": st.sampled_from(["shopper:p", "agent:ann"]),
                "missed": st.integers(0, 1),
            }
        ),
    ),
    st.tuples(st.just("read"), STREAMS, st.sampled_from(AGENTS), st.integers(0, 6)),
    st.tuples(st.just("mark"), STREAMS, st.sampled_from(AGENTS), st.booleans()),
    st.tuples(st.just("seen"), STREAMS, st.booleans()),
)
turns = st.lists(st.lists(changes, max_size=4), max_size=12)


def row_of(stream: int, seq: int, fields: dict[str, Any]) -> TicketRow:
    row = TicketRow(
        stream=stream,
        chat=f"c{stream}",
        site="s",
        profile=f"p{stream}",
        until=9 if fields["status"] == "snoozed" else None,
        preview="words",
        opened_at=0,
        closed_at=seq if fields["status"] == "closed" else None,
        seq=seq,
        due=None,
        previous=None,
        **fields,
    )
    assert row.stream == stream
    return row


class Recount:
    """What the inbox follows from, and nothing else: counted from the beginning."""

    def __init__(self) -> None:
        self.rows: dict[int, TicketRow] = {}
        self.reads: dict[tuple[int, str], int] = {}
        self.marks: set[tuple[int, str]] = set()

    def dot(self, agent: str, row: TicketRow) -> bool:
        place = (row.stream, agent)
        # Who talks to the bot waits for nobody here.
        asks = row.status == "open" and row.control != "bot"
        return asks and (
            row.shopper_said > self.reads.get(place, 0) or place in self.marks
        )

    def may_see(self, agent: str, row: TicketRow) -> bool:
        hidden = row.team == "vip" and agent != "ann"
        return not hidden or row.assignee == agent

    def badge(self, agent: str) -> int:
        return sum(
            self.dot(agent, row)
            for row in self.rows.values()
            if row.assignee in (None, agent) and row.control != "bot"
            if self.may_see(agent, row)
        )

    def view(self, view: View) -> list[tuple[str, bool]]:
        shown = [
            row
            for row in self.rows.values()
            if row.status == view.status and self.may_see(view.agent, row)
            if (row.control == "bot") == (view.name == "bot")
            if view.channel in (None, row.channel)
            if view.name != "mine" or row.assignee == view.agent
            if view.name != "unassigned" or row.assignee is None
            if view.name != "team" or row.team == view.team
        ]
        shown.sort(
            key=lambda row: (
                row.waiting_since is None,
                row.last_at if row.waiting_since is None else row.waiting_since,
                row.stream,
            )
        )
        return [(row.chat, self.dot(view.agent, row)) for row in shown]


class Client:
    """An agent's client on a line that may be slow, or be cut."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.low = True
        self.frames: list[Frame] = []
        self.drained: list[Callable[[], None]] = []
        self.rows: dict[str, bool] = {}
        self.ix = 0
        self.badge = 0
        peer: Any = SimpleNamespace(
            transport=self,
            codec=MSGPACK.unframed,
            hub=SimpleNamespace(press=Press()),
            sub=view.agent,
            say=self.say,
        )
        self.watch = InboxWatch(peer)

    def say(self, said: FromServer) -> None:
        self.offer(MSGPACK.unframed.encode(said))

    # As a transport.

    def offer(self, frame: bytes) -> None:
        self.frames.append(msgspec.msgpack.decode(frame))

    def when_drained(self, then: Callable[[], None]) -> None:
        if self.low:
            then()
        else:
            self.drained.append(then)

    def drain(self) -> None:
        self.low = True
        drained, self.drained = self.drained, []
        for then in drained:
            then()

    # As a client.

    def take(self) -> None:
        frames, self.frames = self.frames, []
        for frame in frames:
            match frame["t"]:
                case "ok":
                    if frame["full"]:
                        self.rows.clear()
                    for row in frame["rows"]:
                        self.rows[row["chat"]] = row["unread"]
                    self.ix, self.badge = frame["ix"], frame["badge"]
                case "ix":
                    assert frame["iprev"] == self.ix
                    assert frame["ix"] > self.ix
                    self.ix = frame["ix"]
                    self.rows.pop(frame.get("gone", ""), None)
                    if "row" in frame:
                        self.rows[frame["row"]["chat"]] = frame["row"]["unread"]
                case _:
                    self.badge = frame["n"]


class Site:
    """An inbox, and the recount that it is held against."""

    def __init__(self) -> None:
        self.inbox = Inbox(100, {})
        self.telling = Telling()
        self.recount = Recount()
        self.seq = 0

    def change(self, kind: str, stream: int, *what: Any) -> None:
        inbox, recount = self.inbox, self.recount
        if kind == "row":
            self._row(stream, what[0])
        elif kind == "read":
            agent, upto = what
            key = (stream, agent)
            if stream in recount.rows:
                recount.reads[key] = max(upto, recount.reads.get(key, 0))
            if inbox.read(AgentId(agent), stream, upto):
                self.telling.note(stream, inbox.tickets[stream].standing, agent)
        elif kind == "mark":
            agent, on = what
            if stream in recount.rows:
                (recount.marks.add if on else recount.marks.discard)((stream, agent))
                if inbox.mark(AgentId(agent), stream, on=on):
                    self.telling.note(stream, inbox.tickets[stream].standing, agent)
        else:
            for listing in inbox.seen(f"p{stream}", online=what[0]):
                self.telling.note(stream, listing.standing)

    def _row(self, stream: int, fields: dict[str, Any]) -> None:
        recount = self.recount
        self.seq += 1
        row = row_of(stream, self.seq, fields)
        before = self.inbox.put(listing_of(row, "P"))
        self.telling.note(stream, before)
        recount.rows[stream] = row
        if row.status == "closed":
            del recount.rows[stream]
            recount.marks = {mark for mark in recount.marks if mark[0] != stream}
            gone = [key for key in recount.reads if key[0] == stream]
            for key in gone:
                del recount.reads[key]

    def flush(self) -> None:
        self.telling.flush(self.inbox, RULES)

    def open(self, client: Client, after: int | None, limit: int = 200) -> None:
        self.flush()
        hidden = hidden_from(client.view.agent, RULES)
        opened = Open("re", client.watch, client.view, limit, None, after)
        opening = Opening(self.inbox, opened, hidden, surface=False)
        page = opening.page()
        self.telling.admit(Watch(client.watch, client.view, hidden, page.badge))
        client.watch.opened(page)


def everybody() -> list[Client]:
    names: tuple[ViewName, ...] = ("all", "mine", "unassigned", "bot", "team")
    return [
        Client(View(name, status, AgentId(agent), "vip" if name == "team" else None))
        for agent in AGENTS
        for name in names
        for status in ("open", "snoozed")
    ] + [Client(View("all", "open", AgentId("ann"), None, "sms"))]


@settings(max_examples=30, deadline=None)
@given(turns, st.data())
def test_lists_and_badges_are_what_a_recount_says(
    history: list[list[tuple[Any, ...]]], data: st.DataObject
) -> None:
    site, clients = Site(), everybody()
    for client in clients:
        site.open(client, None)
    for turn in history:
        for change in turn:
            site.change(*change)
        slow = data.draw(st.sets(st.sampled_from(range(len(clients)))), "slow")
        for index, client in enumerate(clients):
            if index in slow:
                client.low = False
        site.flush()
        for index, client in enumerate(clients):
            if index in slow and data.draw(st.booleans()):
                continue  # it stays slow
            client.drain()
            client.take()
            expected = site.recount.view(client.view)
            assert client.rows == dict(expected)
            assert client.badge == site.recount.badge(client.view.agent)


@settings(max_examples=30, deadline=None)
@given(turns, st.data())
def test_who_comes_back_has_what_a_recount_says(
    history: list[list[tuple[Any, ...]]], data: st.DataObject
) -> None:
    site, client = Site(), data.draw(st.sampled_from(everybody()))
    site.open(client, None)
    for turn in history:
        for change in turn:
            site.change(*change)
        site.flush()
        if data.draw(st.booleans(), "cut"):
            # Some of what was sent arrives, the rest never will.
            arrived = data.draw(st.integers(0, len(client.frames)))
            del client.frames[arrived:]
            client.take()
            site.open(client, client.ix or None, data.draw(st.sampled_from([2, 200])))
            if len(client.frames[0]["rows"]) == 2 and client.frames[0]["more"]:
                # A full first page: a client pages on from there.
                site.open(client, None)
            client.take()
            assert client.rows == dict(site.recount.view(client.view))
            assert client.badge == site.recount.badge(client.view.agent)


@settings(max_examples=50, deadline=None)
@given(turns, st.integers(1, 4))
def test_pages_make_the_whole_list_in_order(
    history: list[list[tuple[Any, ...]]], limit: int
) -> None:
    site = Site()
    for turn in history:
        for change in turn:
            site.change(*change)
    for client in everybody():
        hidden = hidden_from(client.view.agent, RULES)
        found: list[str] = []
        after: Key | None = None
        while page := site.inbox.page(client.view, hidden, after, limit):
            found += [listing.row.chat for listing in page]
            place = behind(cursor_of(page[-1]), client.view.status)
            assert isinstance(place, Key)
            after = place
        assert found == [chat for chat, _ in site.recount.view(client.view)]


def test_what_is_kept_of_changes_is_bounded() -> None:
    inbox = Inbox(0, {})
    fields: dict[str, Any] = {
        "status": "open",
        "assignee": None,
        "channel": "chat",
        "control": "humans",
        "waiting_since": None,
        "last_at": 1,
    }
    for stream in range(10_002):
        inbox.put(listing_of(row_of(stream, 1, fields), "P"))
    assert inbox.since(1) is None
    changed = inbox.since(2)
    assert changed is not None
    assert len(changed) == 10_000
    assert inbox.since(inbox.ix) == []
    assert inbox.since(inbox.ix + 1) is None


@pytest.mark.parametrize("seed", range(20))
def test_long_walks_stay_right(seed: int) -> None:
    """Hypothesis tries short histories; some mistakes need one ticket's long one."""
    chance = random.Random(seed)
    site, clients = Site(), everybody()
    for client in clients:
        site.open(client, None)
    for _ in range(60):
        site.change(*any_change(chance))
        site.flush()
        for client in clients:
            client.take()
            assert client.rows == dict(site.recount.view(client.view))
            assert client.badge == site.recount.badge(client.view.agent)


def any_change(chance: random.Random) -> tuple[Any, ...]:
    stream, agent = chance.randint(1, 3), chance.choice(AGENTS)
    match chance.choice(["row", "row", "read", "mark"]):
        case "row":
            fields = {
                "status": chance.choice(["open", "open", "snoozed", "closed"]),
                "assignee": chance.choice([None, *AGENTS]),
                "team": chance.choice([None, "vip", "eu"]),
                "channel": chance.choice(["chat", "sms"]),
                "control": chance.choice(["humans", "humans", "bot"]),
                "waiting_since": chance.choice([None, 5, 6]),
                "last_at": chance.randint(1, 4),
                "shopper_said": chance.randint(0, 5),
            }
            return "row", stream, fields
        case "read":
            return "read", stream, agent, chance.randint(0, 6)
        case _:
            return "mark", stream, agent, chance.random() < 0.5
