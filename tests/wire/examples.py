"""One of each frame, beside the JSON that the contract says it is."""

import msgspec

from actors.ids import AgentId, ChatId, Millis, Person, Seq
from broker.wire.errors import Code, refuse
from broker.wire.fields import Client, Resume
from broker.wire.frames import (
    Badge,
    Bye,
    ChatEnd,
    ChatHistory,
    ChatLeave,
    ChatOpen,
    ChatOpened,
    ChatStart,
    Closing,
    ControlRelease,
    ControlTake,
    Eph,
    Ev,
    FromClient,
    FromServer,
    Got,
    Hello,
    HistoryRead,
    Hit,
    Identify,
    InboxClose,
    InboxOpen,
    Ix,
    Live,
    MacroList,
    MacroRender,
    MsgSend,
    NoteAdd,
    Ok,
    Place,
    PresenceSet,
    ProfileEvents,
    ProfileGet,
    Push,
    Read,
    Search,
    SearchDone,
    Server,
    Stats,
    Ticket,
    TicketAssign,
    TicketSnooze,
    TicketTag,
    TicketUnread,
    TicketWake,
    Typing,
    View,
    Welcome,
)

C = ChatId("01JD9Z3NDEKTSV4RRFFQ69G5FA")
ANN = Person("agent:ann")


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """A body, as the rules make them."""

    text: str
    blobs: tuple[str, ...] = ()
    hold: bool = False


CLIENT: list[tuple[FromClient, dict[str, object]]] = [
    (Hello("1"), {"op": "hello", "id": "1"}),
    (
        Hello(
            "1",
            token="t",
            client=Client("bot", "2"),
            site="default",
            resume=Resume({C: Seq(4)}, "e1"),
        ),
        {
            "op": "hello",
            "id": "1",
            "token": "t",
            "client": {"name": "bot", "version": "2"},
            "site": "default",
            "resume": {"chats": {C: 4}, "epoch": "e1"},
        },
    ),
    (Hello("1", anon="s"), {"op": "hello", "id": "1", "anon": "s"}),
    (Identify("2", "t"), {"op": "identify", "id": "2", "token": "t"}),
    (Bye("3"), {"op": "bye", "id": "3"}),
    (
        ChatStart("4", "Hi", ("b1",), ("f1",), legal_ack=True),
        {
            "op": "chat.start",
            "id": "4",
            "text": "Hi",
            "blobs": ["b1"],
            "faqs": ["f1"],
            "legal_ack": True,
        },
    ),
    (ChatOpen("5", C), {"op": "chat.open", "id": "5", "chat": C}),
    (
        ChatOpen("5", C, Seq(7), "e1"),
        {"op": "chat.open", "id": "5", "chat": C, "after": 7, "epoch": "e1"},
    ),
    (ChatLeave("6", C), {"op": "chat.leave", "id": "6", "chat": C}),
    (
        ChatHistory("7", C, Seq(40), 200),
        {"op": "chat.history", "id": "7", "chat": C, "before": 40, "limit": 200},
    ),
    (
        ChatEnd("8", C, no_csat=True),
        {"op": "chat.end", "id": "8", "chat": C, "no_csat": True},
    ),
    (
        MsgSend("9", C, "Hi"),
        {"op": "msg.send", "id": "9", "chat": C, "text": "Hi"},
    ),
    (
        MsgSend("9", C, "Hi", ("b1",), "m1", hold=True, if_head=Seq(0)),
        {
            "op": "msg.send",
            "id": "9",
            "chat": C,
            "text": "Hi",
            "blobs": ["b1"],
            "macro": "m1",
            "hold": True,
            "if_head": 0,
        },
    ),
    (
        NoteAdd("10", C, "VIP"),
        {"op": "note.add", "id": "10", "chat": C, "text": "VIP"},
    ),
    (Typing(C, on=False), {"op": "typing", "chat": C, "on": False}),
    (
        Typing(C, on=True, note=True),
        {"op": "typing", "chat": C, "on": True, "note": True},
    ),
    (Read("11", C, Seq(0)), {"op": "read", "id": "11", "chat": C, "seq": 0}),
    (Got("12", C, Seq(3)), {"op": "got", "id": "12", "chat": C, "seq": 3}),
    (
        TicketAssign("13", C, AgentId("ann"), force=True),
        {"op": "ticket.assign", "id": "13", "chat": C, "to": "ann", "force": True},
    ),
    (
        TicketAssign("13", C, None),
        {"op": "ticket.assign", "id": "13", "chat": C, "to": None},
    ),
    (
        TicketSnooze("14", C, until=Millis(5)),
        {"op": "ticket.snooze", "id": "14", "chat": C, "until": 5},
    ),
    (
        TicketSnooze("14", C, preset="tomorrow"),
        {"op": "ticket.snooze", "id": "14", "chat": C, "preset": "tomorrow"},
    ),
    (TicketWake("15", C), {"op": "ticket.wake", "id": "15", "chat": C}),
    (TicketUnread("16", C), {"op": "ticket.unread", "id": "16", "chat": C}),
    (InboxOpen("17", "mine"), {"op": "inbox.open", "id": "17", "view": "mine"}),
    (
        InboxOpen("18", "team:vip", "closed", "sms", 10, "c.1.2"),
        {
            "op": "inbox.open",
            "id": "18",
            "view": "team:vip",
            "status": "closed",
            "channel": "sms",
            "limit": 10,
            "cursor": "c.1.2",
        },
    ),
    (InboxClose("19"), {"op": "inbox.close", "id": "19"}),
    (Stats("20"), {"op": "stats", "id": "20"}),
    (
        PresenceSet("16", "away"),
        {"op": "presence.set", "id": "16", "state": "away"},
    ),
    (
        TicketTag("17", C, ("vip",), ("new",)),
        {
            "op": "ticket.tag",
            "id": "17",
            "chat": C,
            "add": ["vip"],
            "remove": ["new"],
        },
    ),
    (ControlTake("18", C), {"op": "control.take", "id": "18", "chat": C}),
    (ControlRelease("19", C), {"op": "control.release", "id": "19", "chat": C}),
    (MacroList("20"), {"op": "macro.list", "id": "20"}),
    (
        MacroRender("21", C, "m1", {"order.last.number": "#1"}),
        {
            "op": "macro.render",
            "id": "21",
            "chat": C,
            "macro": "m1",
            "vars": {"order.last.number": "#1"},
        },
    ),
    (ProfileGet("22", C), {"op": "profile.get", "id": "22", "chat": C}),
    (
        ProfileEvents("23", C, Place(Millis(5), "e1"), 100, ("ordered",)),
        {
            "op": "profile.events",
            "id": "23",
            "chat": C,
            "before": {"at": 5, "id": "e1"},
            "limit": 100,
            "kinds": ["ordered"],
        },
    ),
    (View(C, on=True), {"op": "view", "chat": C, "on": True}),
    (Search("17", "shoe"), {"op": "search", "id": "17", "q": "shoe"}),
    (
        Search(
            "17",
            "shoe",
            status="open",
            channel="chat",
            agent=AgentId("ann"),
            since=Millis(1),
            to=Millis(9),
            limit=50,
            cursor="40",
        ),
        {
            "op": "search",
            "id": "17",
            "q": "shoe",
            "status": "open",
            "channel": "chat",
            "agent": "ann",
            "from": 1,
            "to": 9,
            "limit": 50,
            "cursor": "40",
        },
    ),
]

