"""Telling others what happens, in virtual time: order, retries, slow ones (F48)."""

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import trio

from actors.settings.document import Settings
from actors.settings.storefront import ChatSettings
from broker.office.requests import Denied, Replayed, ReplayWebhook
from broker.office.webhooks import add_webhook, remove_webhook, replay_webhook
from broker.outward import delivery
from broker.outward.delivery import Failed
from broker.outward.webhooks import lanes
from storage import webhooks
from storage.webhooks import Webhook
from tests.system.client import Client
from tests.system.shop import Shop, in_memory

pytestmark = pytest.mark.usefixtures("virtual_time")

Said = dict[str, Any]


class Post(NamedTuple):
    at: float
    id: str
    body: Said


class Receivers:
    """Those who are told, each doing as it is told."""

    def __init__(self) -> None:
        self.posts: dict[str, list[Post]] = {}
        self.answers: dict[str, int | Failed] = {}
        self.takes: dict[str, float] = {}
        self.under_way: Counter[str] = Counter()
        self.most: Counter[str] = Counter()

    async def post(self, hook: Webhook, id_: str, body: bytes) -> int | Failed:
        url = hook.url
        self.under_way[url] += 1
        self.most[url] = max(self.most[url], self.under_way[url])
        said = msgspec.json.decode(body)
        post = Post(trio.current_time(), id_, said)
        self.posts.setdefault(url, []).append(post)
        try:
            await trio.sleep(self.takes.get(url, 0.0))
        finally:
            self.under_way[url] -= 1
        return self.answers.get(url, 200)

    async def close(self) -> None:
        pass

    def told(self, url: str) -> list[Said]:
        """Return what a receiver was told, each once, in the order of its coming."""
        return list({post.id: post.body for post in self.posts.get(url, [])}.values())


async def receive(shop: Shop) -> Receivers:
    """Return who is told, in a shop that says nothing by itself."""
    receivers = Receivers()
    if shop.broker.sites.rules_of("default").version == 0:
        await shop.settle(Settings(chat=ChatSettings(welcome="")))
    monkey: Any = shop.broker.outward.webhooks
    monkey.courier = receivers
    return receivers


async def hooked(shop: Shop, url: str, *kinds: str, site: str = "default") -> Webhook:
    added = await add_webhook(shop.broker, site, url, kinds)
    assert isinstance(added, Webhook)
    return added


async def talk(shop: Shop, sub: str, number: int) -> tuple[Client, str]:
    sara = await shop.shopper(sub)
    chat: str = (await sara.ask("chat.start", text="0"))["chat"]
    for each in range(1, number):
        await sara.ask("msg.send", chat=chat, text=str(each))
    return sara, chat


def texts(told: list[Said], chat: str) -> list[str]:
    return [t["data"]["text"] for t in told if t["chat"] == chat and t["type"] == "msg"]


async def test_a_webhook_is_told_what_agents_see_with_notes_flagged(
    quick_shop: Shop,
) -> None:
    receivers = await receive(quick_shop)
    await talk(quick_shop, "before", 1)
    await hooked(quick_shop, "a")
    _, chat = await talk(quick_shop, "sara", 2)
    ann = await quick_shop.agent()
    await ann.ask("note.add", chat=chat, text="between us")
    await ann.ask("msg.send", chat=chat, text="hi")
    await trio.sleep(5)
    told = receivers.told("a")
    journal = await quick_shop.journal(chat)
    assert [(t["seq"], t["type"], t["at"], t["by"]) for t in told] == [
        (entry.seq, entry.kind, entry.at, entry.by) for entry in journal
    ]
    assert {t["chat"] for t in told} == {chat}, "nothing from before it was there"
    internal = {t["type"] for t in told if t["internal"]}
    assert internal == {"note", "assigned"}
    (note,) = [t for t in told if t["type"] == "note"]
    assert note["data"] == {"text": "between us"}
    assert all(post.id == post.body["id"] for post in receivers.posts["a"])
    assert receivers.posts["a"][0].at < 1


async def test_a_webhook_is_told_of_its_own_site_and_of_the_kinds_it_wants(
    quick_shop: Shop,
) -> None:
    receivers = await receive(quick_shop)
    rules = quick_shop.broker.sites.rules_of("default")
    await quick_shop.open_site("other", rules.settings)
    await hooked(quick_shop, "a", "msg", "closed")
    await hooked(quick_shop, "b", site="other")
    sara, chat = await talk(quick_shop, "sara", 1)
    await sara.ask("chat.end", chat=chat)
    await trio.sleep(5)
    assert [t["type"] for t in receivers.told("a")] == ["msg", "closed"]
    assert receivers.told("b") == []


async def test_what_a_receiver_missed_comes_later_in_the_order_of_each_chat(
    quick_shop: Shop,
) -> None:
    receivers = await receive(quick_shop)
    receivers.answers["a"] = Failed("it cannot be reached")
    await hooked(quick_shop, "a", "msg")
    sara, chat = await talk(quick_shop, "sara", 5)
    _, other = await talk(quick_shop, "tom", 5)
    for _ in range(60):
        began = trio.current_time()
        assert (await sara.ask("msg.send", chat=chat, text="?"))["t"] == "ok"
        assert trio.current_time() == began, "no chat waits for a receiver"
        await trio.sleep(60)
    tried = len(receivers.posts["a"])
    # Of each chat only the first is tried again and again.
    assert 10 < tried < 40
    assert len(receivers.told("a")) == 2
    receivers.answers["a"] = 200
    await trio.sleep(3700)
    assert texts(receivers.told("a"), chat) == [*"01234", *["?"] * 60]
    assert texts(receivers.told("a"), other) == [*"01234"]
    taken = Counter(post.id for post in receivers.posts["a"][tried:])
    assert set(taken.values()) == {1}


