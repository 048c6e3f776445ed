import pytest

from actors.ids import ChatId, Millis, Person, Seq
from broker.wire.frames import Badge, Eph, Live
from broker.wire.happened import Noticed, Resynced, Vanished
from broker.wire.heard import Event, Fields
from clients.line import Cut
from clients.received import Received
from clients.terminal import news, rows
from clients.terminal.receipts import Receipts
from clients.terminal.text import cells
from clients.terminal.wording import Eyes, age, told

C = ChatId("c")
ME, ANN, SARA = Person("agent:me"), Person("agent:ann"), Person("shopper:p")
EYES = Eyes(ME, "Sara Nowak")
ESCAPE = "\x1b[2J"


def event(kind: str, by: Person = ANN, seq: int = 1, **body: object) -> Event:
    return Event(C, Seq(seq), Seq(0), Millis(1_000), by, kind, body)


def line(received: Received) -> str:
    said = told(received, EYES)
    assert said is not None
    # The clock's zone is the reader's.
    return said[6:] if said[2:3] == ":" else said


@pytest.mark.parametrize(
    ("received", "wanted"),
    [
        (event("msg", text="Hello"), "ann: Hello"),
        (event("msg", ME, text="Hi"), "you: Hi ✓"),
        (event("msg", SARA, text="Hi"), "Sara Nowak: Hi"),
        (event("msg", Person("bot"), text="Hi", auto="bot"), "bot: (bot) Hi"),
        (event("msg", text="Wait", hold=True), "ann: Wait (still looking)"),
        (event("msg", text="", blobs=["b1"]), "ann:  [image b1]"),
        (event("note", text="VIP"), "- note: VIP (ann)"),
        (event("closed", reason="agent"), "- the chat has ended: agent (ann)"),
        (event("assigned", to=None), "- assigned to nobody (ann)"),
        (event("assigned", to="ben"), "- assigned to ben (ann)"),
        (event("status", to="open"), "- open again (ann)"),
        (event("status", to="snoozed"), "- put aside until the next reply (ann)"),
        (event("tagged", add=["a"], remove=["b"]), "- tags +a -b (ann)"),
        (event("control", to="bot"), "- answered by bot now (ann)"),
        (event("checkin", state="due"), "- check-in due: the shopper is waiting (ann)"),
        (event("sang", song="la"), '- something new {"song":"la"} (ann)'),
        (Eph(C, "typing", ANN, on=True), "      ann is typing …"),
        (Cut(1012, "restarting"), "   -- connection lost: restarting"),
        (Cut(1006, ""), "   -- connection lost"),
        (Resynced(C), "   -- the server was set back; the chat begins again:"),
        (Vanished(C), "   -- chat c is gone"),
    ],
)
def test_each_thing_has_its_line(received: Received, wanted: str) -> None:
    assert line(received) == wanted


@pytest.mark.parametrize(
    "received",
    [
        Live(C, Seq(1)),
        Badge(2),
        Eph(C, "typing", ANN, on=False),
        event("read", ANN, who=ANN, upto=3),
    ],
)
def test_what_is_no_news_has_none(received: Received) -> None:
    assert told(received, EYES) is None


HOSTILE: Fields = {
    "chat": C,
    "name": ESCAPE,
    "preview": ESCAPE,
    "assignee": ESCAPE,
    "tags": [ESCAPE],
    "control": "bot",
    "status": ESCAPE,
    "flags": ["overdue"],
    "unread": True,
    "last_at": 1,
}
FOUND: Fields = {
    "name": ESCAPE,
    "snippet": [ESCAPE, ESCAPE],
    "at": 1,
    "status": ESCAPE,
    "chat": C,
}
PERSON: Fields = {
    "name": ESCAPE,
    "email": ESCAPE,
    "tags": [ESCAPE],
    "last_order": {"number": ESCAPE, "url": ESCAPE},
}
DID: Fields = {"at": 1, "kind": ESCAPE, "data": {ESCAPE: ESCAPE}}
MACRO: Fields = {"shortcut": ESCAPE, "text": ESCAPE, "then": {ESCAPE: 1}}


@pytest.mark.parametrize(
    "said",
    [
        line(event(ESCAPE, song=ESCAPE)),
        line(event("msg", Person(f"agent:{ESCAPE}"), text=ESCAPE, auto=ESCAPE)),
        line(event("assigned", to=ESCAPE)),
        line(event("closed", reason=ESCAPE)),
        line(event("control", to=ESCAPE)),
        line(event("faq", question=ESCAPE)),
        line(event("tagged", add=[ESCAPE])),
        line(event("rated", score=ESCAPE)),
        line(event("msg", text="", blobs=[ESCAPE])),
        line(Eph(C, ESCAPE, SARA, on=True)),
        line(Cut(1, ESCAPE)),
        line(Vanished(ChatId(ESCAPE))),
        told(event("msg", SARA, text="x"), Eyes(ME, ESCAPE)) or "",
        rows.ticket(1, HOSTILE, Millis(0)),
        rows.find(1, FOUND),
        *rows.profile(PERSON),
        rows.happening(DID),
        rows.macro(MACRO),
        *rows.people({ESCAPE: ESCAPE}, []),
        *(
            news.News(said.what, ESCAPE).line(1, HOSTILE)
            for kind in ("checkin", "attention", "transfer_offer", "profile_event", "x")
            if (said := news.noticed(Noticed(kind, {"from": ESCAPE, "why": ESCAPE})))
        ),
    ],
)
def test_no_field_of_anybody_commands_the_terminal(said: str) -> None:
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (0, "< 1 min"),
        (180_000, "3 min"),
        (7_200_000, "2 h"),
        (200_000_000, "2 d"),
        (-5, "< 1 min"),
    ],
)
def test_how_long_somebody_waits(span: int, said: str) -> None:
    assert age(span) == said


