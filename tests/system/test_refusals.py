"""A refused request changes nothing and writes nothing (protocol sections 3 and 6)."""

from typing import NamedTuple

import pytest

from actors.settings.assignment import AssignmentSettings
from actors.settings.document import Settings
from actors.settings.storefront import ChatSettings, LegalSettings
from tests.system.client import Client, Frame
from tests.system.shop import Shop

NOBODYS = "06H079PCDM000RKW4VK9G9JKRR"
"""A chat id as good as any, of no chat."""
FORBIDDING = Settings(assignment=AssignmentSettings(on_reply="forbid_others"))
HIDING = Settings(ChatSettings(login_status="hide_logged_out"))


NOTHING: Frame = {}


class Scene(NamedTuple):
    """People, a chat that runs, and one that is over."""

    shop: Shop
    people: dict[str, Client]
    open: str
    over: str


@pytest.fixture
async def scene(shop: Shop) -> Scene:
    people = {
        "sara": await shop.shopper("sara"),
        "omar": await shop.shopper("omar"),
        "ann": await shop.agent("ann"),
        "bob": await shop.agent("bob"),
        "bea": await shop.agent("bea", "admin"),
        "visitor": await shop.visitor(),
    }
    sara = people["sara"]
    over = (await sara.ask("chat.start", text="hello"))["chat"]
    await sara.ask("chat.end", chat=over)
    open_ = (await sara.ask("chat.start", text="hello again"))["chat"]
    await people["ann"].ask("msg.send", chat=open_, text="Hello Sara.")
    for client in people.values():
        client.unread()
    return Scene(shop, people, open_, over)


class Case(NamedTuple):
    """Who asks for what, and what that comes to."""

    who: str
    op: str
    fields: Frame
    code: str
    more: Frame = NOTHING
    settings: Settings | None = None


