"""The welcome of a shop: filled in, journaled once, and stopped by nothing (F4)."""

import logging

import msgspec
import pytest

from actors.person import Facts
from actors.settings.document import Settings
from actors.settings.storefront import ChatSettings, LegalSettings
from broker.office.people import put_facts
from broker.office.settings import put_settings
from storage.accounts import Profile
from tests.system.client import Client, Frame
from tests.system.shop import Shop

WELCOME = "Hi {{profile.first_name|there}}! Is it about {{order.last.number}}?"


class Silent:
    """A store that does not answer."""

    async def facts(self, person: Profile) -> Facts | None:
        raise ConnectionError(person.sub)


async def say(shop: Shop, welcome: str) -> None:
    version = shop.broker.sites.rules_of("default").version
    settings = Settings(ChatSettings(welcome=welcome))
    put = await put_settings(shop.broker, "default", version, settings, by="agent:bea")
    assert put == version + 1


async def known(shop: Shop, sub: str = "sara", name: str = "Sara B.") -> Client:
    return await shop.shopper(sub, token=shop.token("shopper", sub, name=name))


def tell(shop: Shop, told: str | None) -> None:
    class Store:
        async def facts(self, person: Profile) -> Facts | None:
            del person
            facts: Frame = {"last_order": {"number": told}} if told else {}
            return msgspec.convert(facts, Facts)

    shop.broker.house.profiles.store = Store()


async def welcomes(shop: Shop, chat: str) -> list[Frame]:
    entries = await shop.journal(chat)
    return [e.body for e in entries if e.body.get("auto") == "welcome"]


async def test_a_shopper_is_welcomed_by_name(shop: Shop) -> None:
    await say(shop, WELCOME)
    tell(shop, "#7")
    sara, visitor = await known(shop), await shop.visitor()
    assert sara.welcome["config"]["welcome"] == "Hi Sara! Is it about?"
    assert visitor.welcome["config"]["welcome"] == "Hi there! Is it about?"
    asked = await sara.ask("faq.done", helped=False)
    assert asked["welcome"] == "Hi Sara! Is it about #7?"
    assert (await visitor.ask("faq.done", helped=False))["welcome"].startswith("Hi th")
    await say(shop, f"{WELCOME} Or not?")
    for client, name in ((sara, "Sara"), (visitor, "there")):
        push = await client.until(kind="config")
        assert push["config"]["welcome"].startswith(f"Hi {name}! Is it about")
    started = await sara.ask("chat.start", text="hello")
    opening = sara.events(started["chat"])
    assert [event["kind"] for event in opening] == ["opened", "legal", "msg"]
    assert opening[2]["by"] == "system"
    assert opening[2]["body"] == {
        "text": "Hi Sara! Is it about #7? Or not?",
        "auto": "welcome",
    }


