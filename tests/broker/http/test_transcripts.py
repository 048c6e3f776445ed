import httpx
import pytest

from actors.library import Faq, FaqItem
from actors.settings.assignment import AssignmentSettings, Condition, Rule, Team
from actors.settings.document import Settings
from actors.settings.hours import HoursSettings
from actors.settings.storefront import LegalSettings
from broker.office.library import put_collection
from tests.broker.http.test_blobs import uploaded
from tests.broker.http.web import Web, refusal

WORDS = "Zażółć <script>alert(1)</script> & 😀"


async def fetched(
    web: Web, chat: str, form: str = "text", *, who: str = "shopper:sara"
) -> httpx.Response:
    role, _, sub = who.partition(":")
    path = f"/v1/tickets/{chat}/transcript?format={form}"
    return await web.client.get(path, headers=await web.bearer(role, sub))


async def talked(web: Web) -> str:
    """Return a chat in which both have spoken, with a note and an image."""
    await web.shop.settle(Settings(hours=HoursSettings(zone="Europe/Warsaw")))
    sara, ann = await web.shop.shopper(), await web.shop.agent()
    chat: str = (await sara.ask("chat.start", text=WORDS))["chat"]
    await ann.ask("msg.send", chat=chat, text="one\ntwo")
    await ann.ask("note.add", chat=chat, text="difficult customer")
    blob = await uploaded(web, f"/v1/chats/{chat}/blobs")
    await sara.ask("msg.send", chat=chat, blobs=[blob])
    return chat


async def test_a_text_tells_who_said_what_and_when(web: Web) -> None:
    chat = await talked(web)
    answer = await fetched(web, chat)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Times: Europe/Warsaw" in answer.text
    assert f"  {WORDS}\n" in answer.text
    assert "  Ann\n  one\n  two\n" in answer.text
    assert "[image " in answer.text
    assert " CE" in answer.text  # CET or CEST
    assert answer.headers["cache-control"] == "no-store"


async def test_a_page_holds_what_was_written_as_text(web: Web) -> None:
    chat = await talked(web)
    answer = await fetched(web, chat, "html")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert policy.endswith("; sandbox")
    assert "<script" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; 😀" in answer.text
    assert '<a href="/v1/blobs/' in answer.text


async def test_json_has_the_events_the_reader_may_see(web: Web) -> None:
    chat = await talked(web)
    told = (await fetched(web, chat, "json")).json()
    assert (told["chat"], told["zone"]) == (chat, "Europe/Warsaw")
    kinds = [event["kind"] for event in told["events"]]
    assert kinds == ["opened", "legal", "msg", "msg", "msg", "msg"]
    inside = (await fetched(web, chat, "json", who="agent:ann")).json()
    assert {"note", "assigned"} <= {event["kind"] for event in inside["events"]}
    assert [e["seq"] for e in inside["events"]] == [
        *range(1, len(inside["events"]) + 1)
    ]


@pytest.mark.parametrize("form", ["text", "json", "html"])
async def test_notes_and_addresses_are_the_agents_alone(web: Web, form: str) -> None:
    await web.shop.hire("ben@shop.example")
    chat = await talked(web)
    ben = await web.shop.agent("ben@shop.example")
    await ben.ask("msg.send", chat=chat, text="my turn")
    outside = (await fetched(web, chat, form)).text
    assert "my turn" in outside
    assert "difficult" not in outside
    assert "ben@" not in outside
    assert "difficult" in (await fetched(web, chat, form, who="agent:ann")).text


async def test_a_stranger_finds_no_transcript(web: Web) -> None:
    chat = await talked(web)
    await web.shop.shopper("olaf")
    for who in ("shopper:olaf", "shopper:nobody"):
        assert refusal(await fetched(web, chat, who=who)) == (404, "not_found")
    assert refusal(await fetched(web, "nothing", who="agent:ann"))[0] == 404
    assert refusal(await fetched(web, chat, "pdf"))[0] == 400


async def test_a_long_chat_is_told_whole(web: Web) -> None:
    sara = await web.shop.shopper()
    chat = (await sara.ask("chat.start", text="number 0"))["chat"]
    ids = [
        await sara.say("msg.send", chat=chat, text=f"number {n}") for n in range(1, 600)
    ]
    for id_ in ids:
        await sara.answer(id_)
    told = (await fetched(web, chat, "json")).json()
    said = [e for e in told["events"] if e["kind"] == "msg" and e["by"] == sara.who]
    assert [e["body"]["text"] for e in said] == [f"number {n}" for n in range(600)]


async def test_the_tickets_of_a_closed_team_are_shown_to_nobody_else(web: Web) -> None:
    teams = (Team("vip", "VIP", members=("ann",), restricted=True),)
    rules = (Rule(Condition(), "vip"),)
    assignment = AssignmentSettings(teams=teams, rules=rules)
    await web.shop.settle(Settings(assignment=assignment))
    sara = await web.shop.shopper()
    chat = (await sara.ask("chat.start", text="a diamond"))["chat"]
    blob = await uploaded(web, f"/v1/chats/{chat}/blobs")
    await sara.ask("msg.send", chat=chat, blobs=[blob])
    for who, status in (("agent:ann", 200), ("admin:boss", 200), ("agent:ben", 404)):
        assert (await fetched(web, chat, who=who)).status_code == status
        role, _, sub = who.partition(":")
        headers = await web.bearer(role, sub)
        image = await web.client.get(f"/v1/blobs/{blob}", headers=headers)
        assert image.status_code == status


async def test_what_was_shown_and_read_before_is_there_to_be_proved(web: Web) -> None:
    legal = LegalSettings("https://shop.example/terms", ack_required=True)
    await web.shop.settle(Settings(legal=legal))
    item = FaqItem("f1", "Where is <it>?", "On its way.")
    await put_collection(web.shop.broker, "default", Faq(0, (item,)), by="agent:boss")
    sara = await web.shop.shopper()
    start = {"text": "hello", "faqs": ["f1"], "legal_ack": True}
    chat = (await sara.ask("chat.start", **start))["chat"]
    text = (await fetched(web, chat)).text
    assert "https://shop.example/terms (acknowledged; settings version 1)" in text
    assert "Where is <it>?\n  On its way.\n" in text
    assert "Where is &lt;it&gt;?" in (await fetched(web, chat, "html")).text
    told = (await fetched(web, chat, "json")).json()["events"]
    assert told[1]["body"] == {
        "settings_version": 1,
        "ack": True,
        "terms_url": "https://shop.example/terms",
    }
    assert told[2]["kind"] == "faq"