TICKET = Ticket(
    chat=C,
    site="default",
    channel="chat",
    icon="chat",
    status="open",
    profile="p1",
    name="Sara",
    preview="Hi",
    unread=True,
    assignee=None,
    tags=(),
    control="humans",
    waiting_since=None,
    last_at=Millis(2),
    opened_at=Millis(1),
    flags=("online",),
)
TICKET_JSON: dict[str, object] = {
    "chat": C,
    "site": "default",
    "channel": "chat",
    "icon": "chat",
    "status": "open",
    "profile": "p1",
    "name": "Sara",
    "preview": "Hi",
    "unread": True,
    "assignee": None,
    "tags": [],
    "control": "humans",
    "waiting_since": None,
    "last_at": 2,
    "opened_at": 1,
    "flags": ["online"],
}
EV = Ev(C, Seq(1), Seq(0), Millis(9), ANN, "msg", Said("Hi"))
EV_JSON: dict[str, object] = {
    "t": "ev",
    "chat": C,
    "seq": 1,
    "prev": 0,
    "at": 9,
    "by": "agent:ann",
    "kind": "msg",
    "body": {"text": "Hi"},
}
SERVER: list[tuple[FromServer, dict[str, object]]] = [
    (
        Welcome(
            re="1",
            session="s",
            epoch="e1",
            who=ANN,
            role="agent",
            site="default",
            server=Server("shopwire", "0.1"),
            now=Millis(1),
            heartbeat_s=20,
            limits={"text_bytes": 8192},
            chat=None,
        ),
        {
            "t": "welcome",
            "re": "1",
            "session": "s",
            "epoch": "e1",
            "who": "agent:ann",
            "role": "agent",
            "site": "default",
            "server": {"name": "shopwire", "version": "0.1"},
            "now": 1,
            "heartbeat_s": 20,
            "limits": {"text_bytes": 8192},
            "chat": None,
        },
    ),
    (Ok("1"), {"t": "ok", "re": "1"}),
    (
        Ok("1", C, Seq(1), Seq(0), Millis(9)),
        {"t": "ok", "re": "1", "chat": C, "seq": 1, "prev": 0, "at": 9},
    ),
    (
        Ok("1", C, Seq(2), Seq(1), Millis(9), dup=True, body_differs=True),
        {
            "t": "ok",
            "re": "1",
            "chat": C,
            "seq": 2,
            "prev": 1,
            "at": 9,
            "dup": True,
            "body_differs": True,
        },
    ),
    (
        Ok("1", C, Seq(3), Seq(2), Millis(9), existing=False),
        {
            "t": "ok",
            "re": "1",
            "chat": C,
            "seq": 3,
            "prev": 2,
            "at": 9,
            "existing": False,
        },
    ),
    (Ok("1", C, at=Millis(9)), {"t": "ok", "re": "1", "chat": C, "at": 9}),
    (Ok("1", C, Seq(0)), {"t": "ok", "re": "1", "chat": C, "seq": 0}),
    (
        ChatOpened("1", C, Seq(0), TICKET),
        {"t": "ok", "re": "1", "chat": C, "head": 0, "ticket": TICKET_JSON},
    ),
    (
        HistoryRead("1", (EV,), more=False),
        {"t": "ok", "re": "1", "events": [EV_JSON], "more": False},
    ),
    (
        refuse("1", Code.NOT_FOUND),
        {
            "t": "err",
            "re": "1",
            "code": "not_found",
            "message": "There is no such thing within reach.",
            "retry": False,
        },
    ),
    (
        refuse("1", Code.BAD_STATUS, origin="open", to="open"),
        {
            "t": "err",
            "re": "1",
            "code": "bad_status",
            "message": "The ticket cannot change in this way.",
            "retry": False,
            "from": "open",
            "to": "open",
        },
    ),
    (
        refuse("1", Code.RATE_LIMITED, retry_ms=0),
        {
            "t": "err",
            "re": "1",
            "code": "rate_limited",
            "message": "Too many requests; wait a moment.",
            "retry": True,
            "retry_ms": 0,
        },
    ),
    (
        refuse("1", Code.RESYNC_REQUIRED, chat=C, head=0),
        {
            "t": "err",
            "re": "1",
            "code": "resync_required",
            "message": "Start from the beginning of the chat.",
            "retry": False,
            "chat": C,
            "head": 0,
        },
    ),
    (EV, EV_JSON),
    (
        SearchDone(
            "17",
            (
                Hit(
                    C,
                    Seq(4),
                    Millis(9),
                    ANN,
                    "note",
                    "Sara",
                    "open",
                    "chat",
                    None,
                    ("a ", "shoe", ""),
                ),
            ),
            "40",
        ),
        {
            "t": "ok",
            "re": "17",
            "hits": [
                {
                    "chat": C,
                    "seq": 4,
                    "at": 9,
                    "by": "agent:ann",
                    "kind": "note",
                    "name": "Sara",
                    "status": "open",
                    "channel": "chat",
                    "assignee": None,
                    "snippet": ["a ", "shoe", ""],
                }
            ],
            "cursor": "40",
        },
    ),
    (Live(C, Seq(0)), {"t": "live", "chat": C, "upto": 0}),
    (
        Eph(C, "typing", ANN, on=False),
        {"t": "eph", "chat": C, "what": "typing", "by": "agent:ann", "on": False},
    ),
    (
        Ix(1, 0, TICKET),
        {"t": "ix", "ix": 1, "iprev": 0, "row": TICKET_JSON},
    ),
    (Ix(2, 1, gone=C), {"t": "ix", "ix": 2, "iprev": 1, "gone": C}),
    (Badge(0), {"t": "badge", "n": 0}),
    (
        Push("checkin", C),
        {"t": "push", "kind": "checkin", "chat": C},
    ),
    (
        Closing(1012, "restarting", 0),
        {
            "t": "closing",
            "code": 1012,
            "reason": "restarting",
            "reconnect_after_ms": 0,
        },
    ),
]
