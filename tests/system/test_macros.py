"""Macros: listed, filled in, sent, and what goes with them."""

import pytest
import trio

from actors.library import Macro
from actors.person import Facts
from actors.settings.assignment import AssignmentSettings
from actors.settings.document import Settings
from storage.accounts import Profile
from tests.system.client import Client
from tests.system.desk import HELLO, ORDER, PLAIN, doing, stocked, talking, told
from tests.system.shop import Shop


async def kinds(shop: Shop, chat: str, after: int) -> list[str]:
    return [entry.kind for entry in await shop.journal(chat)][after:]


async def test_an_agent_lists_fills_in_and_sends(shop: Shop) -> None:
    await stocked(shop, HELLO, ORDER, PLAIN)
    await told(shop)
    sara, ann, chat = await talking(shop)
    listed = await ann.ask("macro.list")
    assert (listed["version"], [m["id"] for m in listed["macros"]]) == (
        1,
        ["hi", "order", "plain"],
    )
    size = await shop.size()
    filled = await ann.ask("macro.render", chat=chat, macro="hi")
    assert filled["text"] == "Hi Sara, Ann here"
    assert await shop.size() == size
    sent = await ann.ask("msg.send", chat=chat, macro="hi")
    assert sent["seq"] == size + 2
    heard = await sara.until(t="ev", seq=sent["seq"])
    assert heard["body"] == {"text": "Hi Sara, Ann here", "macro": "hi"}
    again = await ann.ask("msg.send", chat=chat, macro="order", id="o")
    assert (await sara.until(t="ev", seq=again["seq"]))["body"]["text"] == (
        "#1042 of Kraków"
    )


async def test_a_changed_text_goes_as_it_is(quick_shop: Shop) -> None:
    await stocked(quick_shop, HELLO, PLAIN)
    await told(quick_shop, Facts(name="{{shop.name}} x"))
    _, ann, chat = await talking(quick_shop)
    text = "{{profile.name}} and {{"
    sent = await ann.ask("msg.send", chat=chat, text=text, macro="plain")
    body = (await quick_shop.journal(chat))[-1].body
    assert body == {"text": text, "macro": "plain", "hold": True}
    assert sent["seq"] == len(await quick_shop.journal(chat))
    # Nor is a value that looks like a place read as one.
    await ann.ask("msg.send", chat=chat, macro="hi")
    body = (await quick_shop.journal(chat))[-1].body
    assert body["text"] == "Hi {{shop.name}}, Ann here"


async def test_missing_values_are_named_and_may_be_given(quick_shop: Shop) -> None:
    await stocked(quick_shop, ORDER)
    _, ann, chat = await talking(quick_shop)
    size = await quick_shop.size()
    for op in ("macro.render", "msg.send"):
        refused = await ann.ask(op, chat=chat, macro="order")
        assert refused["code"] == "macro_missing_var"
        assert refused["names"] == ["order.last.number", "profile.place"]
        assert refused["retry"] is False
    given = {"order.last.number": "#7", "profile.place": "{{agent.name}}"}
    filled = await ann.ask("macro.render", chat=chat, macro="order", vars=given)
    assert filled["text"] == "#7 of {{agent.name}}"
    assert await quick_shop.size() == size


async def test_there_are_no_macros_but_the_sites_own(quick_shop: Shop) -> None:
    await stocked(quick_shop, HELLO)
    sara, ann, chat = await talking(quick_shop)
    for client in (sara, ann):
        refused = await client.ask("msg.send", chat=chat, text="x", macro="ho")
        assert (refused["code"], refused["path"]) == ("not_found", "$.macro")
    refused = await sara.ask("msg.send", chat=chat, macro="hi")
    assert (refused["code"], refused["path"]) == ("not_found", "$.macro")
    refused = await ann.ask("macro.render", chat=chat, macro="ho")
    assert (refused["code"], refused["path"]) == ("not_found", "$.macro")


@pytest.mark.parametrize("chat", ["nonsense", "06H079PCDM000RKW4VK9G9JKRR", ""])
async def test_in_a_chat_out_of_reach_nothing_is_told(
    quick_shop: Shop, chat: str
) -> None:
    await stocked(quick_shop, ORDER, PLAIN)
    ann = await quick_shop.agent()
    for macro in ("order", "plain", "unknown"):
        for op in ("macro.render", "msg.send"):
            refused = await ann.ask(op, chat=chat, macro=macro)
            assert (refused["code"], "names" in refused) == ("not_found", False)
            assert "path" not in refused or macro == "unknown"
    # The connection goes on.
    assert (await ann.ask("macro.list"))["t"] == "ok"


