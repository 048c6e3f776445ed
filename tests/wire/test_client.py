from itertools import count

import pytest
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, Ping, Pong, TextMessage

from actors.ids import AgentId, ChatId, Millis, Person, Seq
from broker.wire.client import ClientSession, Hail
from broker.wire.codec import JSON, MSGPACK, Codec
from broker.wire.errors import Broken, Code, refuse
from broker.wire.fields import Client, Resume
from broker.wire.frames import (
    Bye,
    ChatEnd,
    ChatLeave,
    ChatOpen,
    ChatOpened,
    ChatStart,
    ClientFrame,
    Closing,
    Eph,
    Err,
    Ev,
    FromServer,
    Got,
    Hello,
    Ix,
    Live,
    MsgSend,
    NoteAdd,
    Ok,
    Push,
    Read,
    Server,
    TicketAssign,
    Typing,
    Welcome,
)
from broker.wire.framing import Framer, ping_frame
from broker.wire.happened import (
    Answered,
    Happened,
    Noticed,
    Postponed,
    Refused,
    Resynced,
    Vanished,
)
from broker.wire.heard import Event, Greeting, InboxChange, Reply
from broker.wire.session import ServerSession
from tests.wire.examples import TICKET, Said

C = ChatId("c")
ME, ANN = Person("shopper:p"), Person("agent:ann")


class Ends:
    """A client session, and the broker's end of it in the test's hands."""

    def __init__(self, role: str = "shopper") -> None:
        ids = count(1)
        self.client = ClientSession(JSON, lambda: f"i{next(ids)}")
        self.role = role
        self.epoch = "e1"

    def sent(self) -> list[ClientFrame]:
        """Return what the client has sent since."""
        frames = [JSON.decode(payload) for payload in self.client.sends()]
        good = [frame for frame in frames if frame and not isinstance(frame, Err)]
        assert len(good) == len(frames)
        return good

    def says(self, *frames: FromServer) -> list[Happened]:
        """Let the broker say something; return what came of it."""
        return [
            happened
            for frame in frames
            for happened in self.client.receive(JSON.unframed.encode(frame))
        ]

    def connect(self) -> list[ClientFrame]:
        """Say hello and be welcomed; return what the client sends after that."""
        self.client.hello(Hail("t"))
        (hello,) = self.sent()
        assert isinstance(hello, Hello)
        self.hello = hello
        who = ME if self.role == "shopper" else ANN
        self.says(
            Welcome(
                re=hello.id,
                session="s",
                epoch=self.epoch,
                who=who,
                role=self.role,
                site="default",
                server=Server("test", "1"),
                now=Millis(0),
                heartbeat_s=20,
                limits={},
                chat=None,
                anon="secret",
            )
        )
        return self.sent()

    def follow(self) -> None:
        """Open the chat, which is empty."""
        id_ = self.client.ask(ChatOpen(self.client.new_id(), C))
        self.sent()
        self.says(ChatOpened(id_, C, Seq(0), TICKET), Live(C, Seq(0)))


@pytest.fixture
def ends() -> Ends:
    ends = Ends()
    ends.connect()
    ends.follow()
    return ends


def ev(seq: int, prev: int, text: str = "Hi", by: Person = ANN) -> Ev:
    return Ev(C, Seq(seq), Seq(prev), Millis(seq), by, "msg", Said(text))


def event(seq: int, prev: int, text: str = "Hi", by: Person = ANN) -> Event:
    return Event(C, Seq(seq), Seq(prev), Millis(seq), by, "msg", {"text": text})


def ok(id_: str, seq: int, prev: int, *, dup: bool = False) -> Ok:
    return Ok(id_, C, Seq(seq), Seq(prev), Millis(seq), dup=dup)


def test_a_hello_says_who_and_what_one_has() -> None:
    client = ClientSession(JSON, lambda: "h")
    client.follow(C, Seq(4))
    client.hello(Hail("t", site="s", client=Client("bot", "1")))
    (payload,) = client.sends()
    assert JSON.decode(payload) == Hello(
        "h", token="t", site="s", client=Client("bot", "1"), resume=Resume({C: Seq(4)})
    )
    assert client.sends() == []