async def test_who_is_slow_is_slow_for_themselves(quick_shop: Shop) -> None:
    receivers = await receive(quick_shop)
    receivers.takes["slow"] = 14.0
    await hooked(quick_shop, "slow", "opened", "msg")
    await hooked(quick_shop, "quick", "opened", "msg")
    for number in range(20):
        await talk(quick_shop, f"s{number}", 1)
    await trio.sleep(2)
    assert len(receivers.told("quick")) == 20 * 2
    assert len(receivers.told("slow")) == receivers.most["slow"] == delivery.AT_ONCE
    await trio.sleep(120)
    assert len(receivers.told("slow")) == 20 * 2


async def test_who_is_down_for_long_costs_a_window_and_no_event(
    quick_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "WINDOW", 8)
    receivers = await receive(quick_shop)
    receivers.answers["a"] = 503
    hook = await hooked(quick_shop, "a", "msg")
    _, chat = await talk(quick_shop, "sara", 9)
    await talk(quick_shop, "tom", 9)
    await trio.sleep(10)
    read = partial(webhooks.backlog, id_=hook.id)
    assert await quick_shop.broker.query(read) == (8, 0)
    receivers.answers["a"] = 200
    await trio.sleep(60)
    assert len(receivers.told("a")) == 18
    assert texts(receivers.told("a"), chat) == [*"012345678"]
    assert await quick_shop.broker.query(read) == (0, 0)


async def test_what_was_given_up_can_be_told_again(
    quick_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "GIVEN_UP_MS", 60_000)
    receivers = await receive(quick_shop)
    receivers.answers["a"] = 500
    hook = await hooked(quick_shop, "a", "msg")
    await talk(quick_shop, "sara", 3)
    await trio.sleep(600)
    broker = quick_shop.broker
    dead = await broker.query(partial(webhooks.dead, id_=hook.id, limit=9))
    assert [letter.error for letter in dead] == ["it answered 500"] * 3
    assert broker.outward.counts()["webhook"][0].dead == 3
    receivers.answers["a"] = 200
    receivers.posts.clear()
    some = ReplayWebhook(id=hook.id, ids=(dead[1].id, 999))
    assert await replay_webhook(broker, some) == Replayed(1)
    await trio.sleep(1)
    assert [t["data"]["text"] for t in receivers.told("a")] == ["1"]
    assert await replay_webhook(broker, ReplayWebhook(id=hook.id)) == Replayed(2)
    await trio.sleep(1)
    assert [t["data"]["text"] for t in receivers.told("a")] == ["1", "0", "2"]
    assert await replay_webhook(broker, ReplayWebhook(id=hook.id)) == Replayed(0)
    for strange in (
        ReplayWebhook(id="none"),
        ReplayWebhook(id=hook.id, site="other"),
    ):
        refused = await replay_webhook(broker, strange)
        assert isinstance(refused, Denied)
        assert refused.code == "not_found"


async def test_who_says_410_is_told_nothing_any_more(quick_shop: Shop) -> None:
    receivers = await receive(quick_shop)
    receivers.answers["a"] = 410
    hook = await hooked(quick_shop, "a")
    sara, chat = await talk(quick_shop, "sara", 1)
    await trio.sleep(10)
    tried = len(receivers.posts["a"])
    await sara.ask("msg.send", chat=chat, text="more")
    await trio.sleep(600)
    assert len(receivers.posts["a"]) == tried
    (known,) = await quick_shop.broker.query(webhooks.every)
    assert known.ended_why == "it answered 410"
    refused = await replay_webhook(quick_shop.broker, ReplayWebhook(id=hook.id))
    assert isinstance(refused, Denied)
    assert refused.code == "conflict"


async def test_who_is_removed_is_told_nothing_and_leaves_nothing(
    quick_shop: Shop,
) -> None:
    receivers = await receive(quick_shop)
    receivers.takes["a"] = 5.0
    hook = await hooked(quick_shop, "a")
    await talk(quick_shop, "sara", 5)
    await trio.sleep(1)
    assert await remove_webhook(quick_shop.broker, "default", hook.id) is None
    tried = len(receivers.posts["a"])
    await trio.sleep(60)
    assert len(receivers.posts["a"]) == tried
    rows = "SELECT count(*) FROM outgoing"
    query = quick_shop.broker.query
    assert await query(lambda db: db.execute(rows).fetchone()[0]) == 0
    gone = await remove_webhook(quick_shop.broker, "default", hook.id)
    assert isinstance(gone, Denied)


async def test_what_was_not_told_is_told_after_a_restart(tmp_path: Path) -> None:
    async with in_memory(tmp_path) as shop:
        (await receive(shop)).answers["a"] = 503
        await hooked(shop, "a", "msg")
        _, chat = await talk(shop, "sara", 5)
        await trio.sleep(3)
    async with in_memory(tmp_path) as shop:
        receivers = await receive(shop)
        await trio.sleep(60)
        assert texts(receivers.told("a"), chat) == [*"01234"]
