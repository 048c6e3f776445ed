"""What agents are shown of the person in a chat."""

import msgspec
import pytest
import trio

from actors.person import Facts
from actors.settings.assignment import AssignmentSettings, Condition, Rule, Team
from actors.settings.document import Settings
from broker.profiles import MOST_UNDER_WAY
from storage.accounts import Profile
from storage.people import Happening
from tests.system.client import Client, Frame
from tests.system.desk import SARA, did, talking, told
from tests.system.shop import Shop


async def shown(client: Client, chat: str) -> Frame:
    answer = await client.ask("profile.get", chat=chat)
    assert answer["t"] == "ok", answer
    return answer


async def everything(
    client: Client, chat: str, limit: int, **fields: object
) -> list[Frame]:
    """Return the whole history, read page by page."""
    events: list[Frame] = []
    before: dict[str, object] = {}
    while True:
        page = await client.ask(
            "profile.events", chat=chat, limit=limit, **before, **fields
        )
        events += page["events"]
        assert len(page["events"]) <= limit
        if not page["more"]:
            return events
        last = events[-1]
        before = {"before": {"at": last["at"], "id": last["id"]}}


async def test_an_agent_sees_what_the_shop_knows(shop: Shop) -> None:
    await told(shop)
    sara, ann, chat = await talking(shop)
    answer = await shown(ann, chat)
    assert answer["chat"] == chat
    assert "stale" not in answer
    profile = answer["profile"]
    (ticket,) = profile.pop("open_tickets")
    assert (ticket["chat"], ticket["status"], ticket["preview"]) == (
        chat,
        "open",
        "hello",
    )
    # What is not known is not there.
    assert profile == {
        "id": sara.who.removeprefix("shopper:"),
        "previous_chats": [],
        **msgspec.json.decode(msgspec.json.encode(SARA)),
    }


async def test_of_whom_nothing_is_known_nothing_is_said(quick_shop: Shop) -> None:
    _, ann, chat = await talking(quick_shop)
    profile = (await shown(ann, chat))["profile"]
    assert set(profile) == {"id", "open_tickets", "previous_chats"}


async def test_what_a_token_tells_stands_where_the_shop_says_nothing(
    quick_shop: Shop,
) -> None:
    shop = quick_shop
    client = await shop.connect()
    token = shop.token("shopper", "kim", name="Kim", email="", locale="pl")
    await client.hello(token=token)
    chat = (await client.ask("chat.start", text="hello"))["chat"]
    profile = (await shown(await shop.agent(), chat))["profile"]
    assert (profile["name"], profile["language"]) == ("Kim", "pl")
    assert "email" not in profile


async def test_earlier_chats_are_listed_the_newest_first(quick_shop: Shop) -> None:
    sara, ann, first = await talking(quick_shop)
    await sara.ask("chat.end", chat=first)
    second = (await sara.ask("chat.start", text="again"))["chat"]
    await sara.ask("chat.end", chat=second)
    third = (await sara.ask("chat.start", text="once more"))["chat"]
    for chat in (first, third):
        profile = (await shown(ann, chat))["profile"]
        assert [line["chat"] for line in profile["open_tickets"]] == [third]
        previous = profile["previous_chats"]
        assert [line["chat"] for line in previous] == [second, first]
        assert all("closed_at" in line for line in previous)


async def test_tickets_of_a_restricted_team_are_not_listed_to_others(
    quick_shop: Shop,
) -> None:
    shop = quick_shop
    sara, ann, first = await talking(shop)
    await sara.ask("chat.end", chat=first)
    rule = Rule(Condition(), "legal")
    team = Team("legal", "Legal", ("bob",), restricted=True)
    await shop.settle(
        Settings(assignment=AssignmentSettings(rules=(rule,), teams=(team,)))
    )
    second = (await sara.ask("chat.start", text="my lawyer"))["chat"]
    profile = (await shown(ann, first))["profile"]
    assert profile["open_tickets"] == []
    for op in ("profile.get", "profile.events"):
        assert (await ann.ask(op, chat=second))["code"] == "not_found"
    bob = await shop.agent("bob")
    profile = (await shown(bob, first))["profile"]
    assert [line["chat"] for line in profile["open_tickets"]] == [second]


