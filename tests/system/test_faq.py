"""Questions before the chat: picked, answered, and handed to the agent (spec F3)."""

import pytest

from actors.library import Faq, FaqItem
from actors.settings.document import Settings
from actors.settings.storefront import ChatSettings
from broker.office.library import put_collection
from tests.system.client import Client, Frame
from tests.system.shop import Shop

WHERE = FaqItem("where", "Where is my order?", "On its way.")
RETURNS = FaqItem("returns", "Can I send it back?", "Within 30 days.")
DRAFT = FaqItem("draft", "Is there a sale?", "Not yet.", published=False)
LIST = [
    {"id": "where", "question": "Where is my order?"},
    {"id": "returns", "question": "Can I send it back?"},
]
NOTHING = Settings(ChatSettings(welcome=""))


async def publish(shop: Shop, *items: FaqItem) -> None:
    version = shop.broker.sites.library_of("default").faq.version
    new = Faq(version, items)
    put = await put_collection(shop.broker, "default", new, by="agent:bea")
    assert put == version + 1


async def begun(client: Client, **fields: object) -> list[Frame]:
    """Start a chat; return its events up to the shopper's message."""
    start = await client.say("chat.start", text="hello", **fields)
    seen: list[Frame] = []
    while (frame := await client.next()).get("re") != start:
        seen.append(frame)
    assert frame["t"] == "ok", frame
    assert frame["seq"] == len(seen) + 1
    return seen


def read(events: list[Frame]) -> list[tuple[str, str]]:
    return [
        (event["body"]["faq"], event["body"]["answer"])
        for event in events
        if event["kind"] == "faq"
    ]


@pytest.mark.parametrize("role", ["visitor", "shopper"])
async def test_a_question_is_answered_at_once_and_nobody_else_hears_of_it(
    shop: Shop, role: str
) -> None:
    await publish(shop, WHERE, DRAFT, RETURNS)
    ann = await shop.agent()
    await ann.ask("inbox.open", view="all", status="open")
    client = await (shop.visitor() if role == "visitor" else shop.shopper())
    assert client.welcome["config"]["faq"] == LIST
    picked = await client.ask("faq.pick", faq="where")
    assert picked["t"] == "ok"
    assert (picked["faq"], picked["question"]) == ("where", WHERE.question)
    assert picked["answer"] == "On its way."
    assert (await client.ask("faq.done", helped=True)).keys() == {"t", "re"}
    more = await client.ask("faq.done", helped=False)
    assert more["welcome"] == "Hi! How can we help?"
    assert await shop.size() == 0
    assert (await ann.ask("stats"))["waiting"] == 0


@pytest.mark.parametrize("faq", ["draft", "none such", ""])
async def test_what_is_not_published_is_answered_with_what_is(
    shop: Shop, faq: str
) -> None:
    await publish(shop, WHERE, DRAFT, RETURNS)
    refused = await (await shop.visitor()).ask("faq.pick", faq=faq)
    assert (refused["t"], refused["code"]) == ("err", "not_found")
    assert (refused["faq"], refused["retry"]) == (LIST, False)


@pytest.mark.parametrize("fields", [{}, {"faq": 7}, {"faq": "x" * 65}])
async def test_a_pick_that_names_no_question_is_misspelt(
    quick_shop: Shop, fields: Frame
) -> None:
    refused = await (await quick_shop.visitor()).ask("faq.pick", **fields)
    assert (refused["code"], refused["path"]) == ("bad_frame", "$.faq")


async def test_what_was_read_is_in_the_chat_as_it_was_read(shop: Shop) -> None:
    await publish(shop, WHERE, RETURNS)
    sara = await shop.shopper()
    await sara.ask("faq.pick", faq="where")
    await sara.ask("faq.pick", faq="where")
    await publish(shop, FaqItem("where", WHERE.question, "It is lost."), RETURNS)
    await sara.ask("faq.pick", faq="returns")
    events = await begun(sara, faqs=["returns", "where", "none such"])
    kinds = ["opened", "legal", "faq", "faq", "msg"]
    assert [event["kind"] for event in events] == kinds
    assert read(events) == [("where", "On its way."), ("returns", "Within 30 days.")]
    await publish(shop)
    ann = await shop.agent()
    await ann.ask("chat.open", chat=events[0]["chat"])
    assert read(await ann.take(len(events))) == read(events)


