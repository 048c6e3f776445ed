"""Events and states as bytes: what lives as long as the journal."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import codec
from actors.chat.events import (
    TEXTED,
    AnyBody,
    Assigned,
    Body,
    CheckedIn,
    Closed,
    ControlChanged,
    Erased,
    Event,
    Got,
    HandoffChanged,
    Identified,
    Legal,
    Measured,
    Noted,
    OfferChanged,
    Opened,
    Picked,
    Rated,
    Read,
    Said,
    StatusChanged,
    Tagged,
    Texted,
    TurnTaken,
    for_shopper,
    seen_by_shopper,
)
from actors.chat.state import ChatState
from actors.ids import Millis, Person, Seq
from storage.records import Record, SnapshotRow
from tests.actors.scene import ANN, BEN, NOON, SHOPPER, Scene, reading, saying

BODIES: list[AnyBody] = [
    Opened("c", "default", "sue", "chat", "before"),
    Identified(Person("anon:1"), Person("shopper:2")),
    Picked("f1", "Where is my order?", "On its way."),
    Legal(3, ack=True, terms_url="https://x/t"),
    Said("hello 👋", ("b",), None, "m", hold=True),
    Said("hi", auto="welcome"),
    Noted("psst"),
    Read(ANN, Seq(4), shown=True),
    Got(ANN, Seq(4)),
    StatusChanged("open", "snoozed", Millis(7)),
    Closed("agent"),
    Assigned(None, "ann", "reply"),
    CheckedIn("missed", 2, Millis(5)),
    Measured("first_response", Millis(5), "missed", Millis(1), "basic"),
    ControlChanged("bot", "humans", "taken"),
    TurnTaken(Seq(3), "reply", None, ("faq:1",), "knowledge"),
    HandoffChanged("zendesk", "done", Millis(9), "order", "77"),
    Tagged(("vip",), ("new",)),
    OfferChanged("ann", "ben", "offered", Millis(9)),
    Rated(4, "fast"),
    Erased(),
    Texted("failed", Seq(3), "error 30003"),
]
KINDS = {body.kind for body in BODIES}


def kept(body: AnyBody) -> Record:
    return codec.to_record(Event(ANN, NOON, body, "id"), Seq(5), Seq(3))


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_an_event_comes_back_as_it_was(body: AnyBody) -> None:
    record = kept(body)
    assert codec.from_record(record) == Event(ANN, NOON, body, "id")
    assert (record.seq, record.prev, record.kind) == (5, 3, body.kind)


def test_every_kind_of_event_is_among_the_examples() -> None:
    assert {body.kind for body in Body.__subclasses__()} == KINDS


GOLDEN: dict[str, str] = {
    "opened": (
        "85a463686174a163a473697465a764656661756c74a770726f66696c65a3737565a76368616e"
        "6e656ca463686174a870726576696f7573a66265666f7265"
    ),
    "note": "81a474657874a470737374",
    "closed": "81a6726561736f6ea56167656e74",
    "assigned": "83a466726f6dc0a2746fa3616e6ea3776879a57265706c79",
}


@pytest.mark.parametrize("kind", GOLDEN)
def test_old_bytes_stay_readable(kind: str) -> None:
    """If this fails, a kind's form has changed and needs an upcaster."""
    body = next(body for body in BODIES if body.kind == kind)
    assert kept(body).body.hex() == GOLDEN[kind]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_what_a_table_of_messages_shows_is_text_alone(body: AnyBody) -> None:
    assert kept(body).text == (body.text if isinstance(body, TEXTED) else None)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "unheard_of"},
        {"body": b"\xff\xff"},
        {"body": b"\x81\xa4text\x05"},
        {"body": b"\x81\xa4text\xa2\xff\xfe"},
        {"ver": 2},
        {"ver": 0},
    ],
    ids=["kind", "junk", "type", "utf8", "newer", "older"],
)
def test_what_cannot_be_read_says_so(change: dict[str, object]) -> None:
    record = msgspec.structs.replace(kept(Noted("psst")), **change)
    with pytest.raises(codec.UnreadableRecordError):
        codec.from_record(record)


def test_old_forms_are_brought_up_to_date_step_by_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def older(body: bytes) -> bytes:
        return msgspec.msgpack.encode({"text": msgspec.msgpack.decode(body)["words"]})

    monkeypatch.setitem(codec.UPCASTERS, ("note", 0), older)
    monkeypatch.setitem(codec.UPCASTERS, ("note", -1), lambda body: body)
    written = msgspec.msgpack.encode({"words": "long ago"})
    record = msgspec.structs.replace(kept(Noted("")), body=written, ver=-1)
    assert codec.from_record(record).body == Noted("long ago")


def test_fields_of_a_newer_program_are_skipped() -> None:
    body = msgspec.msgpack.encode({"text": "psst", "mood": "good"})
    record = msgspec.structs.replace(kept(Noted("")), body=body)
    assert codec.from_record(record).body == Noted("psst")


