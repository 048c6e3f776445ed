import pytest

from actors.ids import ChatId, Millis, Person, Seq
from broker.wire.frames import Badge, Eph, Live
from broker.wire.happened import Noticed, Resynced, Vanished
from broker.wire.heard import Event, InboxChange
from clients.line import Cut
from clients.received import Received
from clients.wording import shown, told

C = ChatId("c")
ME, ANN = Person("shopper:p"), Person("agent:ann")

SNOOZED = {"from": "open", "to": "snoozed"}


def event(kind: str, by: Person = ANN, **body: object) -> Event:
    return Event(C, Seq(1), Seq(0), Millis(1_000), by, kind, body)


def line(received: Received) -> str:
    said = told(received, ME)
    assert said is not None
    # The clock's zone is the reader's.
    return said[6:] if said[2:3] == ":" else said


@pytest.mark.parametrize(
    ("received", "wanted"),
    [
        (event("msg", text="Hello"), "ann: Hello"),
        (event("msg", ME, text="Hi"), "you: Hi"),
        (event("msg", Person("bot"), text="Hi", auto="bot"), "bot: (bot) Hi"),
        (event("msg", text="Wait", hold=True), "ann: Wait (still looking)"),
        (event("msg", text="", blobs=["b1"]), "ann:  [image b1]"),
        (event("note", text="VIP"), "- note: VIP (ann)"),
        (event("closed", reason="agent"), "- the chat has ended: agent (ann)"),
        (event("assigned", to=None), "- assigned to nobody (ann)"),
        (event("status", ANN, **SNOOZED), "- open -> snoozed (ann)"),
        (event("checkin", state="due"), "- check-in due: the shopper is waiting (ann)"),
        (event("sang", song="la"), '- something new {"song":"la"} (ann)'),
        (event("read", who=ANN, upto=3), "      ✓✓ read by ann (up to 3)"),
        (event("got", who=ANN, upto=3), "      ✓ received by ann (up to 3)"),
        (Eph(C, "typing", ANN, on=True), "      ann is typing …"),
        (Badge(2), "    * 2 waiting"),
        (
            Noticed("presence", {"agents": [{"agent": "ann", "state": "online"}]}),
            "    * ann is online",
        ),
        (
            Noticed("checkin", {"t": "push", "kind": "checkin", "chat": C}),
            '    * checkin {"chat":"c"}',
        ),
        (
            InboxChange(
                1, 0, row={"status": "open", "chat": C, "name": "S", "preview": "x"}
            ),
            "    * open | c | S | x",
        ),
        (InboxChange(1, 0, gone=C), "    * c has left the inbox"),
        (Cut(1012, "restarting"), "   -- connection lost: restarting"),
        (Cut(1006, ""), "   -- connection lost"),
        (Resynced(C), "   -- the server was set back; the chat begins again:"),
        (Vanished(C), "   -- chat c is gone"),
    ],
)
def test_each_thing_has_its_line(received: Received, wanted: str) -> None:
    assert line(received) == wanted


def test_what_is_no_news_has_none() -> None:
    assert told(Live(C, Seq(1)), ME) is None
    assert told(Eph(C, "typing", ANN, on=False), ME) is None
    assert told(event("read", ME, who=ME, upto=3), ME) is None


def test_a_message_cannot_command_the_terminal() -> None:
    assert shown("a\x1b[2Jb\r\x07\u202ec") == "a\ufffd[2Jb\ufffd\ufffd\ufffdc"
    assert shown("two\nlines\tand 👩‍💻") == "two\n      lines\tand 👩‍💻"
    assert "\x1b" not in line(event("\x1b[m", song="\x1b"))
    assert "\x1b" not in line(event("msg", Person("agent:\x1b"), text="x"))