async def test_a_pick_belongs_to_one_chat(quick_shop: Shop) -> None:
    await publish(quick_shop, WHERE, RETURNS)
    await quick_shop.settle(NOTHING)
    sara = await quick_shop.shopper()
    await sara.ask("faq.pick", faq="where")
    events = await begun(sara)
    assert read(events) == [("where", "On its way.")]
    await sara.ask("chat.end", chat=events[0]["chat"])
    assert read(await begun(sara)) == []


async def test_a_tab_that_lost_its_connection_has_read_what_it_read(
    quick_shop: Shop,
) -> None:
    await publish(quick_shop, WHERE, RETURNS)
    sara, other = await quick_shop.shopper(), await quick_shop.shopper()
    await sara.ask("faq.pick", faq="where")
    await other.ask("faq.pick", faq="returns")
    await sara.cut()
    await publish(quick_shop, RETURNS)
    sara = await quick_shop.shopper()
    assert read(await begun(sara)) == [("where", "On its way.")]


async def test_who_says_goodbye_leaves_nothing_behind(quick_shop: Shop) -> None:
    await publish(quick_shop, WHERE)
    sara = await quick_shop.shopper()
    await sara.ask("faq.pick", faq="where")
    await sara.ask("bye")
    assert read(await begun(await quick_shop.shopper())) == []


async def test_what_a_client_remembers_alone_says_what_the_shop_says_now(
    quick_shop: Shop,
) -> None:
    await publish(quick_shop, WHERE, RETURNS, DRAFT)
    sara = await quick_shop.shopper()
    events = await begun(sara, faqs=["returns", "draft", "returns", "gone"])
    assert read(events) == [("returns", "Within 30 days.")]


async def test_a_visitor_who_signs_in_has_read_what_they_read(
    quick_shop: Shop,
) -> None:
    await publish(quick_shop, WHERE, RETURNS)
    first = await quick_shop.visitor()
    await first.ask("faq.pick", faq="where")
    await first.cut()
    visitor = await quick_shop.visitor(anon=first.welcome["anon"])
    await visitor.ask("faq.pick", faq="returns")
    await visitor.ask("identify", token=quick_shop.token("shopper", "sara"))
    await visitor.until(kind="config")
    assert [faq for faq, _ in read(await begun(visitor))] == ["where", "returns"]


async def test_the_newest_fifty_are_kept(quick_shop: Shop) -> None:
    many = [FaqItem(f"f{n}", f"What about {n}?", "x" * 8192) for n in range(60)]
    await publish(quick_shop, *many)
    sara = await quick_shop.shopper()
    for item in many:
        await sara.ask("faq.pick", faq=item.id)
    newest = [faq for faq, _ in read(await begun(sara))]
    # Of long answers no more than a chat's beginning may weigh.
    assert newest == [item.id for item in many[-31:]]


@pytest.mark.parametrize("role", ["visitor", "shopper"])
@pytest.mark.parametrize(
    ("chat", "codes"),
    [
        (ChatSettings(enabled=False), ("chat_disabled", "chat_disabled")),
        (ChatSettings(login_status="hide_logged_out"), ("tab_hidden", None)),
    ],
)
async def test_where_there_is_no_tab_there_are_no_questions(
    quick_shop: Shop, role: str, chat: ChatSettings, codes: tuple[str, str | None]
) -> None:
    await publish(quick_shop, WHERE)
    await quick_shop.settle(Settings(chat))
    visits = role == "visitor"
    client = await (quick_shop.visitor() if visits else quick_shop.shopper())
    code = codes[0 if visits else 1]
    assert client.welcome["config"]["faq"] == ([] if code else LIST[:1])
    for op, fields in (("faq.pick", {"faq": "where"}), ("faq.done", {"helped": False})):
        assert (await client.ask(op, **fields)).get("code") == code


async def test_agents_pick_no_questions(quick_shop: Shop) -> None:
    await publish(quick_shop, WHERE)
    ann = await quick_shop.agent()
    assert (await ann.ask("faq.pick", faq="where"))["code"] == "forbidden"


async def test_widgets_hear_of_new_questions_and_nobody_else(shop: Shop) -> None:
    await shop.open_site("other", Settings())
    ann, sara, visitor = await shop.agent(), await shop.shopper(), await shop.visitor()
    other = await shop.visitor(site="other")
    await publish(shop, WHERE, DRAFT, RETURNS)
    for client in (sara, visitor):
        push = await client.until(t="push")
        assert (push["kind"], push["config"]["faq"]) == ("config", LIST)
    for stranger in (ann, other):
        assert (await stranger.ask("bye"))["t"] == "ok"
        assert [f for f in stranger.unread() if f["t"] == "push"] == []