def ticket(**fields: object) -> Fields:
    return {"chat": C, "name": "Sara", "preview": "Hi", "flags": (), **fields}


@pytest.mark.parametrize(
    ("was", "now", "wanted"),
    [
        (None, ticket(unread=True), "* [1] Sara: Hi"),
        (None, ticket(unread=False), None),
        (ticket(unread=True), ticket(unread=True), None),
        (ticket(unread=True), ticket(unread=True, preview="Yo"), "* [1] Sara: Yo"),
        (
            ticket(),
            ticket(assignee="me", unread=True),
            "* [1] Sara is yours now: Hi",
        ),
        (ticket(assignee="me"), ticket(assignee="ben"), "* [1] Sara is ben's now"),
        (ticket(assignee="me"), ticket(), "* [1] Sara is nobody's now"),
        (None, ticket(assignee="ben", unread=True), None),
        (ticket(), ticket(flags=["overdue"]), "* [1] Sara still waits for an answer"),
    ],
)
def test_what_is_told_of_other_tickets(
    was: Fields | None, now: Fields, wanted: str | None
) -> None:
    said = news.changed(was, now, "me")
    assert (said and said.line(1, now).strip()) == wanted


@pytest.mark.parametrize(
    ("kind", "fields", "wanted"),
    [
        ("checkin", {"state": "due"}, "waits: say how it goes (check-in due)"),
        ("attention", {"why": "over_capacity", "agent": "ann"}, "ann has more chats"),
        ("transfer_offer", {"from": "ann"}, "offered to you by ann: /accept"),
        ("transfer_failed", {"why": "declined"}, "the offer was declined"),
        ("profile_event", {"event": {"kind": "checkout"}}, "did this: checkout"),
        ("sung", {"t": "push", "song": "la"}, 'sung {"song":"la"}'),
    ],
)
def test_what_notices_say(kind: str, fields: Fields, wanted: str) -> None:
    said = news.noticed(Noticed(kind, fields))
    assert said is not None
    assert wanted in said.line(1, ticket())


def test_notices_that_are_no_news() -> None:
    assert news.noticed(Noticed("config", {})) is None
    started = {"event": {"kind": "chat_started"}}
    assert news.noticed(Noticed("profile_event", started)) is None
    assert news.left(ticket(assignee="ben"), "me") is None
    assert news.left(ticket(assignee="me"), "me") is not None


def test_a_ticket_fits_on_a_line_of_a_terminal() -> None:
    long = dict.fromkeys(("name", "preview", "assignee"), "日本語 " * 30)
    row = ticket(unread=True, waiting_since=0, tags=["a" * 40]) | long
    said = rows.ticket(12, row, Millis(59 * 60_000))
    assert cells(said) <= 79
    assert said.startswith(" 12 ●  日本語")
    assert "59 min" in said


def test_tickets_are_in_the_order_of_waiting() -> None:
    late = ticket(chat="a", waiting_since=5, last_at=9)
    early = ticket(chat="b", waiting_since=1, last_at=1)
    old, new = ticket(chat="c", last_at=2), ticket(chat="d", last_at=8)
    wanted = [early, late, new, old]
    assert rows.in_order([old, late, new, early]) == wanted


def test_numbers_stay_while_a_list_is_shown() -> None:
    numbers = rows.Numbers()
    a, b = ChatId("a"), ChatId("b")
    assert [numbers.of(a), numbers.of(b), numbers.of(a)] == [1, 2, 1]
    assert [numbers.chat(n) for n in (0, 1, 2, 3)] == [None, a, b, None]
    numbers.renew()
    assert numbers.of(b) == 1


def test_a_message_is_delivered_and_then_seen() -> None:
    receipts = Receipts(ME)
    said: list[str | None] = []
    for happened in (
        event("read", SARA, 1, who=SARA, upto=1),
        event("msg", ME, 2, text="One"),
        event("msg", ME, 3, text="Two"),
        event("got", SARA, 4, who=SARA, upto=2),
        event("read", ANN, 5, who=ANN, upto=3),
        event("got", SARA, 6, who=SARA, upto=3),
        event("read", SARA, 7, who=SARA, upto=3),
        event("read", SARA, 8, who=SARA, upto=7),
    ):
        receipts.take(happened)
        said.append(receipts.news())
    marks = ["      ✓ delivered", "      ✓✓ seen"]
    assert said == [None, None, None, None, None, *marks, None]