CASES = {
    "an empty message": Case(
        "sara", "msg.send", {"text": ""}, "bad_frame", {"path": "$.text"}
    ),
    "a message of white space": Case(
        "sara", "msg.send", {"text": " \n\t\u2003"}, "bad_frame", {"path": "$.text"}
    ),
    "no message at all": Case("sara", "msg.send", {}, "bad_frame"),
    "a start without a word": Case("omar", "chat.start", {"text": " "}, "bad_frame"),
    "an empty note": Case("ann", "note.add", {"text": " "}, "bad_frame"),
    "a note that is missing": Case(
        "ann", "note.add", {}, "bad_frame", {"path": "$.text"}
    ),
    "a text that is a number": Case(
        "sara", "msg.send", {"text": 7}, "bad_frame", {"path": "$.text"}
    ),
    "a seq below zero": Case(
        "sara", "read", {"seq": -1}, "bad_frame", {"path": "$.seq"}
    ),
    "a page of no events": Case(
        "sara", "chat.history", {"before": 2, "limit": 0}, "bad_frame"
    ),
    "a page of too many": Case(
        "sara", "chat.history", {"before": 2, "limit": 201}, "bad_frame"
    ),
    "an operation that nobody knows": Case("sara", "chat.dance", {}, "bad_frame"),
    "a snooze without an end": Case(
        "ann", "ticket.snooze", {}, "bad_frame", {"path": "$.until"}
    ),
    "a snooze until some day": Case(
        "ann", "ticket.snooze", {"preset": "some_day"}, "bad_frame"
    ),
    "a state that is none": Case(
        "ann", "presence.set", {"state": "hungry"}, "bad_frame"
    ),
    "a long message": Case(
        "sara", "msg.send", {"text": "x" * 8193}, "too_big", {"limit": 8192}
    ),
    "a message long in UTF-8": Case(
        "sara", "msg.send", {"text": "ż" * 4097}, "too_big", {"limit": 8192}
    ),
    "a long note": Case("ann", "note.add", {"text": "x" * 8193}, "too_big"),
    "a message with NUL": Case("sara", "msg.send", {"text": "a\0b"}, "bad_utf8"),
    "a note with NUL": Case("ann", "note.add", {"text": "a\0b"}, "bad_utf8"),
    "an image that was not uploaded": Case(
        "sara", "msg.send", {"blobs": ["b1"]}, "no_blob"
    ),
    "a cursor beyond the head": Case("sara", "read", {"seq": 99}, "bad_cursor"),
    "a receipt beyond the head": Case("sara", "got", {"seq": 99}, "bad_cursor"),
    "a snooze of a moment": Case("ann", "ticket.snooze", {"until": 1}, "bad_time"),
    "a snooze for ever": Case("ann", "ticket.snooze", {"until": 2**52}, "bad_time"),
    "an opening beyond the head": Case(
        "sara", "chat.open", {"after": 99}, "resync_required"
    ),
    "an opening in another epoch": Case(
        "sara", "chat.open", {"epoch": "long ago"}, "resync_required"
    ),
    "a macro that is not there": Case(
        "ann", "msg.send", {"macro": "hello"}, "not_found", {"path": "$.macro"}
    ),
    "the past of a chat that is no chat": Case(
        "ann", "chat.history", {"chat": "x", "before": 2}, "not_found"
    ),
    "a ticket for somebody unknown": Case(
        "ann", "ticket.assign", {"to": "nobody"}, "not_found"
    ),
    "an answer to somebody else's ticket": Case(
        "bob",
        "msg.send",
        {"text": "me!"},
        "conflict",
        {"holder": "ann"},
        settings=FORBIDDING,
    ),
    "another shop's customer": Case("omar", "msg.send", {"text": "hi"}, "not_found"),
    "a chat that is no chat": Case(
        "ann", "msg.send", {"chat": "x", "text": "hi"}, "not_found"
    ),
    "a start of a visitor": Case(
        "visitor", "chat.start", {"text": "hi"}, "login_required"
    ),
    "a visitor where visitors see no tab": Case(
        "visitor", "chat.start", {"text": "hi"}, "tab_hidden", settings=HIDING
    ),
    "a visitor who opens a chat there": Case(
        "visitor", "chat.open", {}, "tab_hidden", settings=HIDING
    ),
    "a start where chat is off": Case(
        "omar",
        "chat.start",
        {"text": "hi"},
        "chat_disabled",
        settings=Settings(ChatSettings(enabled=False)),
    ),
    "a start without the terms": Case(
        "omar",
        "chat.start",
        {"text": "hi"},
        "forbidden",
        {"path": "$.legal_ack"},
        settings=Settings(legal=LegalSettings(ack_required=True)),
    ),
}
NOWHERE: dict[str, Frame] = {
    "msg.send": {"text": "hi"},
    "note.add": {"text": "hi"},
    "chat.end": {},
    "read": {"seq": 1},
    "got": {"seq": 1},
    "chat.open": {},
    "chat.history": {"before": 2},
    "ticket.assign": {"to": None},
    "ticket.snooze": {"preset": "one_week"},
    "ticket.wake": {},
    "ticket.transfer": {"to": None},
    "transfer.answer": {"yes": True},
    "ticket.tag": {"add": ["vip"]},
    "control.take": {},
    "control.release": {},
}
for _op, _fields in NOWHERE.items():
    CASES[f"{_op} where nothing is"] = Case(
        "ann", _op, {"chat": NOBODYS} | _fields, "not_found"
    )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_refusal_changes_nothing(scene: Scene, case: Case) -> None:
    shop, client = scene.shop, scene.people[case.who]
    if case.settings is not None:
        await shop.settle(case.settings)
    before = await shop.size()
    fields = {"chat": scene.open} | case.fields
    if case.op in {"chat.start", "presence.set"}:
        del fields["chat"]
    refused = await client.ask(case.op, id="again and again", **fields)
    assert (refused["t"], refused["code"]) == ("err", case.code)
    assert refused["retry"] is False
    assert refused["message"]
    assert refused | case.more == refused
    assert await shop.size() == before
    # Only a broken protocol closes the socket.
    assert (await client.ask("presence.set", state="away"))["re"]