def test_nothing_is_sent_before_the_welcome() -> None:
    ends = Ends()
    ends.client.ask(MsgSend("m", C, "Hi"))
    ends.client.hello(Hail("t"))
    ends.client.signal(Typing(C, on=True))
    ends.client.ask(MsgSend("n", C, "Ho"))
    assert [type(frame) for frame in ends.sent()] == [Hello]
    assert ends.connect() == [MsgSend("m", C, "Hi"), MsgSend("n", C, "Ho")]


def test_a_visitors_secret_is_remembered() -> None:
    ends = Ends()
    ends.connect()
    assert ends.client.who == ME
    ends.client.hello(Hail())
    (hello,) = ends.sent()
    assert isinstance(hello, Hello)
    assert (hello.token, hello.anon) == (None, "secret")
    ends.connect()
    assert (ends.hello.token, ends.hello.anon) == ("t", None)


def test_events_without_room_stay_in_the_journal_until_there_is(ends: Ends) -> None:
    ends.client.full = True
    id_ = ends.client.ask(MsgSend(ends.client.new_id(), C, "Mine"))
    ends.sent()
    assert [type(each) for each in ends.says(ev(1, 0), ok(id_, 2, 1))] == [Answered]
    assert ends.sent() == []
    ends.client.full = False
    ends.client.retry()
    (asked,) = ends.sent()
    assert isinstance(asked, ChatOpen)
    assert asked.after == 0


def test_events_that_fit_are_applied_and_repeats_are_dropped(ends: Ends) -> None:
    assert ends.says(ev(1, 0), ev(3, 1), ev(3, 1), ev(1, 0)) == [
        event(1, 0),
        event(3, 1),
    ]
    assert ends.client.positions == {C: 3}


def test_after_a_gap_the_chat_is_asked_for_once(ends: Ends) -> None:
    ends.says(ev(1, 0))
    assert ends.says(ev(4, 3), ev(5, 4)) == []
    (asked,) = ends.sent()
    assert isinstance(asked, ChatOpen)
    assert asked.after == 1
    opened = ChatOpened(asked.id, C, Seq(5), TICKET)
    healed = ends.says(opened, ev(3, 1), ev(4, 3), ev(5, 4), Live(C, Seq(5)))
    assert healed == [event(3, 1), event(4, 3), event(5, 4), Live(C, Seq(5))]
    assert ends.sent() == []


def test_a_chat_may_be_opened_at_a_hidden_event(ends: Ends) -> None:
    ends.client.ask(ChatLeave(ends.client.new_id(), C))
    id_ = ends.client.ask(ChatOpen(ends.client.new_id(), C, Seq(5)))
    ends.sent()
    ends.says(ChatOpened(id_, C, Seq(5), TICKET))
    assert ends.says(ev(7, 4)) == [event(7, 4)]


def test_the_ok_of_an_own_message_stands_for_its_event(ends: Ends) -> None:
    id_ = ends.client.ask(MsgSend(ends.client.new_id(), C, "Mine"))
    assert ends.sent() == [MsgSend(id_, C, "Mine")]
    mine, answered = ends.says(ok(id_, 1, 0))
    assert mine == event(1, 0, "Mine", ME)
    assert isinstance(answered, Answered)
    assert answered.reply.seq == 1
    assert ends.says(ev(1, 0, "Mine", ME), ev(2, 1)) == [event(2, 1)]


def test_an_own_message_that_came_by_resume_is_not_doubled(ends: Ends) -> None:
    id_ = ends.client.ask(MsgSend(ends.client.new_id(), C, "Mine"))
    assert ends.connect() == [MsgSend(id_, C, "Mine")]
    assert ends.hello.resume == Resume({C: Seq(0)}, "e1")
    assert ends.says(ev(1, 0, "Mine", ME)) == [event(1, 0, "Mine", ME)]
    (answered,) = ends.says(ok(id_, 1, 0, dup=True))
    assert isinstance(answered, Answered)
    assert answered.reply.dup
    assert ends.connect() == []


def test_an_ok_that_comes_too_early_waits_for_what_lies_before(ends: Ends) -> None:
    id_ = ends.client.ask(MsgSend(ends.client.new_id(), C, "Mine"))
    ends.sent()
    assert [type(each) for each in ends.says(ok(id_, 2, 1))] == [Answered]
    assert [type(frame) for frame in ends.sent()] == [ChatOpen]
    assert ends.says(ev(1, 0)) == [event(1, 0), event(2, 1, "Mine", ME)]