@pytest.mark.parametrize(
    "field",
    [
        {"vars": {"a": "x" * 2001}},
        {"vars": {f"v{n}": "" for n in range(51)}},
        {"vars": {"x" * 65: ""}},
        {"vars": {"a": 1}},
        {"vars": []},
        {"macro": "x" * 65},
        {"macro": None},
    ],
)
async def test_a_bad_field_is_named(quick_shop: Shop, field: dict[str, object]) -> None:
    _, ann, chat = await talking(quick_shop)
    asked = {"chat": chat, "macro": "hi"} | field
    refused = await ann.ask("macro.render", **asked)
    assert refused["code"] == "bad_frame"
    assert refused["path"].startswith(f"$.{next(iter(field))}")


async def test_a_repeat_is_one_whatever_has_become_of_the_macro(
    quick_shop: Shop,
) -> None:
    shop = quick_shop
    await stocked(shop, ORDER, HELLO)
    await told(shop)
    _, ann, chat = await talking(shop)
    first = await ann.ask("msg.send", chat=chat, macro="order", id="once")
    await told(shop, Facts(name="Sara"))
    again = await ann.ask("msg.send", chat=chat, macro="order", id="once")
    assert again == first | {"dup": True}
    await stocked(shop, HELLO)
    gone = await ann.ask("msg.send", chat=chat, macro="order", id="once")
    assert gone == first | {"dup": True}
    other = await ann.ask("msg.send", chat=chat, macro="hi", id="once")
    assert other == first | {"dup": True, "body_differs": True}


async def test_what_is_sent_after_a_macro_comes_after_it(shop: Shop) -> None:
    await stocked(shop, HELLO)
    await told(shop)
    _, ann, chat = await talking(shop)
    ids: list[str] = []
    for number in range(10):
        ids.append(await ann.say("msg.send", chat=chat, macro="hi"))
        ids.append(await ann.say("msg.send", chat=chat, text=f"and {number}"))
    seqs = [(await ann.answer(id_))["seq"] for id_ in ids]
    assert seqs == sorted(seqs)


async def test_a_hold_goes_with_the_macro(quick_shop: Shop) -> None:
    await stocked(quick_shop, PLAIN)
    _, ann, chat = await talking(quick_shop)
    await ann.ask("msg.send", chat=chat, macro="plain")
    assert (await quick_shop.journal(chat))[-1].body["hold"] is True
    ticket = (await ann.ask("chat.open", chat=chat))["ticket"]
    assert ticket["waiting_since"] is not None


@pytest.mark.parametrize(
    ("macro", "expected"),
    [
        (doing("m", "bye", close=True), ["assigned", "msg", "closed"]),
        (doing("m", "later", snooze="one_week"), ["assigned", "msg", "status"]),
        (doing("m", "ask bob", assign="bob"), ["msg", "assigned"]),
        (doing("m", "nobody", assign=None), ["msg"]),
        (
            doing("m", "ask bob", assign="bob", snooze="next_reply"),
            ["msg", "assigned", "status"],
        ),
        (doing("m", "vip!", tag=["vip"]), ["assigned", "msg", "tagged"]),
        (
            doing("m", "bye", tag=["vip"], assign="bob", close=True),
            ["msg", "tagged", "assigned", "closed"],
        ),
        (doing("m", tag=["vip", "vip"]), ["tagged"]),
        (doing("m", assign="bob"), ["assigned"]),
        (doing("m", close=True), ["closed"]),
        (doing("m", snooze="later_today", assign="bob"), ["assigned", "status"]),
    ],
)
async def test_what_goes_with_a_macro_is_in_the_same_commit(
    quick_shop: Shop, macro: Macro, expected: list[str]
) -> None:
    await quick_shop.hire("bob")
    await stocked(quick_shop, macro)
    _, ann, chat = await talking(quick_shop)
    before = await quick_shop.size()
    commits = quick_shop.broker.journal.stats().commits
    sent = await ann.ask("msg.send", chat=chat, macro="m", id="once")
    assert sent["t"] == "ok"
    assert quick_shop.broker.journal.stats().commits == commits + 1
    assert await kinds(quick_shop, chat, before) == expected
    own = [entry.seq for entry in await quick_shop.journal(chat) if entry.id == "once"]
    assert own == [sent["seq"]]
    again = await ann.ask("msg.send", chat=chat, macro="m", id="once")
    assert (again["seq"], again["dup"]) == (sent["seq"], True)
    assert await quick_shop.size() == before + len(expected)