@pytest.mark.parametrize("chat", ["nonsense", "06H079PCDM000RKW4VK9G9JKRR"])
async def test_a_chat_out_of_reach_has_no_person(quick_shop: Shop, chat: str) -> None:
    ann = await quick_shop.agent()
    for op in ("profile.get", "profile.events"):
        assert (await ann.ask(op, chat=chat))["code"] == "not_found"


async def test_agents_of_another_site_are_told_nothing(quick_shop: Shop) -> None:
    shop = quick_shop
    await told(shop)
    _, _, chat = await talking(shop)
    await shop.open_site("outlet", Settings())
    await shop.hire("eve", site="outlet")
    eve = await shop.connect()
    await eve.hello(token=shop.token("agent", "eve", site="outlet"))
    for op in ("profile.get", "profile.events"):
        refused = await eve.ask(op, chat=chat)
        assert refused["code"] == "not_found"
    refused = await eve.ask("macro.render", chat=chat, macro="m")
    assert refused["code"] == "not_found"
    assert all(b"Lindt" not in raw for raw in eve.raw)


class Store:
    """A store that says what it is told to, or breaks."""

    def __init__(self) -> None:
        self.known: Facts | None = SARA
        self.seconds = 0.0
        self.broken = False

    async def facts(self, person: Profile) -> Facts | None:
        assert person.sub == "sara"
        await trio.sleep(self.seconds)
        if self.broken:
            raise ConnectionError("Sara Lindt is not to be had")
        return self.known