@pytest.mark.parametrize("op", ["msg.send", "note.add", "chat.end", "chat.open"])
async def test_what_is_out_of_reach_does_not_show_that_it_is_there(
    scene: Scene, op: str
) -> None:
    fields = {"text": "hi"} if op in {"msg.send", "note.add"} else {}
    who = "ann" if op == "note.add" else "omar"
    for chat in (NOBODYS, "x", scene.open if who == "omar" else NOBODYS):
        refused = await scene.people[who].ask(op, chat=chat, **fields)
        assert (refused["code"], refused["message"]) == (
            "not_found",
            "There is no such thing within reach.",
        )


async def test_a_stream_alone_names_no_chat(scene: Scene) -> None:
    # The first half of an id is its place in the journal, the rest a secret.
    end = "0" if scene.open[-1] != "0" else "1"
    guessed = scene.open[:-1] + end
    refused = await scene.people["ann"].ask("chat.open", chat=guessed)
    assert refused["code"] == "not_found"
    opened = await scene.people["ann"].ask("chat.open", chat=scene.open)
    assert opened["t"] == "ok"


async def test_an_agent_of_another_site_finds_nothing(scene: Scene) -> None:
    await scene.shop.open_site("other", Settings())
    await scene.shop.hire("eve", site="other")
    eve = await scene.shop.connect()
    token = scene.shop.token("agent", "eve", site="other")
    assert (await eve.hello(token=token))["t"] == "welcome"
    for op in ("chat.open", "chat.end", "ticket.wake"):
        assert (await eve.ask(op, chat=scene.open))["code"] == "not_found"


async def test_the_refusal_of_a_cursor_and_of_an_opening_name_the_head(
    scene: Scene,
) -> None:
    sara = scene.people["sara"]
    head = len(await scene.shop.journal(scene.open))
    for op, fields in (("read", {"seq": 99}), ("chat.open", {"after": 99})):
        refused = await sara.ask(op, chat=scene.open, **fields)
        assert refused["head"] == head


def with_half(scene: Scene, half: str) -> str | bytes:
    """Return a message whose text is half a surrogate pair, as bytes may say it."""
    place = "???"
    frame = {"op": "msg.send", "id": "half", "chat": scene.open, "text": place}
    packed = scene.shop.form.pack(frame)
    if isinstance(packed, str):
        return packed.replace(place, half.encode("ascii", "backslashreplace").decode())
    return packed.replace(place.encode(), half.encode(errors="surrogatepass"))


@pytest.mark.parametrize("half", [0xD83D, 0xDC00])
async def test_half_a_surrogate_pair_is_bad_utf8(scene: Scene, half: int) -> None:
    sara = scene.people["sara"]
    before = await scene.shop.size()
    await sara.socket.send_message(with_half(scene, chr(half)))
    assert (await sara.answer("half"))["code"] == "bad_utf8"
    assert await scene.shop.size() == before


async def test_a_chat_that_runs_goes_on_when_chat_is_switched_off(
    scene: Scene,
) -> None:
    await scene.shop.settle(Settings(ChatSettings(enabled=False)))
    sara = scene.people["sara"]
    assert (await sara.ask("msg.send", chat=scene.open, text="hi"))["t"] == "ok"
    assert (await sara.ask("chat.start", text="hi"))["existing"] is True
    assert (await sara.ask("chat.end", chat=scene.open))["t"] == "ok"
    assert (await sara.ask("chat.start", text="hi"))["code"] == "chat_disabled"


async def test_the_terms_once_acknowledged_are_journaled(shop: Shop) -> None:
    legal = LegalSettings("https://shop.example/terms", None, ack_required=True)
    await shop.settle(Settings(legal=legal))
    sara = await shop.shopper()
    config = sara.welcome["config"]["legal"]
    assert config == {"ack_required": True, "terms_url": "https://shop.example/terms"}
    refused = await sara.ask("chat.start", id="go", text="hello")
    assert refused["code"] == "forbidden"
    started = await sara.ask("chat.start", id="go", text="hello", legal_ack=True)
    shown = (await shop.journal(started["chat"]))[1]
    assert shown.kind == "legal"
    assert shown.body == {
        "settings_version": 1,
        "ack": True,
        "terms_url": "https://shop.example/terms",
    }