async def test_if_one_part_cannot_be_nothing_is_done(quick_shop: Shop) -> None:
    shop = quick_shop
    settings = Settings(assignment=AssignmentSettings(on_reply="forbid_others"))
    await shop.settle(settings)
    await shop.hire("bob")
    gone = doing("gone", "hello", assign="nobody")
    await stocked(shop, gone, doing("bob", "hello", assign="bob", close=True))
    _, ann, chat = await talking(shop)
    refused = await ann.ask("msg.send", chat=chat, macro="gone")
    assert (refused["code"], refused["path"]) == ("not_found", "$.macro")
    await ann.ask("ticket.assign", chat=chat, to="bob", force=True)
    size = await shop.size()
    refused = await ann.ask("msg.send", chat=chat, macro="bob")
    assert (refused["code"], refused["holder"]) == ("conflict", "bob")
    assert await shop.size() == size


async def test_one_tag_too_many_stops_all_of_it(quick_shop: Shop) -> None:
    await stocked(quick_shop, doing("m", "bye", tag=["one more"], close=True))
    _, ann, chat = await talking(quick_shop)
    await ann.ask("ticket.tag", chat=chat, add=[f"t{n}" for n in range(50)])
    size = await quick_shop.size()
    refused = await ann.ask("msg.send", chat=chat, macro="m")
    assert refused["code"] == "too_big"
    assert await quick_shop.size() == size


async def test_a_macro_that_changes_nothing_says_so(quick_shop: Shop) -> None:
    await stocked(quick_shop, doing("m", assign=None))
    _, ann, chat = await talking(quick_shop)
    size = await quick_shop.size()
    sent = await ann.ask("msg.send", chat=chat, macro="m")
    assert (sent["t"], "seq" in sent) == ("ok", False)
    assert await quick_shop.size() == size


async def test_a_reply_guard_guards_macros_too(quick_shop: Shop) -> None:
    await stocked(quick_shop, doing("m", close=True), HELLO)
    _, ann, chat = await talking(quick_shop)
    bob = await quick_shop.agent("bob")
    await bob.ask("msg.send", chat=chat, text="I take it")
    for macro in ("m", "hi"):
        stale = await ann.ask("msg.send", chat=chat, macro=macro, if_head=4)
        assert stale["code"] == "stale_head"


class Slow:
    """A store that takes as long as it is told."""

    def __init__(self, seconds: float, facts: Facts) -> None:
        self.seconds = seconds
        self.known = facts

    async def facts(self, person: Profile) -> Facts | None:
        del person
        await trio.sleep(self.seconds)
        return self.known


async def test_a_slow_store_costs_a_macro_and_no_chat(quick_shop: Shop) -> None:
    shop = quick_shop
    await stocked(shop, ORDER, PLAIN)
    _, ann, chat = await talking(shop)
    shop.broker.house.profiles.store = Slow(3, Facts())
    began = trio.current_time()
    refused = await ann.ask("msg.send", chat=chat, macro="order", id="once")
    assert (refused["code"], refused["retry"]) == ("unavailable", True)
    assert trio.current_time() - began == pytest.approx(2, abs=0.1)
    shop.broker.house.profiles.store = Slow(1, Facts(place="Here"))
    refused = await ann.ask("msg.send", chat=chat, macro="order", id="once")
    assert refused["names"] == ["order.last.number"]
    assert (await ann.ask("msg.send", chat=chat, macro="plain"))["t"] == "ok"


async def test_a_peer_that_leaves_while_a_macro_is_filled_in_harms_nobody(
    quick_shop: Shop,
) -> None:
    shop = quick_shop
    await stocked(shop, ORDER)
    sara, ann, chat = await talking(shop)
    shop.broker.house.profiles.store = Slow(1, Facts())
    await ann.say("macro.render", chat=chat, macro="order")
    await ann.say("msg.send", chat=chat, macro="order")
    await ann.cut()
    await trio.sleep(3)
    bob: Client = await shop.agent("bob")
    assert (await bob.ask("chat.open", chat=chat))["t"] == "ok"
    assert (await sara.ask("msg.send", chat=chat, text="?"))["t"] == "ok"