async def test_what_is_not_known_is_left_out_and_logged(
    quick_shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    await say(quick_shop, WELCOME)
    tell(quick_shop, None)
    sara = await quick_shop.shopper()
    with caplog.at_level(logging.WARNING, "broker.welcoming"):
        started = await sara.ask("chat.start", text="hello")
    (said,) = await welcomes(quick_shop, started["chat"])
    assert said["text"] == "Hi there! Is it about?"
    assert "order.last.number" in caplog.text
    assert "sara" not in caplog.text


async def test_a_store_that_does_not_answer_stops_no_chat(quick_shop: Shop) -> None:
    await say(quick_shop, WELCOME)
    quick_shop.broker.house.profiles.store = Silent()
    sara = await known(quick_shop)
    first = await sara.say("chat.start", text="one")
    second = await sara.say("chat.start", text="two")
    chat = (await sara.answer(first))["chat"]
    assert (await sara.answer(second))["existing"] is True
    (said,) = await welcomes(quick_shop, chat)
    assert said["text"] == "Hi Sara! Is it about?"
    texts = [entry.body.get("text") for entry in await quick_shop.journal(chat)]
    assert texts[-2:] == ["one", "two"]


async def test_many_tabs_and_clicks_make_one_welcome(quick_shop: Shop) -> None:
    await say(quick_shop, WELCOME)
    tabs = [await known(quick_shop) for _ in range(4)]
    asked: list[tuple[Client, str]] = []
    for number in range(3):
        for tab in tabs:
            id_ = f"start-{number}"
            await tab.say("faq.done", helped=False)
            asked.append((tab, await tab.say("chat.start", id=id_, text="hello")))
    chats = {(await tab.answer(id_))["chat"] for tab, id_ in asked}
    assert len(chats) == 1
    chat = chats.pop()
    await tabs[0].cut()
    again = await (await known(quick_shop)).ask(
        "chat.start", id="start-0", text="hello", faqs=["where"]
    )
    assert (again["chat"], again["dup"]) == (chat, True)
    assert len(await welcomes(quick_shop, chat)) == 1


async def test_a_welcome_is_no_answer(quick_shop: Shop) -> None:
    ann = await quick_shop.agent()
    await ann.ask("inbox.open", view="all", status="open")
    chat = (await (await quick_shop.shopper()).ask("chat.start", text="hello"))["chat"]
    row = (await ann.until(t="ix"))["row"]
    assert (row["preview"], row["assignee"], row["unread"]) == ("hello", None, True)
    assert row["waiting_since"] is not None
    await ann.ask("read", chat=chat, seq=4)
    listed = await ann.ask("inbox.open", view="all", status="open")
    assert listed["rows"][0]["unread"] is False


async def test_a_welcome_of_nothing_is_not_said(quick_shop: Shop) -> None:
    await say(quick_shop, "")
    sara = await quick_shop.shopper()
    assert "welcome" not in await sara.ask("faq.done", helped=False)
    started = await sara.ask("chat.start", text="hello")
    assert started["seq"] == 3
    await sara.ask("chat.end", chat=started["chat"])
    await say(quick_shop, "{{order.last.number}}")
    started = await sara.ask("chat.start", text="hello")
    assert started["seq"] == 3


async def test_a_name_cannot_make_a_welcome_longer_than_one_may_be(
    quick_shop: Shop,
) -> None:
    await say(quick_shop, "{{profile.name}} " * 100)
    sara = await known(quick_shop, name="{{shop.name}}" * 20)
    started = await sara.ask("chat.start", text="hello")
    (said,) = await welcomes(quick_shop, started["chat"])
    assert len(said["text"]) == 2000
    assert said["text"].startswith("{{shop.name}}")


async def test_new_terms_are_for_new_chats(shop: Shop) -> None:
    old = LegalSettings("https://shop.example/terms", "https://shop.example/privacy")
    await shop.settle(Settings(legal=old))
    sara = await shop.shopper()
    chat = (await sara.ask("chat.start", text="hello"))["chat"]
    await shop.settle(Settings(legal=LegalSettings("https://shop.example/new")))
    assert (await sara.ask("chat.start", text="more"))["existing"] is True
    await sara.ask("chat.end", chat=chat)
    later = (await sara.ask("chat.start", text="again"))["chat"]
    shown = [
        [entry.body for entry in await shop.journal(each) if entry.kind == "legal"]
        for each in (chat, later)
    ]
    assert shown == [
        [
            {
                "settings_version": 1,
                "ack": False,
                "terms_url": "https://shop.example/terms",
                "privacy_url": "https://shop.example/privacy",
            }
        ],
        [
            {
                "settings_version": 2,
                "ack": False,
                "terms_url": "https://shop.example/new",
            }
        ],
    ]


@pytest.mark.parametrize(
    ("rule", "start", "team"),
    [
        (
            {"page": "https://shop.example/help"},
            {"page": "https://shop.example/help/1"},
            1,
        ),
        ({"page": "https://shop.example/help"}, {"page": "https://shop.example/"}, 0),
        ({"country": "PL"}, {"country": "pl"}, 1),
        # What the shop knows goes before what a page says.
        ({"lang": "de"}, {"lang": "de-AT"}, 0),
        ({"lang": "pl"}, {"lang": "de"}, 1),
        ({"tag": "vip"}, {}, 1),
        ({"segment": "gold"}, {}, 1),
        ({"segment": "tin"}, {}, 0),
    ],
)
async def test_a_ticket_goes_where_the_rules_say(
    quick_shop: Shop, rule: Frame, start: Frame, team: int
) -> None:
    rules = [{"if": rule, "team": "first"}]
    teams = [{"id": "first", "name": "First"}]
    document = {"assignment": {"rules": rules, "teams": teams}}
    await quick_shop.settle(msgspec.convert(document, Settings))
    facts = Facts(tags=("vip",), segment="gold", language="pl")
    await put_facts(quick_shop.broker, "default", "sara", facts)
    sara = await quick_shop.shopper()
    chat = (await sara.ask("chat.start", text="hello", **start))["chat"]
    opened = (await quick_shop.journal(chat))[0]
    assert opened.body.get("team") == ("first" if team else None)
    assert "first" not in str(sara.heard)