async def test_a_store_that_fails_gives_what_it_said_last(
    quick_shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop = quick_shop
    sara, ann, chat = await talking(shop)
    store = shop.broker.house.profiles.store = Store()
    store.broken = True
    refused = await ann.ask("profile.get", chat=chat)
    assert (refused["code"], refused["retry"]) == ("unavailable", True)
    # The chat goes on, of the same connection too.
    assert (await ann.ask("msg.send", chat=chat, text="hello"))["t"] == "ok"
    store.broken = False
    assert "stale" not in await shown(ann, chat)
    store.broken = True
    kept = await shown(ann, chat)
    assert (kept["stale"], kept["profile"]["name"]) == (True, "Sara Lindt")
    store.broken, store.seconds = False, 2.1
    began = trio.current_time()
    assert (await shown(ann, chat))["stale"] is True
    assert trio.current_time() - began == pytest.approx(2, abs=0.1)
    store.seconds, store.known = 1.9, None
    fresh = await shown(ann, chat)
    assert ("stale" in fresh, "name" in fresh["profile"]) == (False, False)
    assert (await sara.ask("msg.send", chat=chat, text="?"))["t"] == "ok"
    # What a store complains of may be personal.
    assert "Lindt" not in caplog.text


async def test_too_many_at_a_time_are_refused_at_once(quick_shop: Shop) -> None:
    _, ann, chat = await talking(quick_shop)
    store = quick_shop.broker.house.profiles.store = Store()
    store.seconds = 1
    ids = [await ann.say("profile.get", chat=chat) for _ in range(MOST_UNDER_WAY + 1)]
    codes = [(await ann.answer(id_)).get("code") for id_ in reversed(ids)]
    assert codes == ["unavailable"] + [None] * MOST_UNDER_WAY
    assert (await shown(ann, chat))["t"] == "ok"


async def test_the_history_is_read_page_by_page_the_newest_first(
    quick_shop: Shop,
) -> None:
    shop = quick_shop
    sara, ann, chat = await talking(shop)
    # Many at the same moment, and ids that sort otherwise than they came.
    told_of = [
        Happening(1000 + n // 7, f"e{n * 37 % 50}", "clicked", "{}") for n in range(50)
    ]
    await did(shop, told_of)
    await did(shop, [Happening(5, "o", "ordered", '{"a":[1,"ł"]}')])
    await sara.ask("chat.end", chat=chat)
    whole = await everything(ann, chat, 100)
    assert [event["kind"] for event in whole[:2]] == ["chat_closed", "chat_started"]
    assert whole[0]["data"] == {"chat": chat, "channel": "chat"}
    assert whole[-1] == {"id": "o", "kind": "ordered", "at": 5, "data": {"a": [1, "ł"]}}
    places = [(event["at"], event["id"]) for event in whole]
    assert places == sorted(places, reverse=True)
    assert len(set(places)) == 53
    for limit in (1, 2, 7, 52, 53):
        assert await everything(ann, chat, limit) == whole
    few = await everything(ann, chat, 1, kinds=["ordered", "chat_started"])
    assert [event["kind"] for event in few] == ["chat_started", "ordered"]
    assert await everything(ann, chat, 10, kinds=["none"]) == []


async def test_pages_are_stable_while_more_happens(quick_shop: Shop) -> None:
    shop = quick_shop
    _, ann, chat = await talking(shop)
    await did(shop, [Happening(n, f"e{n}", "clicked", "{}") for n in range(10)])
    first = await ann.ask("profile.events", chat=chat, limit=5)
    await did(shop, [Happening(2**50, "new", "clicked", "{}")])
    last = first["events"][-1]
    place = {"at": last["at"], "id": last["id"]}
    rest = await ann.ask("profile.events", chat=chat, limit=100, before=place)
    ids = [event["id"] for event in first["events"] + rest["events"]]
    assert ids == [f"{chat} begin"] + [f"e{n}" for n in range(9, -1, -1)]


async def test_a_page_is_bounded_in_bytes(shop: Shop) -> None:
    _, ann, chat = await talking(shop)
    data = msgspec.json.encode({"a": "x" * 16_000}).decode()
    await did(shop, [Happening(n, f"e{n}", "clicked", data) for n in range(50)])
    page = await ann.ask("profile.events", chat=chat, limit=100)
    assert (len(page["events"]), page["more"]) == (17, True)
    assert len(await everything(ann, chat, 100)) == 51


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ({"limit": 0}, "$.limit"),
        ({"limit": 101}, "$.limit"),
        ({"before": 5}, "$.before"),
        ({"before": {"at": 5}}, "$.before.id"),
        ({"before": {"at": -1, "id": "a"}}, "$.before.at"),
        ({"before": {"at": 1, "id": "x" * 65}}, "$.before.id"),
        ({"kinds": "ordered"}, "$.kinds"),
        ({"kinds": ["k"] * 33}, "$.kinds"),
    ],
)
async def test_a_bad_field_is_named(
    quick_shop: Shop, field: dict[str, object], path: str
) -> None:
    _, ann, chat = await talking(quick_shop)
    refused = await ann.ask("profile.events", chat=chat, **field)
    assert (refused["code"], refused["path"]) == ("bad_frame", path)


async def test_hostile_places_and_kinds_find_nothing(quick_shop: Shop) -> None:
    _, ann, chat = await talking(quick_shop)
    for odd in ("\0", "' OR 1=1 --", "%", "\U0001f600"):
        place = {"at": 1, "id": odd}
        page = await ann.ask("profile.events", chat=chat, before=place, kinds=[odd])
        assert (page["events"], page["more"]) == ([], False)


async def test_begins_and_ends_of_other_chats_are_pushed(quick_shop: Shop) -> None:
    sara, ann, first = await talking(quick_shop)
    await sara.ask("chat.end", chat=first)
    push = await ann.until(t="push", kind="profile_event")
    assert (push["chat"], push["event"]["kind"]) == (first, "chat_closed")
    second = (await sara.ask("chat.start", text="again"))["chat"]
    push = await ann.until(t="push", kind="profile_event")
    assert push["chat"] == first
    assert push["event"]["data"] == {"chat": second, "channel": "chat"}
    page = await ann.ask("profile.events", chat=first, limit=1)
    assert page["events"] == [push["event"]]
    assert not [f for f in sara.heard if f.get("kind") == "profile_event"]