def test_an_ok_that_comes_twice_does_nothing(ends: Ends) -> None:
    id_ = ends.client.ask(MsgSend(ends.client.new_id(), C, "Mine"))
    ends.says(ok(id_, 1, 0))
    assert ends.says(ok(id_, 1, 0)) == []


def test_an_event_whose_words_are_the_servers_is_fetched() -> None:
    ends = Ends("agent")
    ends.connect()
    ends.follow()
    id_ = ends.client.ask(TicketAssign(ends.client.new_id(), C, AgentId("ann")))
    ends.sent()
    assert [type(each) for each in ends.says(ok(id_, 1, 0))] == [Answered]
    (asked,) = ends.sent()
    assert isinstance(asked, ChatOpen)
    assert asked.after == 0


@pytest.mark.parametrize(
    ("role", "request_", "kind", "body"),
    [
        ("agent", MsgSend("1", C, "A", hold=True), "msg", {"text": "A", "hold": True}),
        ("shopper", MsgSend("1", C, "A", hold=True), "msg", {"text": "A"}),
        ("agent", MsgSend("1", C, "", ("b",)), "msg", {"text": "", "blobs": ["b"]}),
        ("agent", NoteAdd("1", C, "N"), "note", {"text": "N"}),
        ("agent", ChatEnd("1", C), "closed", {"reason": "agent"}),
        ("shopper", ChatEnd("1", C), "closed", {"reason": "shopper"}),
    ],
)
def test_own_writes_look_as_others_see_them(
    role: str, request_: MsgSend, kind: str, body: dict[str, object]
) -> None:
    ends = Ends(role)
    ends.connect()
    ends.follow()
    ends.client.ask(request_)
    mine, _ = ends.says(ok("1", 1, 0))
    assert isinstance(mine, Event)
    assert (mine.kind, mine.body) == (kind, body)


def test_a_write_that_the_role_may_not_see_moves_nothing(ends: Ends) -> None:
    id_ = ends.client.ask(MsgSend(ends.client.new_id(), C, "Mine"))
    (answered,) = ends.says(Ok(id_, C, at=Millis(5)))
    assert isinstance(answered, Answered)
    assert ends.client.positions == {C: 0}


def test_a_chat_that_is_started_is_followed() -> None:
    ends = Ends()
    ends.connect()
    id_ = ends.client.ask(ChatStart(ends.client.new_id(), "Mine"))
    happened = ends.says(ev(1, 0), ev(2, 1), ok(id_, 3, 2))
    assert happened[:3] == [event(1, 0), event(2, 1), event(3, 2, "Mine", ME)]
    assert ends.client.positions == {C: 3}
    assert ends.sent() == [ChatStart(id_, "Mine")]


def test_a_chat_that_ran_already_is_opened_when_it_is_started() -> None:
    ends = Ends()
    ends.connect()
    id_ = ends.client.ask(ChatStart(ends.client.new_id(), "Mine"))
    ends.sent()
    existing = Ok(id_, C, Seq(9), Seq(8), Millis(9), existing=True)
    (answered,) = ends.says(existing)
    assert isinstance(answered, Answered)
    assert answered.fields["existing"] is True
    assert [type(frame) for frame in ends.sent()] == [ChatOpen]


def test_a_chat_that_was_left_is_no_longer_heard(ends: Ends) -> None:
    ends.client.ask(ChatLeave(ends.client.new_id(), C))
    assert ends.says(ev(1, 0)) == []
    assert ends.connect()[0] == ChatLeave("i3", C)
    assert ends.hello.resume is None


def test_cursors_are_repeated_after_a_reconnect(ends: Ends) -> None:
    for cursor in (Read("r", C, Seq(2)), Got("g", C, Seq(4)), Read("s", C, Seq(1))):
        ends.client.ask(cursor)
        ends.says(Ok(cursor.id, C, cursor.seq))
    again = ends.connect()
    assert [
        (type(each), each.seq) for each in again if isinstance(each, Read | Got)
    ] == [
        (Read, 2),
        (Got, 4),
    ]
    assert ends.says(refuse(again[0].id, Code.BAD_CURSOR)) == []


def test_a_request_is_repeated_until_it_is_answered(ends: Ends) -> None:
    first = ends.client.ask(MsgSend(ends.client.new_id(), C, "1"))
    second = ends.client.ask(MsgSend(ends.client.new_id(), C, "2"))
    ends.says(ok(first, 1, 0))
    assert ends.connect() == [MsgSend(second, C, "2")]
    assert ends.connect() == [MsgSend(second, C, "2")]
    ends.client.forget(second)
    assert ends.connect() == []