# Snapshots.


def busy() -> ChatState:
    scene = Scene().open()
    scene.does(ANN, saying())
    scene.does(BEN, saying("one moment", hold=True))
    scene.ask(ANN, reading(4))
    scene.write_cursors()
    scene.does(SHOPPER, saying("thanks"))
    return scene.state


def test_a_state_comes_back_from_its_snapshot() -> None:
    state = busy()
    row = codec.to_snapshot(9, state, NOON)
    assert (row.stream, row.seq) == (9, state.seq)
    again = codec.from_snapshot(row)
    assert again == state
    assert codec.state_hash(again) == codec.state_hash(state)


@settings(max_examples=40)
@given(st.data())
def test_a_damaged_snapshot_is_noticed(data: st.DataObject) -> None:
    row = codec.to_snapshot(9, busy(), NOON)
    place = data.draw(st.integers(0, len(row.state) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != row.state[place]))
    damaged = row.state[:place] + bytes([byte]) + row.state[place + 1 :]
    with pytest.raises(codec.StaleSnapshotError):
        codec.from_snapshot(row._replace(state=damaged))


def test_states_from_snapshots_share_what_is_the_same() -> None:
    # Each alone has strings and numbers of its own for it.
    row = codec.to_snapshot(9, busy(), NOON)
    one, other = codec.from_snapshot(row), codec.from_snapshot(row)
    assert one.shopper is other.shopper
    assert one.site is other.site
    assert one.assignee is other.assignee
    for person in one.seen:
        assert any(person is seen for seen in other.seen)
    one.opened_at = one.last_at = one.clocks.begun = one.idle_since = Millis(10**12)
    again = codec.from_snapshot(codec.to_snapshot(9, one, NOON))
    assert again == one
    assert again.opened_at is again.last_at is again.clocks.begun is again.idle_since


def test_a_snapshot_of_another_version_or_place_is_of_no_use() -> None:
    row = codec.to_snapshot(9, busy(), NOON)
    for bad in (
        row._replace(ver=codec.SNAPSHOT_VERSION + 1),
        row._replace(seq=row.seq + 1),
        row._replace(state=b""),
        SnapshotRow(9, 0, codec.SNAPSHOT_VERSION, NOON, signed(b"\xc1")),
        SnapshotRow(9, 0, codec.SNAPSHOT_VERSION, NOON, signed(b"\x81\xa4chat\x05")),
    ):
        with pytest.raises(codec.StaleSnapshotError):
            codec.from_snapshot(bad)


def signed(packed: bytes) -> bytes:
    return codec._digest(packed) + packed


def test_the_hash_knows_states_apart_and_not_the_order_things_came_in() -> None:
    one, other = busy(), busy()
    other.seen = dict(reversed(other.seen.items()))
    assert codec.state_hash(one) == codec.state_hash(other)
    other.seen[ANN]["new"] = Seq(3)
    assert codec.state_hash(one) != codec.state_hash(other)


# Folding.


def test_a_fold_takes_up_where_the_state_is_and_refuses_a_hole() -> None:
    scene = Scene().open()
    records = [
        codec.to_record(event, Seq(seq), Seq(seq - 1))
        for seq, event in enumerate(scene.events, 1)
    ]
    assert codec.fold(ChatState(), records) == scene.state
    half = codec.fold(ChatState(), records[:2])
    assert codec.fold(half, records[2:]) == scene.state
    with pytest.raises(codec.UnreadableRecordError):
        codec.fold(ChatState(), [records[0], records[2]])
    with pytest.raises(codec.UnreadableRecordError):
        codec.fold(ChatState(), records[1:])


# Who sees what (protocol section 5).


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        *((body, True) for body in BODIES if body.kind in ("opened", "legal", "msg")),
        (Closed("agent"), True),
        (Noted("psst"), False),
        (Read(ANN, Seq(1)), False),
        (Read(ANN, Seq(1), shown=True), True),
        (Got(SHOPPER, Seq(1), shown=True), True),
        (StatusChanged("open", "snoozed"), False),
        (Assigned(None, "ann", "reply"), False),
        (CheckedIn("due", 0, Millis(0)), False),
        (Measured("resolution", Millis(0), "met"), False),
        (Texted("sent", Seq(3)), False),
    ],
)
def test_a_shopper_sees_what_the_protocol_says(body: AnyBody, *, seen: bool) -> None:
    assert seen_by_shopper(body) is seen


def test_that_a_shopper_was_blocked_is_the_shops_business() -> None:
    assert for_shopper(Closed("blocked")) == Closed("agent")
    assert for_shopper(Closed("idle")) == Closed("idle")
    assert for_shopper(Said("hi")) == Said("hi")


def test_persons_are_plain_strings_in_the_journal() -> None:
    assert kept(Read(Person("agent:ann"), Seq(1))).by == "agent:ann"