def test_a_refusal_ends_a_request(ends: Ends) -> None:
    id_ = ends.client.ask(MsgSend(ends.client.new_id(), C, ""))
    (refused,) = ends.says(refuse(id_, Code.BAD_FRAME, path="$.text"))
    assert isinstance(refused, Refused)
    assert (refused.id, refused.refusal.path) == (id_, "$.text")
    assert ends.connect() == []


def test_what_is_refused_for_now_is_sent_again_in_order(ends: Ends) -> None:
    ids = [
        ends.client.ask(MsgSend(ends.client.new_id(), C, t)) for t in ("a", "b", "c")
    ]
    ends.sent()
    limited = [refuse(id_, Code.RATE_LIMITED, retry_ms=100) for id_ in ids[:2]]
    happened = ends.says(*limited)
    assert [type(each) for each in happened] == [Postponed, Postponed]
    ends.client.retry()
    assert [frame.id for frame in ends.sent()] == ids[:2]
    ends.client.retry()
    assert ends.sent() == []


def test_a_chat_of_another_epoch_begins_anew(ends: Ends) -> None:
    ends.says(ev(1, 0), ev(2, 1))
    ends.epoch = "e2"
    ends.connect()
    assert ends.hello.resume == Resume({C: Seq(2)}, "e1")
    resync = refuse(ends.hello.id, Code.RESYNC_REQUIRED, chat=C, head=1)
    assert ends.says(resync) == [Resynced(C)]
    (asked,) = ends.sent()
    assert isinstance(asked, ChatOpen)
    assert asked.after == 0
    assert ends.says(ChatOpened(asked.id, C, Seq(1), TICKET), ev(1, 0, "Other")) == [
        event(1, 0, "Other")
    ]


def test_a_chat_being_opened_when_the_epoch_changes_begins_anew(ends: Ends) -> None:
    ends.says(ev(1, 0), ev(2, 1))
    id_ = ends.client.ask(ChatOpen(ends.client.new_id(), C))
    ends.epoch = "e2"
    assert ends.connect() == [ChatOpen(id_, C)]
    assert ends.hello.resume is None
    assert ends.client.positions == {C: 0}


def test_what_was_early_in_one_epoch_is_not_applied_in_the_next(ends: Ends) -> None:
    id_ = ends.client.ask(MsgSend(ends.client.new_id(), C, "Mine"))
    ends.says(ok(id_, 2, 1))
    ends.epoch = "e2"
    ends.connect()
    ends.says(refuse(ends.hello.id, Code.RESYNC_REQUIRED, chat=C))
    assert ends.says(ev(1, 0)) == [event(1, 0)]


def test_what_was_asked_for_on_a_lost_connection_is_asked_for_again(ends: Ends) -> None:
    for _ in range(2):
        ends.says(ev(3, 2))
        assert [type(frame) for frame in ends.sent()] == [ChatOpen]
        ends.connect()


def test_a_chat_opened_too_far_ahead_begins_anew_and_is_answered_once() -> None:
    ends = Ends()
    ends.connect()
    id_ = ends.client.ask(ChatOpen(ends.client.new_id(), C, Seq(50)))
    ends.sent()
    assert ends.says(refuse(id_, Code.RESYNC_REQUIRED, head=1)) == [Resynced(C)]
    assert ends.sent() == [ChatOpen(id_, C)]
    (answered,) = ends.says(ChatOpened(id_, C, Seq(1), TICKET))
    assert isinstance(answered, Answered)
    assert answered.id == id_
    assert answered.fields["ticket"]["chat"] == TICKET.chat


def test_a_chat_out_of_reach_is_no_longer_followed(ends: Ends) -> None:
    ends.connect()
    gone = refuse(ends.hello.id, Code.NOT_FOUND, chat=C)
    assert ends.says(gone) == [Vanished(C)]
    assert ends.client.positions == {}
    id_ = ends.client.ask(ChatOpen(ends.client.new_id(), C))
    (refused,) = ends.says(refuse(id_, Code.NOT_FOUND))
    assert isinstance(refused, Refused)
    assert ends.client.positions == {}


def test_a_chat_that_cannot_be_fetched_now_is_fetched_later(ends: Ends) -> None:
    ends.says(ev(2, 1))
    (asked,) = ends.sent()
    assert isinstance(ends.says(refuse(asked.id, Code.UNAVAILABLE))[0], Postponed)
    assert ends.sent() == []
    ends.client.retry()
    assert [type(frame) for frame in ends.sent()] == [ChatOpen]


def test_a_refused_hello_is_told(ends: Ends) -> None:
    ends.client.hello(Hail("t"))
    assert ends.says(refuse(ends.client.new_id(), Code.AUTH_FAILED)) == []
    (hello,) = ends.sent()
    (refused,) = ends.says(refuse(hello.id, Code.AUTH_FAILED))
    assert isinstance(refused, Refused)


def test_what_is_no_event_is_passed_on(ends: Ends) -> None:
    eph = Eph(C, "typing", ANN, on=True)
    closing = Closing(1012, "restarting", 500)
    assert ends.says(eph, closing) == [eph, closing]
    assert ends.says(Push("checkin", C)) == [
        Noticed("checkin", {"t": "push", "kind": "checkin", "chat": C})
    ]
    assert ends.says(Ix(1, 0, gone=C)) == [InboxChange(1, 0, gone=C)]
    assert ends.client.receive(b'{"t":"dance"}') == []


def test_an_operation_unknown_here_is_sent_as_it_is(ends: Ends) -> None:
    fields = {"op": "inbox.open", "id": "x", "view": "all"}
    assert ends.client.ask(fields) == "x"
    (sent,) = ends.client.sends()
    assert JSON.unframed.fields(sent) == fields
    answer = JSON.unframed.encode({"t": "ok", "re": "x", "ix": 7})
    (answered,) = ends.client.receive(answer)
    assert answered == Answered("x", Reply("x"), {"t": "ok", "re": "x", "ix": 7})


def test_goodbye_is_said_to_one_connection_only(ends: Ends) -> None:
    ends.client.ask(Bye("b"))
    assert ends.sent() == [Bye("b")]
    assert ends.connect() == []


@pytest.mark.parametrize("junk", [b"", b"[]", b'{"t":"ev"}', b'{"t":5}', b"\xff"])
def test_junk_from_a_server_breaks_the_protocol(ends: Ends, junk: bytes) -> None:
    with pytest.raises(Broken):
        ends.client.receive(junk)


@pytest.mark.parametrize("codec", [JSON, MSGPACK])
def test_both_ends_meet_in_the_bytes_of_a_websocket(codec: Codec) -> None:
    """A client session behind wsproto, a server session behind the framer."""
    ids = count(1)
    client = ClientSession(codec, lambda: f"i{next(ids)}")
    ws = Connection(ConnectionType.CLIENT)
    server, framer = ServerSession(codec), Framer(codec.opcode)

    def to_server() -> list[object]:
        data = b""
        for payload in client.sends():
            text = codec is JSON
            data += ws.send(
                TextMessage(payload.decode()) if text else BytesMessage(payload)
            )
        data += ws.send(Ping(b"?"))
        return [server.receive(payload) for payload in framer.feed(data, pongs.append)]

    def to_client(*frames: FromServer) -> list[Happened]:
        data = b"".join([*pongs, ping_frame(), *(codec.encode(f) for f in frames)])
        ws.receive_data(data)
        happened: list[Happened] = []
        for event_ in ws.events():
            if isinstance(event_, TextMessage | BytesMessage):
                said = event_.data
                payload = said.encode() if isinstance(said, str) else bytes(said)
                happened += client.receive(payload)
            else:
                assert isinstance(event_, Ping | Pong)
        return happened

    pongs: list[bytes] = []
    client.hello(Hail("t"))
    assert to_server() == [Hello("i1", token="t")]
    (greeting,) = to_client(
        Welcome(
            re="i1",
            session="s",
            epoch="e",
            who=ME,
            role="shopper",
            site="default",
            server=Server("test", "1"),
            now=Millis(1),
            heartbeat_s=20,
            limits={},
            chat=None,
        )
    )
    assert isinstance(greeting, Greeting)
    client.ask(ChatOpen(client.new_id(), C))
    client.ask(MsgSend(client.new_id(), C, "zażółć 😀" * 100))
    assert to_server() == [ChatOpen("i2", C), MsgSend("i3", C, "zażółć 😀" * 100)]
    happened = to_client(ChatOpened("i2", C, Seq(0), TICKET), ok("i3", 1, 0))
    assert [type(each) for each in happened] == [Answered, Event, Answered]
